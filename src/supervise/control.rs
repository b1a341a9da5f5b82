//! The control socket: who may ask (nobody but our own user and root), and how much.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::wire::{Answer, REQUEST_BYTES_MAX, Request};

/// Who asks at the same time; one more waits in the queue.
const ASKERS_MAX: usize = 16;
/// A connection that says nothing for so long is closed; and so long may it take to take its answer.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// The longest path of a socket on Linux, without the byte that ends it.
const PATH_BYTES_MAX: usize = 107;
const RUN_DIR_MODE: u32 = 0o700;
const SOCKET_MODE: u32 = 0o600;

/// A request, and where its answer goes.
pub(crate) type Asked = (Request, oneshot::Sender<Answer>);

/// Opens the socket in a directory that only our user can enter. A socket that a killed supervisor left there is replaced: whoever runs
/// holds the lock beside it (`keeper.rs`).
pub(crate) fn open(path: &Path) -> Result<UnixListener> {
    if path.as_os_str().len() > PATH_BYTES_MAX {
        bail!(
            "{} is too long for a socket's path ({PATH_BYTES_MAX} bytes): set data_dir to a shorter one",
            path.display()
        );
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("cannot listen on {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// Makes the run directory, if need be, and closes it to others.
pub(crate) fn make_run_dir(dir: &Path) -> Result<()> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(RUN_DIR_MODE).create(dir);
    made.and_then(|()| std::fs::set_permissions(dir, std::fs::Permissions::from_mode(RUN_DIR_MODE)))
        .with_context(|| format!("cannot make {}: change its rights or set data_dir", dir.display()))
}

/// Answers until dropped. What is asked goes to `asks`.
pub(crate) async fn serve(listener: UnixListener, asks: mpsc::Sender<Asked>) {
    let places = Arc::new(Semaphore::new(ASKERS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) if is_let_in(&stream) => {
                let asks = asks.clone();
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &asks).await {
                        tracing::debug!(%error, "a conversation over the control socket ended early");
                    }
                    drop(place);
                });
            }
            Ok(_) => tracing::warn!("somebody else's process was turned away from the control socket"),
            Err(error) => {
                tracing::warn!(%error, "the control socket cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The socket's rights keep others out already; this holds where somebody has changed them.
fn is_let_in(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| may_ask(peer.uid(), geteuid().as_raw()))
}

fn may_ask(peer: u32, us: u32) -> bool {
    peer == us || peer == 0
}

async fn converse(stream: UnixStream, asks: &mpsc::Sender<Asked>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    loop {
        let mut line = Vec::new();
        let limit = u64::try_from(REQUEST_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bounded = (&mut read).take(limit);
        let asked = timeout(SILENCE_MAX, bounded.read_until(b'\n', &mut line));
        if asked.await.map_err(late)?? == 0 {
            return Ok(());
        }
        let is_whole = line.ends_with(b"\n");
        let answer =
            if is_whole { ask(&line, asks).await } else { refused("a request is one line of at most 4 KiB") };
        let mut answer = serde_json::to_vec(&answer)?;
        answer.push(b'\n');
        timeout(SILENCE_MAX, write.write_all(&answer)).await.map_err(late)??;
        if !is_whole {
            return Ok(());
        }
    }
}

async fn ask(line: &[u8], asks: &mpsc::Sender<Asked>) -> Answer {
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => return refused(&format!("this is no request: {error}")),
    };
    let (answer, answered) = oneshot::channel();
    if asks.send((request, answer)).await.is_err() {
        return refused("the supervisor is stopping");
    }
    answered.await.unwrap_or_else(|_| refused("the supervisor is stopping"))
}

fn refused(why: &str) -> Answer {
    Answer::Refused { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervise::client::Client;

    async fn stand(dir: &Path) -> (std::path::PathBuf, tokio::task::JoinSet<()>) {
        let path = dir.join("run/supervisor.sock");
        make_run_dir(path.parent().expect("a folder")).expect("made");
        let listener = open(&path).expect("a socket");
        let (sender, mut asked) = mpsc::channel::<Asked>(1);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(serve(listener, sender));
        tasks.spawn(async move {
            while let Some((request, answer)) = asked.recv().await {
                let why = format!("{request:?}");
                answer.send(Answer::Refused { why }).expect("somebody waits");
            }
        });
        (path, tasks)
    }

    #[test]
    fn only_our_own_user_and_root_may_ask() {
        assert!(may_ask(1000, 1000) && may_ask(0, 1000));
        assert!(!may_ask(1001, 1000) && !may_ask(1000, 0));
    }

    #[tokio::test]
    async fn socket_and_folder_are_closed_to_others_and_one_left_behind_is_replaced() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let (path, first) = stand(dir.path()).await;
        drop(first);
        let (_, _tasks) = stand(dir.path()).await;
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
        let why = Client::at(path).ask(&Request::Reload).await.expect_err("refused").to_string();
        assert_eq!(why, "Reload");
        let long = dir.path().join("x".repeat(120));
        assert!(open(&long).expect_err("too long").to_string().contains("set data_dir to a shorter one"));
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused_in_words_and_what_has_no_end_is_cut_off() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let (path, _tasks) = stand(dir.path()).await;
        let mut stream = BufReader::new(UnixStream::connect(&path).await.expect("connected"));
        for (asked, said) in [
            ("{\"ask\":\"dance\"}\n", "this is no request: unknown variant `dance`"),
            ("\0\u{ff}\n", "this is no request"),
            ("{\"ask\":\"stop\",\"process\":\"a\",\"now\":1}\n", "unknown field `now`"),
            ("{\"ask\":\"status\"}\n", "Status"),
            (&"x".repeat(REQUEST_BYTES_MAX + 9), "one line of at most 4 KiB"),
        ] {
            stream.get_mut().write_all(asked.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            stream.read_line(&mut answer).await.expect("answered");
            assert!(answer.contains(said), "{answer}");
        }
        let mut rest = String::new();
        let ended = stream.read_line(&mut rest).await;
        assert!(ended.is_err() || rest.is_empty(), "it is closed");
    }
}
