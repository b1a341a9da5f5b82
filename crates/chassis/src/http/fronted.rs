//! A socket with bytes in front of it: what somebody else has read from it already.
//!
//! It also knows what hyper does not tell: whether anything written still waits, and whether the socket itself was read from.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// See the module.
#[derive(Debug)]
pub(super) struct Fronted<S> {
    inner: S,
    front: Bytes,
    has_read_on: bool,
    unsent: Arc<AtomicBool>,
}

/// What is left of a [`Fronted`].
pub(super) struct Rest<S> {
    pub(super) inner: S,
    /// What nobody has read of the bytes in front.
    pub(super) front: Bytes,
    /// Whether a byte behind them has been read.
    pub(super) has_read_on: bool,
}

impl<S> Fronted<S> {
    /// Puts `front` before the bytes of `inner`. `unsent` is set while hyper has bytes for this socket that it did not take yet: hyper
    /// flushes only what it has written out, and tries both whenever it is polled.
    pub(super) fn new(inner: S, front: Bytes, unsent: Arc<AtomicBool>) -> Self {
        Self { inner, front, has_read_on: false, unsent }
    }

    pub(super) fn into_rest(self) -> Rest<S> {
        Rest { inner: self.inner, front: self.front, has_read_on: self.has_read_on }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Fronted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.front.is_empty() {
            let fits = self.front.len().min(buf.remaining());
            buf.put_slice(&self.front.split_to(fits));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.has_read_on |= buf.filled().len() > before;
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Fronted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.unsent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unsent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unsent.store(false, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn fronted(front: &'static str) -> (Fronted<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (ours, theirs) = duplex(64);
        (Fronted::new(ours, Bytes::from_static(front.as_bytes()), Arc::default()), theirs)
    }

    #[tokio::test]
    async fn the_bytes_in_front_come_first_whatever_the_size_of_a_read() {
        let (mut socket, mut theirs) = fronted("before");
        theirs.write_all(b"behind").await.expect("room");
        let mut read = [0; 8];
        socket.read_exact(&mut read[..4]).await.expect("bytes");
        assert!(!socket.has_read_on && socket.front == "re");
        socket.read_exact(&mut read[4..]).await.expect("bytes");
        assert_eq!(&read, b"beforebe");
        assert!(socket.into_rest().has_read_on);
    }

    #[tokio::test]
    async fn the_end_of_a_socket_is_not_a_byte_of_it() {
        let (mut socket, theirs) = fronted("all");
        drop(theirs);
        let mut read = String::new();
        socket.read_to_string(&mut read).await.expect("an end");
        let rest = socket.into_rest();
        assert!(read == "all" && rest.front.is_empty() && !rest.has_read_on);
    }
}
