//! The bells of all events over one subscription: kept up through lost connections and lost messages.

use super::client::{Subscriber, Wake};
use crate::log::{Bell, Ringer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

/// How often the connection is proved, and a failed subscription tried again.
const PROVE_EVERY: Duration = Duration::from_secs(2);
/// Subscriptions that wait to be made.
const WISHES_MAX: usize = 64;
/// How long a new bell waits for the server's confirmation. Readers look once a second anyway.
const CONFIRM_MAX: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Channel {
    ringer: Ringer,
    stands: bool,
}

type Channels = Arc<Mutex<HashMap<String, Channel>>>;

struct Wish {
    channel: String,
    confirmed: oneshot::Sender<()>,
}

/// Bells by channel, and the task that rings them.
pub(super) struct Bells {
    channels: Channels,
    wishes: mpsc::Sender<Wish>,
    _task: AbortOnDropHandle<()>,
}

impl Bells {
    pub(super) fn new(subscriber: impl Subscriber) -> Self {
        let channels = Channels::default();
        let (wishes, wished) = mpsc::channel(WISHES_MAX);
        let task = tokio::spawn(listen(subscriber, Arc::clone(&channels), wished));
        Self { channels, wishes, _task: AbortOnDropHandle::new(task) }
    }

    /// Subscribes, and waits a while for the server's confirmation. Later ones are made up for by a ring.
    pub(super) async fn add(&self, channel: &str) {
        lock(&self.channels).entry(channel.to_owned()).or_default();
        let (confirmed, wait) = oneshot::channel();
        let wish = Wish { channel: channel.to_owned(), confirmed };
        if self.wishes.send(wish).await.is_ok() {
            let _ = tokio::time::timeout(CONFIRM_MAX, wait).await;
        }
    }

    pub(super) fn bell(&self, channel: &str) -> Bell {
        lock(&self.channels).entry(channel.to_owned()).or_default().ringer.bell()
    }
}

fn lock(channels: &Channels) -> MutexGuard<'_, HashMap<String, Channel>> {
    channels.lock().expect("no holder of this lock panics")
}

async fn listen(mut subscriber: impl Subscriber, channels: Channels, mut wished: mpsc::Receiver<Wish>) {
    let mut prove = tokio::time::interval(PROVE_EVERY);
    prove.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            wake = subscriber.wake() => match wake {
                Wake::Channel(name) => {
                    if let Some(channel) = lock(&channels).get(&name) {
                        channel.ringer.ring();
                    }
                }
                Wake::Lost => {
                    lock(&channels).values_mut().for_each(|c| c.stands = false);
                    stand(&subscriber, &channels).await;
                }
                Wake::Closed => return,
            },
            wish = wished.recv() => {
                let Some(wish) = wish else { return };
                stand(&subscriber, &channels).await;
                if lock(&channels).get(&wish.channel).is_some_and(|c| c.stands) {
                    let _ = wish.confirmed.send(());
                }
            }
            _ = prove.tick() => {
                subscriber.prove().await;
                stand(&subscriber, &channels).await;
            }
        }
    }
}

/// Makes every subscription that does not stand; each one made rings, since what came before it was not heard.
async fn stand(subscriber: &impl Subscriber, channels: &Channels) {
    let fallen: Vec<String> =
        lock(channels).iter().filter(|(_, c)| !c.stands).map(|(name, _)| name.clone()).collect();
    for name in fallen {
        if let Err(error) = subscriber.subscribe(&name).await {
            tracing::warn!(live.channel = %name, %error, "the bell in Redis cannot be subscribed to; looking once a second");
            return;
        }
        if let Some(channel) = lock(channels).get_mut(&name) {
            channel.stands = true;
            channel.ringer.ring();
        }
    }
}
