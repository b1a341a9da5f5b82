//! Telling who started this process how it is doing, in systemd's words (`NOTIFY_SOCKET`): ready, what it waits for, alive, stopping. Our
//! own supervisor listens to the same words.

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{ffi::OsStrExt, net::SocketAddr, net::UnixDatagram},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{Readiness, Shutdown};

/// How often the process looks at itself: until it is ready, and after.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Tells until `shutdown` is triggered. Does nothing where nobody listens.
pub async fn keep(readiness: Readiness, shutdown: Shutdown) {
    let Some(mouth) = Mouth::of_env() else { return };
    let every = alive_every(|name| env::var(name).ok());
    let (mut is_told, mut said, mut alive) = (false, String::new(), Instant::now());
    loop {
        let parts = readiness.parts();
        let waits: Vec<String> =
            parts.iter().filter_map(|(name, why)| Some(format!("{name}: {}", why.as_ref()?))).collect();
        let status = if waits.is_empty() { "ready".to_owned() } else { waits.join("; ") };
        if !is_told && waits.is_empty() && !parts.is_empty() {
            is_told = mouth.say("READY=1");
        }
        if status != said && mouth.say(&format!("STATUS={}", status.replace('\n', " "))) {
            said = status;
        }
        if every.is_some_and(|every| alive.elapsed() >= every) {
            alive = Instant::now();
            // Lost words are said again at the next turn.
            let _heard = mouth.say("WATCHDOG=1");
        }
        let pause = if is_told { LOOK_AGAIN.min(every.unwrap_or(LOOK_AGAIN)) } else { LOOK_EVERY };
        tokio::select! {
            () = sleep(pause) => {}
            () = shutdown.triggered() => break,
        }
    }
    let _heard = mouth.say("STOPPING=1\nSTATUS=finishing");
}

/// How often somebody wants to hear that this process is alive: at half of the silence that they bear, if they watch this process.
fn alive_every(variable: impl Fn(&str) -> Option<String>) -> Option<Duration> {
    let us: u64 = variable("WATCHDOG_USEC")?.parse().ok().filter(|us| *us > 0)?;
    let is_meant = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
    is_meant.then(|| Duration::from_micros(us / 2))
}

struct Mouth {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Mouth {
    fn of_env() -> Option<Self> {
        let name = env::var_os("NOTIFY_SOCKET")?;
        let opened = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            [b'/', ..] => SocketAddr::from_pathname(&name),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a path nor @name")),
        };
        let opened = opened.and_then(|to| {
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            Ok(Self { socket, to })
        });
        opened.inspect_err(|error| tracing::warn!(%error, "NOTIFY_SOCKET cannot be used")).ok()
    }

    /// Never waits; false when nobody heard it, or whoever listens has not heard the last words yet.
    fn say(&self, words: &str) -> bool {
        let said = self.socket.send_to_addr(words.as_bytes(), &self.to);
        said.inspect_err(|error| tracing::debug!(%error, words, "nobody heard it")).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_watches_another_process_does_not_watch_us() {
        let of = |us: &str, pid: Option<String>| {
            alive_every(|name| if name == "WATCHDOG_USEC" { Some(us.to_owned()) } else { pid.clone() })
        };
        assert_eq!(of("30000000", None), Some(Duration::from_secs(15)));
        assert_eq!(of("30000000", Some(std::process::id().to_string())), Some(Duration::from_secs(15)));
        assert_eq!(of("30000000", Some("1".to_owned())), None);
        assert_eq!(of("soon", None), None);
        assert_eq!(of("0", None), None);
    }
}
