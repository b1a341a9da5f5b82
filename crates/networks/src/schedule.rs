//! A conference's web server that publishes its schedule: one file at one address, with validators and conditional answers.
//! The file is changed and the fault chosen while it runs, since whoever polls it asks for the same address again and again.
//!
//! ```no_run
//! # async fn example() -> Result<(), networks::Error> {
//! use networks::schedule::{Fault, Host};
//! let host = Host::start(tokio_util::sync::CancellationToken::new()).await?;
//! host.publish(br#"{"schedule":{}}"#.to_vec());
//! host.fail(Some(Fault::Status(500)));
//! println!("{} was asked {} times", host.address(), host.looks().len());
//! # Ok(()) }
//! ```

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Error;
use crate::http::{self as web, Answer, Broken, Request};

/// Where the file lies.
const PATH: &str = "/schedule";
/// Bytes of a file that is too large for anybody.
const HUGE_BYTES: usize = 200 << 20;
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that may wait for a slow reader.
const PIECES_MAX: usize = 4;
/// Looks that are remembered.
const LOOKS_MAX: usize = 10_000;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, with a small web page.
    Status(u16),
    /// 429 or 503 with `Retry-After`, in seconds.
    Wait(u16, u64),
    /// 200 with a log-in page.
    Login,
    /// 200 with nothing at all.
    Nothing,
    /// Half of the file as if that were all.
    Cut,
    /// Half of the file, and the connection breaks.
    Torn,
    /// 200 MiB, said so beforehand.
    Huge,
    /// 200 MiB without a word about the length.
    Endless,
    /// A little that unpacks to 200 MiB.
    Bomb,
    /// A redirect to this address.
    Moved(u16, String),
    /// A redirect to itself.
    Loop,
    /// The file with neither `ETag` nor `Last-Modified`.
    NoValidators,
    /// The file with another `ETag` each time, and never 304.
    NewEtag,
}

/// One request that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

#[derive(Default)]
struct State {
    file: Vec<u8>,
    version: u64,
    fault: Option<Fault>,
    looks: Vec<Look>,
}

struct World {
    addr: SocketAddr,
    state: Mutex<State>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// A running server.
pub struct Host(Arc<World>);

impl Host {
    /// Starts on a free loopback port, with an empty file; runs until `shutdown`, or until it is dropped.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(shutdown: CancellationToken) -> Result<Self, Error> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::io("listen on loopback"))?;
        let addr = listener.local_addr().map_err(Error::io("local address"))?;
        let (state, tasks, shutdown) = (Mutex::default(), TaskTracker::new(), shutdown.child_token());
        let world = Arc::new(World { addr, state, tasks, shutdown });
        world.tasks.spawn(accept(listener, Arc::clone(&world)));
        Ok(Self(world))
    }

    /// The file's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}{PATH}", self.0.addr)
    }

    /// Puts another file there.
    pub fn publish(&self, file: Vec<u8>) {
        let mut state = self.0.state();
        state.file = file;
        state.version += 1;
    }

    /// What goes wrong from now on.
    pub fn fail(&self, fault: Option<Fault>) {
        self.0.state().fault = fault;
    }

    /// The requests so far.
    #[must_use]
    pub fn looks(&self) -> Vec<Look> {
        self.0.state().looks.clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.0.shutdown.cancel();
    }
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: &Request) -> Answer {
        let (file, version, fault) = {
            let state = self.state();
            (state.file.clone(), state.version, state.fault.clone())
        };
        let answer = match fault.as_ref().and_then(|fault| self.failed(fault, request, &file)) {
            Some(answer) => answer,
            None => whole(request, file, version, fault.as_ref(), self.state().looks.len()),
        };
        let asked = |name: HeaderName| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
        let mut state = self.state();
        if state.looks.len() < LOOKS_MAX {
            state.looks.push(Look {
                if_none_match: asked(header::IF_NONE_MATCH),
                if_modified_since: asked(header::IF_MODIFIED_SINCE),
                status: answer.status().as_u16(),
            });
        }
        answer
    }

    fn failed(&self, fault: &Fault, request: &Request, file: &[u8]) -> Option<Answer> {
        let half = file[..file.len() / 2].to_vec();
        Some(match fault {
            Fault::Status(status) => page(*status, "Something is wrong"),
            Fault::Wait(status, seconds) => {
                let wait = headers(&[(header::RETRY_AFTER, &seconds.to_string())]);
                web::with_headers(page(*status, "Later"), wait)
            }
            Fault::Login => page(200, "<form>Log in</form>"),
            Fault::Nothing => web::bytes("application/json", Vec::new()),
            Fault::Cut => web::bytes("application/json", half),
            Fault::Torn => self.streamed(vec![Ok(half), Err(Broken)]),
            Fault::Huge | Fault::Endless => {
                let answer = self.streamed(
                    std::iter::repeat_with(|| Ok(vec![b' '; PIECE_BYTES])).take(HUGE_BYTES / PIECE_BYTES),
                );
                match fault {
                    Fault::Huge => {
                        let length = HUGE_BYTES.to_string();
                        web::with_headers(answer, headers(&[(header::CONTENT_LENGTH, &length)]))
                    }
                    _ => answer,
                }
            }
            Fault::Bomb => {
                let packed = web::bytes("application/json", bomb());
                web::with_headers(packed, headers(&[(header::CONTENT_ENCODING, "gzip")]))
            }
            Fault::Moved(status, to) if request.path == PATH => redirect(*status, to),
            Fault::Loop => redirect(302, &format!("http://{}{PATH}", self.addr)),
            Fault::Moved(..) | Fault::NoValidators | Fault::NewEtag => return None,
        })
    }

    fn streamed(
        &self,
        pieces: impl IntoIterator<Item = Result<Vec<u8>, Broken>, IntoIter: Send + 'static>,
    ) -> Answer {
        let (chunks, body) = mpsc::channel(PIECES_MAX);
        let (shutdown, pieces) = (self.shutdown.clone(), pieces.into_iter());
        self.tasks.spawn(shutdown.run_until_cancelled_owned(async move {
            for piece in pieces {
                if chunks.send(piece.map(Bytes::from)).await.is_err() {
                    return;
                }
            }
        }));
        web::streamed("application/json", body)
    }
}

/// The file, or the word that it is the one that is known.
fn whole(request: &Request, file: Vec<u8>, version: u64, fault: Option<&Fault>, look: usize) -> Answer {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    let unique = if fault == Some(&Fault::NewEtag) { format!("-{look}") } else { String::new() };
    let etag = format!("\"{:x}{unique}\"", hasher.finish());
    // A second for each file that was put there.
    let modified = format!("Sat, 21 Nov 2026 12:{:02}:{:02} GMT", version / 60 % 60, version % 60);
    let asked = |name: HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
    let is_same = match asked(header::IF_NONE_MATCH) {
        Some(known) => known == etag,
        None => asked(header::IF_MODIFIED_SINCE) == Some(modified.as_str()),
    };
    if fault == Some(&Fault::NoValidators) {
        return web::bytes("text/plain", file);
    }
    let said = headers(&[(header::ETAG, &etag), (header::LAST_MODIFIED, &modified)]);
    // Called what static hosts call it: nobody should mind.
    let answer =
        if is_same { web::text(304, "text/plain", String::new()) } else { web::bytes("text/plain", file) };
    web::with_headers(answer, said)
}

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let pair = |(name, value): &(HeaderName, &str)| Some((name.clone(), HeaderValue::from_str(value).ok()?));
    pairs.iter().filter_map(pair).collect()
}

fn page(status: u16, words: &str) -> Answer {
    let page =
        format!("<!DOCTYPE html>\n<html><head><title>A conference</title></head><body>{words}</body></html>");
    web::text(status, "text/html; charset=utf-8", page)
}

fn redirect(status: u16, to: &str) -> Answer {
    web::with_headers(page(status, "Moved"), headers(&[(header::LOCATION, to)]))
}

/// A little that unpacks to a lot.
fn bomb() -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let blank = [b' '; PIECE_BYTES];
    for _ in 0..HUGE_BYTES / PIECE_BYTES {
        if packed.write_all(&blank).is_err() {
            break;
        }
    }
    packed.finish().unwrap_or_default()
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "a connection to a fake server failed before it began");
                    continue;
                }
            },
            () = world.shutdown.cancelled() => return,
        };
        let one = Arc::clone(&world);
        world.tasks.spawn(world.shutdown.clone().run_until_cancelled_owned(connection(stream, one)));
    }
}

async fn connection(stream: TcpStream, world: Arc<World>) {
    let service = service_fn(|request| {
        let world = Arc::clone(&world);
        async move { Ok::<_, std::convert::Infallible>(world.answer(&Request::read(request).await).await) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to a fake server ended");
    }
}
