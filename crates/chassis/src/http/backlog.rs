//! The queue of one listening socket that several processes accept from: who has no place left lets the others take what waits there.

use std::{os::fd::AsFd, time::Duration};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

/// How often a full process looks whether somebody waits,
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// and, while somebody does, whether the queue was empty in between.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Nobody has room once so many looks in a row have found somebody waiting. That takes 50 ms, which nobody minds before a 503. Many looks,
/// since a busy machine wakes who looks and who has room at the same moment: a few of them prove nothing.
const LOOKS: usize = 25;

/// Waits while all places are taken. True when clients stay in the queue meanwhile, as they do when every process is full: they need an
/// answer. False when there is a place again.
pub(super) async fn is_left_standing(listener: &TcpListener, places: &Semaphore) -> bool {
    let mut seen = 0;
    while seen < LOOKS {
        let pause = if seen == 0 { LOOK_EVERY } else { LOOK_AGAIN };
        if timeout(pause, places.acquire()).await.is_ok() {
            return false;
        }
        seen = if has_waiting(listener) { seen + 1 } else { 0 };
    }
    true
}

/// Asks the kernel, since the runtime knows only whether there was somebody.
fn has_waiting(listener: &TcpListener) -> bool {
    let mut queue = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    poll(&mut queue, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
