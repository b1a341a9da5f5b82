//! One event's tail in Redis: its keys, the push, the look at the owner, the read.

use super::client::{Client, Reply};
use super::fit;
use super::script::Script;
use crate::Error;
use crate::follow::{Head, Line as Lineage};
use crate::log::{LINES_MAX, Line, Page};
use crate::push::{Answer, Push, Word};
use bytes::Bytes;
use model::{Epoch, EventId, Position, Seq};
use std::sync::{Arc, LazyLock};

/// Most bytes of entries that one read brings; one entry is brought however long it is.
const READ_BYTES_MAX: usize = 1 << 20;

static PUSH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("push.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));

/// The keys of one event. The braces are literal: they keep the keys in one slot of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    items: String,
    meta: String,
    owner: String,
    archived: String,
    pub(super) bell: String,
    pub(super) figures: String,
}

impl Keys {
    pub(super) fn of(eid: EventId) -> Self {
        let key = |what: &str| format!("live:{{{eid}}}:{what}");
        Self {
            items: key("items"),
            meta: key("meta"),
            owner: key("owner"),
            archived: key("archived"),
            bell: key("bell"),
            figures: key("figures"),
        }
    }
}

/// One look at the owner key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Which connection to which run of the server looked. Another number means that something may have happened
    /// unseen in between.
    pub link: u64,
    /// Who owns the event.
    pub owner: Option<String>,
}

/// One event's tail.
#[derive(Clone)]
pub struct Tail {
    client: Arc<dyn Client>,
    pub(super) keys: Keys,
}

impl Tail {
    /// The tail of this event, over this connection.
    #[must_use]
    pub fn new(client: Arc<dyn Client>, eid: EventId) -> Self {
        Self { client, keys: Keys::of(eid) }
    }

    /// Asks the server whether it may hold a tail; as `RedisStore::check`, before a claim.
    ///
    /// # Errors
    /// [`Error::Unfit`] when it is too old or evicts keys, [`Error::Redis`] when it is away.
    pub async fn check(&self) -> Result<(), Error> {
        fit::check(&*self.client).await.map(drop)
    }

    /// Pushes. A push whose answer was lost may be sent again, also late.
    ///
    /// # Errors
    /// [`Error::Redis`] when no answer came, [`Error::Corrupt`] when it makes no sense.
    pub async fn push(&self, push: &Push) -> Result<Answer, Error> {
        let k = &self.keys;
        let keys = [k.items.as_str(), &k.meta, &k.owner, &k.bell];
        let said = PUSH.run(&*self.client, &keys, push_arguments(push)?).await?.list()?;
        let [word, epoch, base, top, tip] = said.as_slice() else {
            return Err(Error::Corrupt(format!("the push script answered {said:?}")));
        };
        let (word, epoch) = (word.text()?, epoch.text()?);
        Ok(Answer {
            word: Word::parse(&word)
                .ok_or_else(|| Error::Corrupt(format!("the push script said {word:?}")))?,
            epoch: if epoch.is_empty() { None } else { Some(parse_epoch(&epoch)?) },
            base: base.number()?,
            top: top.number()?,
            tip: tip.text()?,
        })
    }

    /// Looks who owns the event.
    ///
    /// # Errors
    /// [`Error::Redis`].
    pub async fn look(&self) -> Result<Look, Error> {
        let before = self.link().await?;
        let owner = self.client.call("GET", &self.keys.owner, vec![word(&self.keys.owner)]).await?;
        if self.link().await? != before {
            return Err(Error::Redis("the connection changed during a look".into()));
        }
        let owner = if owner == Reply::Nil { None } else { Some(owner.text()?) };
        Ok(Look { link: before, owner })
    }

    /// The server's run and our connection's number in it.
    async fn link(&self) -> Result<u64, Error> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let connection = self.client.call("CLIENT", &self.keys.owner, vec!["ID".into()]).await?.number()?;
        let info = self.client.call("INFO", &self.keys.owner, vec!["server".into()]).await?.text()?;
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or_default();
        let mut hash = DefaultHasher::new();
        (run, connection).hash(&mut hash);
        Ok(hash.finish())
    }

    /// Reads what lies behind `after`. `None` without a usable tail.
    ///
    /// # Errors
    /// [`Error::Redis`] when no answer came, [`Error::Corrupt`] when it makes no sense.
    pub async fn read(&self, after: Seq, max: usize) -> Result<Option<Page>, Error> {
        let max = max.clamp(1, LINES_MAX);
        let arguments = vec![word(after), word(max), word(READ_BYTES_MAX)];
        let said = READ.run(&*self.client, &[&self.keys.items, &self.keys.meta], arguments).await?.list()?;
        let [ok, epoch, base, top, line, after, entries @ ..] = said.as_slice() else {
            return Ok(None);
        };
        if ok.text()? != "OK" {
            return Err(Error::Corrupt(format!("the read script said {ok:?}")));
        }
        let head = Head {
            epoch: parse_epoch(&epoch.text()?)?,
            base: base.number()?,
            top: top.number()?,
            line: serde_json::from_str::<Lineage>(&line.text()?)?,
        };
        let after = after.number()?;
        let lines = (after + 1..).zip(entries).map(|(seq, entry)| match entry {
            Reply::Text(json) => Ok(Line { seq, json: json.clone() }),
            other => Err(Error::Corrupt(format!("entry {seq} in Redis is {other:?}"))),
        });
        Ok(Some(Page { head, after, lines: lines.collect::<Result<_, _>>()? }))
    }

    /// Notes how far the archive is.
    ///
    /// # Errors
    /// [`Error::Redis`].
    pub async fn set_archived(&self, position: &Position) -> Result<(), Error> {
        let arguments = vec![word(&self.keys.archived), word(position)];
        self.client.call("SET", &self.keys.archived, arguments).await?;
        Ok(())
    }

    /// Removes everything of the event: entries, claim and notes.
    ///
    /// # Errors
    /// [`Error::Redis`].
    pub async fn erase(&self) -> Result<(), Error> {
        let Keys { items, meta, owner, archived, figures, bell: _ } = &self.keys;
        let keys = [items, meta, owner, archived, figures].map(word);
        self.client.call("DEL", &self.keys.items, keys.to_vec()).await?;
        Ok(())
    }

    /// How far the archive is, as far as it said. What cannot be read counts as nothing.
    ///
    /// # Errors
    /// [`Error::Redis`].
    pub async fn archived(&self) -> Result<Option<Position>, Error> {
        let said = self.client.call("GET", &self.keys.archived, vec![word(&self.keys.archived)]).await?;
        Ok(if said == Reply::Nil { None } else { said.text()?.parse().ok() })
    }
}

fn push_arguments(push: &Push) -> Result<Vec<Bytes>, Error> {
    let mut words = Vec::with_capacity(9 + 3 * push.entries.len());
    words.extend([
        word(&push.me),
        word(push.life_ms),
        word(&push.epoch),
        Bytes::from(serde_json::to_string(&push.line)?),
        word(push.prev),
        word(&push.tip),
        word(u8::from(push.anew)),
        word(push.trim),
        word(push.entries.len()),
    ]);
    for entry in &push.entries {
        let voids: Vec<String> = entry.voids.iter().map(Seq::to_string).collect();
        words.extend([word(&entry.chain), Bytes::from(voids.join(",")), word(&entry.json)]);
    }
    Ok(words)
}

fn word(value: impl ToString) -> Bytes {
    Bytes::from(value.to_string())
}

fn parse_epoch(text: &str) -> Result<Epoch, Error> {
    text.parse().map_err(|e| Error::Corrupt(format!("the tail's epoch {text:?}: {e}")))
}
