//! Which of a server's clients do not read, since when, and when the server gave each of them up. Pure: looks go in.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::fanout::sockets::{Client, Socket};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    /// When each client was first seen with bytes that its kernel does not take, if it has been so ever since.
    since: HashMap<Client, Instant>,
    /// How long those that were given up had been stuck.
    given_up: Vec<Duration>,
}

impl Stuck {
    /// One look at the server's sockets.
    pub(super) fn look(&mut self, now: Instant, sockets: &HashMap<Client, Socket>) {
        for (client, socket) in sockets {
            match (socket.is_established, socket.unsent_bytes) {
                (true, 0) => {
                    self.since.remove(client);
                }
                (true, _) => {
                    self.since.entry(*client).or_insert(now);
                }
                (false, _) => self.given_up.extend(self.since.remove(client).map(|since| now - since)),
            }
        }
        // Closed with a reset, or closed and taken note of.
        let gone: Vec<Client> =
            self.since.keys().filter(|client| !sockets.contains_key(client)).copied().collect();
        for client in gone {
            self.given_up.extend(self.since.remove(&client).map(|since| now - since));
        }
    }

    /// Clients that have been stuck for so long, at least.
    pub(super) fn held(&self, now: Instant, least: Duration) -> usize {
        self.since.values().filter(|since| now - **since >= least).count()
    }

    /// How long those had been stuck that were given up after at least so long; briefer ones were only busy.
    pub(super) fn given_up(&self, least: Duration) -> Vec<Duration> {
        self.given_up.iter().copied().filter(|time| *time >= least).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn socket(is_established: bool, unsent_bytes: u64) -> Socket {
        Socket { is_established, unsent_bytes }
    }

    #[test]
    fn time_counts_from_the_last_look_that_found_nothing_unsent() {
        let (mut stuck, t0) = (Stuck::default(), Instant::now());
        let look = |reader, slow| HashMap::from([((1, 1), socket(true, reader)), ((1, 2), slow)]);
        stuck.look(t0, &look(600, socket(true, 600)));
        stuck.look(t0 + SECOND, &look(0, socket(true, 1200)));
        stuck.look(t0 + 2 * SECOND, &look(600, socket(true, 1800)));
        assert_eq!(stuck.held(t0 + 2 * SECOND, SECOND), 1);
        stuck.look(t0 + 9 * SECOND, &look(0, socket(false, 1800)));
        assert_eq!((stuck.held(t0 + 9 * SECOND, SECOND), stuck.given_up(SECOND)), (0, vec![9 * SECOND]));
        stuck.look(t0 + 10 * SECOND, &look(0, socket(false, 1800)));
        assert_eq!(stuck.given_up(SECOND).len(), 1, "counted once");
    }

    #[test]
    fn a_socket_that_is_gone_was_given_up() {
        let (mut stuck, t0) = (Stuck::default(), Instant::now());
        stuck.look(t0, &HashMap::from([((1, 1), socket(true, 600))]));
        stuck.look(t0 + 3 * SECOND, &HashMap::new());
        assert_eq!(stuck.given_up(SECOND), [3 * SECOND]);
        assert_eq!(stuck.given_up(4 * SECOND), []);
    }
}
