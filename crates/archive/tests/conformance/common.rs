//! What the cases stand on: a store, a second handle on it, and entries to write.

use std::sync::Arc;

use archive::people::People;
use archive::{Archive, Batch, Cursor, Scope, Search, Settings, open};
use model::{
    Author, Body, By, Entry, EventEntry, EventId, Filing, FilingState, Gone, GoneBy, Item, ItemEntry, ItemId,
    Kind, Micros, Network, Retain, Seq, Talk, TalkId, Uid,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use testkit::Postgres;

/// A prepared archive, another program's handle on the same database, and the database itself.
pub(crate) struct World {
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) other: Arc<dyn Archive>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) settings: Settings,
    // Kept until the end of the test.
    _dir: TempDir,
    _server: Option<Arc<Postgres>>,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings =
            Settings { url: "embedded".into(), data_dir: dir.path().to_owned(), statement_cache: true };
        Self::over(settings, dir, None).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let server = Postgres::shared().await?;
        let dir = tempfile::tempdir().unwrap();
        let url = server.create_database().await;
        let settings = Settings { url, data_dir: dir.path().to_owned(), statement_cache: true };
        Some(Self::over(settings, dir, Some(server)).await)
    }

    async fn over(settings: Settings, dir: TempDir, server: Option<Arc<Postgres>>) -> Self {
        let archive = open(&settings).unwrap();
        archive.prepare().await.unwrap();
        let other = open(&settings).unwrap();
        let people = archive::people::open(&settings).unwrap();
        Self { archive, other, people, settings, _dir: dir, _server: server }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.settings.url != "embedded"
    }

    /// Runs statements past the archive.
    pub(crate) async fn sql(&self, text: &str) {
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.settings.url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        } else {
            let file = self.settings.data_dir.join("archive.sqlite");
            let mut connection =
                SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        }
    }

    /// Every text of every row of the item tables, to look for words that must be gone.
    pub(crate) async fn all_item_text(&self) -> String {
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.settings.url).await.unwrap();
            let rows: Vec<String> = sqlx::query_scalar(
                "SELECT CAST(ROW (item.*) AS text) FROM item
             UNION ALL SELECT CAST(ROW (item_search.*) AS text) FROM item_search
             UNION ALL SELECT link FROM item_link UNION ALL SELECT link FROM link_sum",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            return rows.join("\n");
        }
        let file = self.settings.data_dir.join("archive.sqlite");
        let mut connection =
            SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT coalesce(item, '') || coalesce(filing, '') || coalesce(author, '') FROM item
             UNION ALL SELECT terms FROM item_terms UNION ALL SELECT link FROM item_link UNION ALL SELECT link FROM link_sum",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        rows.join("\n")
    }

    /// Writes entries behind wherever the cursor is.
    pub(crate) async fn write(&self, event: EventId, entries: Vec<Entry>) {
        let from = self.archive.cursor(event).await.unwrap();
        self.archive.write(batch(event, from, entries)).await.unwrap();
    }
}

pub(crate) fn event() -> EventId {
    EventId::from_random(7)
}

pub(crate) fn cursor(seq: Seq) -> Cursor {
    Cursor::new("0.00000000000000a1".parse().unwrap(), seq)
}

pub(crate) fn batch(event: EventId, from: Option<Cursor>, entries: Vec<Entry>) -> Batch {
    let to = entries.last().map_or(0, |entry| entry.seq);
    Batch { event, from, entries: entries.into(), to: cursor(to) }
}

pub(crate) fn uid(n: u64) -> Uid {
    Uid::new("mastodon", &format!("https://pixels.example/{n}"))
}

pub(crate) fn id(n: u64) -> ItemId {
    uid(n).id()
}

/// Item `n`, said at second `n`, by one of seven people.
pub(crate) fn item(n: u64, words: &str) -> Item {
    Item {
        uid: uid(n),
        network: Network::Mastodon,
        source: "pixels".into(),
        rev: 0,
        url: Some(format!("https://pixels.example/{n}")),
        when: Micros(1_795_189_320_000_000 + i64::try_from(n).unwrap() * Micros::SECOND),
        author: Author { id: format!("a{}", n % 7), name: format!("Person {}", n % 7), ..Author::default() },
        title: None,
        body: Body::plain(words),
        lang: Some("en".into()),
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: model::Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: Retain::Archive,
        tags: Vec::new(),
        at: None,
    }
}

pub(crate) fn filed(talk: &str, room: &str) -> Filing {
    Filing {
        talk: Some(TalkId(talk.into())),
        room: Some(room.into()),
        state: FilingState::Filed,
        score: 0.6,
        by: By::Rule,
        reasons: vec!["It was the only talk on when this was said.".into()],
    }
}

pub(crate) fn unsorted() -> Filing {
    Filing::unsorted("No talk was on when this was said.")
}

pub(crate) fn entry(seq: Seq, kind: Kind) -> Entry {
    Entry { seq, at: Micros(1_795_189_400_000_000), kind }
}

pub(crate) fn item_entry(first: Seq, voids: Vec<Seq>, item: Item, filing: Filing) -> Box<ItemEntry> {
    Box::new(ItemEntry { id: item.id(), first, voids, item, filing })
}

pub(crate) fn post(seq: Seq, item: Item, filing: Filing) -> Entry {
    entry(seq, Kind::Post(item_entry(seq, Vec::new(), item, filing)))
}

/// Item `seq` as a post under `seq`, in no talk.
pub(crate) fn plain_post(seq: Seq) -> Entry {
    post(seq, item(seq, &format!("words number {seq}")), unsorted())
}

/// What a search for these words finds.
pub(crate) fn words(typed: &str) -> Scope {
    Scope::Search(Search::words(typed))
}

pub(crate) fn gone(n: u64, first: Seq, voids: Vec<Seq>) -> Gone {
    Gone { id: id(n), first, voids, by: GoneBy::Author }
}

pub(crate) fn talk(id: &str, title: &str) -> Talk {
    Talk {
        id: TalkId(id.into()),
        guid: None,
        code: None,
        native: None,
        title: title.into(),
        subtitle: None,
        summary: Some("About \u{0} nothing".into()),
        speakers: Vec::new(),
        room: "main".into(),
        track: None,
        lang: None,
        url: None,
        start: Micros(0),
        end: Micros(Micros::HOUR),
        day: "2026-06-01".into(),
        dropped: false,
        was: Vec::new(),
        room_name: None,
    }
}

pub(crate) fn settings(slug: &str) -> EventEntry {
    model::event::EventFile::parse(&format!("slug = {slug:?}\ntitle = \"An event\"\n")).unwrap().entry()
}
