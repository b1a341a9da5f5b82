//! A socket that gives up on a peer who does not read.
//!
//! A peer that stops reading gives no error: writes just wait, for ever. Here, once a write has to wait, a least number of bytes must
//! pass within a window, or the write fails with `TimedOut`. That covers the dead peer and the one who reads a byte at a time. An idle
//! connection costs nothing: the timer exists only while a write waits.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::metrics;

/// See the module.
#[derive(Debug)]
pub struct Paced<S> {
    inner: S,
    wait: Duration,
    bytes_min: usize,
    stall: Option<Stall>,
}

/// A write that waits: since the timer started, so many bytes have passed.
#[derive(Debug)]
struct Stall {
    timer: Pin<Box<Sleep>>,
    bytes: usize,
}

impl<S> Paced<S> {
    /// Wraps a socket: while it cannot take all that is written, `bytes_min` must pass within each `wait`.
    pub fn new(inner: S, wait: Duration, bytes_min: usize) -> Self {
        Self { inner, wait, bytes_min, stall: None }
    }

    /// The socket alone again.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
        asked: usize,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(written)) => {
                let bytes = self.stall.as_ref().map_or(0, |stall| stall.bytes) + written;
                if written == asked || bytes >= self.bytes_min {
                    self.stall = None;
                } else if let Some(stall) = &mut self.stall {
                    stall.bytes = bytes;
                }
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let wait = self.wait;
                let stall =
                    self.stall.get_or_insert_with(|| Stall { timer: Box::pin(sleep(wait)), bytes: 0 });
                ready!(stall.timer.as_mut().poll(cx));
                ::metrics::counter!(metrics::HTTP_SLOW).increment(1);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.judge(cx, outcome, buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.judge(cx, outcome, bufs.iter().map(|buf| buf.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    const WAIT: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_reads_is_given_up_after_the_wait() {
        let (ours, _theirs) = duplex(1024);
        let before = Instant::now();
        let error = Paced::new(ours, WAIT, 4096).write_all(&[0; 5000]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(before.elapsed() >= WAIT && before.elapsed() < WAIT * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_reader_is_given_up_although_it_reads() {
        let (ours, mut theirs) = duplex(64);
        let drip = tokio::spawn(async move {
            let mut byte = [0; 1];
            while theirs.read_exact(&mut byte).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let error = Paced::new(ours, WAIT, 4096).write_all(&[0; 50_000]).await.expect_err("1 byte a second");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drip.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_but_steady_reader_is_kept() {
        let (ours, mut theirs) = duplex(1024);
        let reader = tokio::spawn(async move {
            let (mut total, mut buf) = (0, [0; 1024]);
            while let Ok(n @ 1..) = theirs.read(&mut buf).await {
                total += n;
                sleep(Duration::from_secs(1)).await;
            }
            total
        });
        let mut paced = Paced::new(ours, WAIT, 4096);
        paced.write_all(&[0; 100_000]).await.expect("1 KiB a second is enough");
        drop(paced);
        assert_eq!(reader.await.expect("no panic"), 100_000);
    }
}
