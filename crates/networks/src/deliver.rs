//! The stream side of a network: walks the log from the moment of connecting, and lets the ordered faults happen.
//! How a message looks is the encoder's.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::faults::{Cut, Faults};
use crate::happen::{Happened, What};
use crate::http::Broken;
use crate::ids::Dice;
use crate::journal::Line;
use crate::store::Store;

/// Chunks between us and the socket; small, so that "as fast as the reader reads" means it.
pub(crate) const CHUNKS_MAX: usize = 4;
/// A message held back comes after at most so many others.
const LATE_MESSAGES_MAX: u64 = 8;
/// Time for what was written to leave before the socket is cut.
const FLUSH: Duration = Duration::from_millis(20);

/// One message on the wire, whole.
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) line: Line,
}

/// How one stream of one network looks.
pub(crate) trait Encode: Send {
    /// Place in the log at which the stream begins, when the log ends at `end`.
    fn start(&self, end: usize) -> usize {
        end
    }
    /// First bytes after connecting.
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }
    /// Keeps the connection alive.
    fn heartbeat(&self) -> Vec<u8>;
    /// A happening; `None` when this stream does not carry it.
    fn message(&mut self, happened: &Happened) -> Option<Message>;
    /// A frame that holds nothing readable; `which` varies it.
    fn garbage(&self, which: usize) -> Vec<u8>;
    /// A frame of at least so many bytes.
    fn oversize(&self, bytes: usize) -> Vec<u8>;
    /// What the network says before it ends the stream, if it says anything.
    fn goodbye(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The faults of a network and what they have to remember over connections.
pub(crate) struct FaultState {
    pub(crate) faults: Faults,
    connections: AtomicU64,
    rest_calls: AtomicUsize,
    stream_calls: AtomicUsize,
    down_until: Mutex<Option<Instant>>,
}

impl FaultState {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            faults,
            connections: AtomicU64::new(0),
            rest_calls: AtomicUsize::new(0),
            stream_calls: AtomicUsize::new(0),
            down_until: Mutex::new(None),
        }
    }

    /// A status to answer a try to connect with, if one is due.
    pub(crate) fn refuse_stream(&self) -> Option<u16> {
        let until = *self.down_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Instant::now() < until) {
            return Some(503);
        }
        let call = self.stream_calls.fetch_add(1, Ordering::Relaxed);
        self.faults.stream_statuses.get(call).copied().filter(|status| *status != 0)
    }

    /// A status to answer a REST call with, if one is due.
    pub(crate) fn refuse_rest(&self) -> Option<u16> {
        let call = self.rest_calls.fetch_add(1, Ordering::Relaxed);
        self.faults.rest_statuses.get(call).copied().filter(|status| *status != 0)
    }
}

/// One standing connection.
pub(crate) struct Delivery<E> {
    pub(crate) store: Arc<Store>,
    pub(crate) faults: Arc<FaultState>,
    pub(crate) encoder: E,
    /// A second handle on the connection, to cut it.
    pub(crate) socket: Arc<TcpStream>,
    /// Ends this stream in an orderly way (a second login, the network's shutdown).
    pub(crate) ended: CancellationToken,
}

struct Writer {
    chunks: mpsc::Sender<Result<Bytes, Broken>>,
    is_split: bool,
    dice: Dice,
}

/// The reader has gone.
struct Gone;

impl Writer {
    async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.chunks.send(Ok(Bytes::copy_from_slice(bytes))).await.map_err(|_| Gone)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let mut from = 0;
        if self.is_split {
            for cut in unkind_cuts(bytes, &mut self.dice) {
                self.chunk(&bytes[from..cut]).await?;
                from = cut;
            }
        }
        if from < bytes.len() { self.chunk(&bytes[from..]).await } else { Ok(()) }
    }
}

/// Places inside a message where a chunk may end: in a UTF-8 sequence, anywhere, and before the last byte.
fn unkind_cuts(bytes: &[u8], dice: &mut Dice) -> Vec<usize> {
    let inside: Vec<usize> = (1..bytes.len()).filter(|at| bytes[*at] & 0xc0 == 0x80).collect();
    let mut cuts = Vec::new();
    if !inside.is_empty() {
        cuts.push(inside[dice.below(inside.len())]);
    }
    if dice.percent(30.0) && bytes.len() > 2 {
        cuts.push(1 + dice.below(bytes.len() - 1));
    }
    if dice.percent(50.0) && bytes.len() > 1 {
        cuts.push(bytes.len() - 1);
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

impl<E: Encode> Delivery<E> {
    /// Writes until the reader goes, the connection is cut, or the network ends it.
    pub(crate) async fn run(mut self, chunks: mpsc::Sender<Result<Bytes, Broken>>) {
        let number = self.faults.connections.fetch_add(1, Ordering::Relaxed);
        let dice = Dice::new(self.faults.faults.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let mut writer = Writer { chunks, is_split: self.faults.faults.split_chunks, dice };
        let mut turn = Turn { place: self.encoder.start(self.store.end()), ..Turn::default() };
        let greeting = self.encoder.greeting();
        if writer.write(&greeting).await.is_err() {
            return;
        }
        loop {
            if !turn.held.is_empty()
                && self.store.at(turn.place).is_none()
                && self.flush(&mut writer, &mut turn).await.is_err()
            {
                return;
            }
            let next = self.next(&mut writer, turn.place).await;
            let Some(happened) = next else { return };
            turn.place += 1;
            match self.one(&mut writer, &mut turn, &happened).await {
                Ok(false) => {}
                Ok(true) => return self.cut(&mut writer, &turn).await,
                Err(Gone) => return,
            }
        }
    }

    /// The next entry of the log; heartbeats while there is none.
    async fn next(&self, writer: &mut Writer, place: usize) -> Option<Arc<Happened>> {
        let mut length = self.store.watch();
        let heartbeat = Duration::from_millis(self.faults.faults.heartbeat_ms.max(1));
        loop {
            length.mark_unchanged();
            if self.ended.is_cancelled() {
                let goodbye = self.encoder.goodbye();
                let _gone_already = writer.write(&goodbye).await;
                return None;
            }
            if let Some(found) = self.store.at(place) {
                return Some(found);
            }
            tokio::select! {
                () = writer.chunks.closed() => return None,
                () = self.ended.cancelled() => {}
                grown = timeout(heartbeat, length.changed()) => {
                    if grown.is_err() {
                        let beat = self.encoder.heartbeat();
                        writer.write(&beat).await.ok()?;
                    }
                }
            }
        }
    }

    /// Sends one entry with whatever faults are due; `true` when the connection is to be dropped now.
    async fn one(
        &mut self,
        writer: &mut Writer,
        turn: &mut Turn,
        happened: &Arc<Happened>,
    ) -> Result<bool, Gone> {
        if self.faults.faults.deletes_first
            && let What::Post(post) = &happened.what
            && self.store.is_doomed(&post.id)
        {
            let early = Happened { place: happened.place, what: What::Delete(Arc::clone(post)) };
            self.send(writer, turn, &early).await?;
        }
        if writer.dice.percent(self.faults.faults.late_percent) {
            turn.held.push((turn.sent + 1 + writer.dice.next() % LATE_MESSAGES_MAX, Arc::clone(happened)));
        } else {
            self.send(writer, turn, happened).await?;
        }
        if writer.dice.percent(self.faults.faults.duplicates_percent) {
            turn.held.push((turn.sent + writer.dice.next() % LATE_MESSAGES_MAX, Arc::clone(happened)));
        }
        let (due, held) = std::mem::take(&mut turn.held).into_iter().partition(|(at, _)| *at <= turn.sent);
        turn.held = held;
        let due: Vec<(u64, Arc<Happened>)> = due;
        for (_, late) in due {
            self.send(writer, turn, &late).await?;
        }
        self.extras(writer, turn).await?;
        let every = self.faults.faults.drop_every;
        Ok(every > 0 && turn.sent >= every)
    }

    /// Sends what is held back: nothing else is coming that it could be late for.
    async fn flush(&mut self, writer: &mut Writer, turn: &mut Turn) -> Result<(), Gone> {
        for (_, late) in std::mem::take(&mut turn.held) {
            self.send(writer, turn, &late).await?;
        }
        Ok(())
    }

    async fn send(&mut self, writer: &mut Writer, turn: &mut Turn, happened: &Happened) -> Result<(), Gone> {
        let Some(message) = self.encoder.message(happened) else { return Ok(()) };
        writer.write(&message.bytes).await?;
        turn.sent += 1;
        self.store.journal().write(Line { kind: "sent".into(), via: Some("stream".into()), ..message.line });
        Ok(())
    }

    /// Garbage, an oversized line, a stall: each once when its count comes up.
    async fn extras(&mut self, writer: &mut Writer, turn: &mut Turn) -> Result<(), Gone> {
        if turn.sent == turn.extras_done {
            return Ok(());
        }
        turn.extras_done = turn.sent;
        let faults = &self.faults.faults;
        let due = |every: u64| every > 0 && turn.sent.is_multiple_of(every);
        if due(faults.garbage_every) {
            self.store.journal().fault("garbage");
            let garbage = self.encoder.garbage(writer.dice.below(4));
            writer.write(&garbage).await?;
        }
        if due(faults.oversize_every) {
            self.store.journal().fault("oversize");
            let oversize = self.encoder.oversize(faults.oversize_bytes);
            writer.write(&oversize).await?;
        }
        if due(faults.stall_every) {
            self.store.journal().fault("stall");
            tokio::select! {
                () = sleep(Duration::from_millis(faults.stall_ms)) => {}
                () = writer.chunks.closed() => return Err(Gone),
                () = self.ended.cancelled() => {}
            }
        }
        Ok(())
    }

    async fn cut(&mut self, writer: &mut Writer, turn: &Turn) {
        let faults = Arc::clone(&self.faults);
        let faults = &faults.faults;
        if faults.half_message
            && let Some(next) = self.store.at(turn.place)
            && let Some(message) = self.encoder.message(&next)
        {
            let _gone_already = writer.write(&message.bytes[..message.bytes.len() / 2]).await;
        }
        self.store.journal().fault(format!("cut after {} messages", turn.sent));
        if faults.down_ms > 0 {
            let until = Instant::now() + Duration::from_millis(faults.down_ms);
            *self.faults.down_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
        sleep(FLUSH).await;
        match faults.cut {
            Cut::Clean => {}
            Cut::Abrupt => {
                let _cut = writer.chunks.try_send(Err(Broken));
                let _gone_already = self.socket.shutdown(Shutdown::Both);
            }
            Cut::HalfClose => {
                let _gone_already = self.socket.shutdown(Shutdown::Write);
                writer.chunks.closed().await;
            }
        }
        if self.store.pace() == crate::Pace::AsRead {
            self.store.play(faults.missed_per_drop);
        }
    }
}

/// Where one connection stands.
#[derive(Default)]
struct Turn {
    /// Next place in the log.
    place: usize,
    /// Messages sent.
    sent: u64,
    /// Messages to be sent once `sent` has reached a number: late ones and duplicates.
    held: Vec<(u64, Arc<Happened>)>,
    extras_done: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_inside_utf8_sequences_and_before_the_last_byte() {
        let bytes = "日本語\r\n".as_bytes();
        let mut dice = Dice::new(1);
        let all: Vec<usize> = (0..50).flat_map(|_| unkind_cuts(bytes, &mut dice)).collect();
        assert!(all.iter().any(|at| *at < 9 && at % 3 != 0));
        assert!(all.contains(&(bytes.len() - 1)));
    }
}
