//! Closing a connection whose client may still be sending: closing with unread bytes would reset it, and take our last answer with it.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::TcpStream,
    time::timeout,
};

/// What a client may still send, and how long it may take; then it is cut off.
const PARTING_BYTES_MAX: u64 = 1 << 20;
const PARTING_WAIT: Duration = Duration::from_secs(2);

/// Says that nothing more will come, and hears the client out.
pub(super) async fn part(stream: TcpStream) {
    // Whoever is gone already needs no goodbye.
    let _parted_or_late = timeout(PARTING_WAIT, hear_out(stream)).await;
}

async fn hear_out(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    copy(&mut stream.take(PARTING_BYTES_MAX), &mut sink()).await?;
    Ok(())
}
