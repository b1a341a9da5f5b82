//! The queue of one listening socket that several processes accept from: who has no place left lets the others take what waits there.

use std::{os::fd::AsFd, time::Duration};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

/// A full process looks at the queue so often,
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// and takes it that nobody has room once so many looks in a row have found somebody waiting: 50 ms, which nobody minds before a 503 and
/// which is long for a process that has room.
const LOOKS: usize = 5;

/// Waits while all places are taken. True when clients stay in the queue meanwhile, as they do when every process is full: they need an
/// answer. False when there is a place again.
pub(super) async fn is_left_standing(listener: &TcpListener, places: &Semaphore) -> bool {
    let mut seen = 0;
    while seen < LOOKS {
        if timeout(LOOK_EVERY, places.acquire()).await.is_ok() {
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
