//! The live stream: from the moment of connecting, for ever.

use std::sync::atomic::Ordering;

use super::Bluesky;
use super::session::{Session, Step};
use crate::source::{Outlet, SourceEnd, Upstream};

/// Connects and listens.
pub(super) async fn run(source: &Bluesky, out: &Outlet) -> SourceEnd {
    source.remember().await;
    source.live_from.store(0, Ordering::Relaxed);
    let door = source.door();
    let mut socket = match door.connect(None).await {
        Ok(socket) => socket,
        Err(end) => {
            source.next_door();
            return end;
        }
    };
    let mut session = Session::new(source, out, source.live.lock().await, door.host(), true);
    out.send(Upstream::Opened).await;
    loop {
        match session.step(&mut socket, None).await {
            Step::Event | Step::Time => {}
            Step::Pong => out.send(Upstream::Alive).await,
            Step::Unreadable => {
                return SourceEnd::Cut("a frame that cannot be read ended the connection".into());
            }
            Step::End(end) => {
                if session.events == 0 {
                    source.next_door();
                }
                return end;
            }
        }
    }
}
