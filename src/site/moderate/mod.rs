//! `/admin/{event}/moderate`: posts that wait, that readers have reported, that are shown or hidden, and what a moderator does about them.
//! Held words are asked of the nozzle whenever the page is drawn; nothing of them is kept here, and no public page can meet them.
//!
//! The page works without a script: every button is one of one form ([`form`]). The script (`templates/static/js/moderate.js`) sends the same
//! to the API ([`api`]) and moves the focus on at once. How a decision reaches the nozzle, with what takes it back and what the audit log
//! says, is in [`order`]; what readers report, in [`report`]; how authors take their own posts down, in [`codes`].

mod api;
mod asked;
mod codes;
mod draw;
mod form;
mod order;
mod report;

pub(super) use api::{decide, told};
pub(super) use codes::{Kept, TakeDown};
pub(super) use form::press;
pub(super) use report::{REASONS, report};

use super::{
    Site,
    door::Who,
    failure::{self, Failure},
    follow::EventLive,
    shell::Shell,
    view::{body::Piece, count, start::Start},
};
use askama::Template;
use asked::Asked;
use axum::{
    extract::{Extension, Path, Query, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use nozzle::intake::{Bench, Judgement, Look, Refusal};
use order::read;
use serde::{Deserialize, Serialize};

/// Cases on one page.
const CASES_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "moderate.html")]
struct Page {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    form_token: String,
    notice: Notice,
    /// The query of this page, for the form to come back to.
    back: String,
    tabs: Vec<TabView>,
    /// "The oldest waits for 12 min."
    oldest: String,
    /// Whose posts, or what rule's, are shown alone.
    only: Option<String>,
    cases: Vec<CaseView>,
    /// The next page.
    next: Option<String>,
    nothing: (&'static str, &'static str),
    rules: Vec<RuleView>,
    authors: Vec<AuthorView>,
    data: Data,
}

struct TabView {
    href: String,
    name: &'static str,
    count: String,
    is_here: bool,
}

/// One post with all that helps to decide.
struct CaseView {
    id: String,
    place: i64,
    label: String,
    name: String,
    handle: String,
    source: String,
    /// For programs, and as people read it.
    when: (String, String),
    /// Why it is here, and since when.
    why: String,
    waits: String,
    cover: Option<String>,
    title: Option<String>,
    paragraphs: Vec<Vec<Piece>>,
    card: Option<(String, String, String)>,
    /// "2 pictures: a dog; one without words."
    media: String,
    reports: Vec<String>,
    is_lost: bool,
    author: Option<AuthorOf>,
    /// Addresses of the post here and at its network.
    page: Option<String>,
    original: Option<String>,
    acts: Vec<Act>,
}

/// A button: its key, what it asks for, its words.
struct Act {
    key: char,
    decision: &'static str,
    words: &'static str,
    is_main: bool,
}

/// The author of a post.
struct AuthorOf {
    /// `network:id`.
    key: String,
    /// "12 shown, 1 waiting, 2 hidden here."
    history: String,
    /// All their posts of this pile.
    href: String,
    standing: &'static str,
    /// What can be said of them: the word, and what the button says.
    acts: Vec<(&'static str, &'static str)>,
}

struct RuleView {
    name: String,
    hits: String,
    href: String,
}

struct AuthorView {
    key: String,
    standing: &'static str,
    about: String,
    href: String,
}

/// What was just done, or why it was not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Notice {
    /// What was done, as [`Judgement::name`] or as `trusted`, `blocked`, `none`; `undone` when it was taken back.
    done: String,
    /// To so many posts.
    posts: Option<u64>,
    /// What takes it back, see [`order::written`].
    undo: String,
    #[serde(skip)]
    words: String,
    #[serde(skip)]
    is_wrong: bool,
}

impl Notice {
    fn wrong(words: String) -> Self {
        Self { words, is_wrong: true, ..Self::default() }
    }

    fn in_words(mut self) -> Self {
        if !self.words.is_empty() || self.done.is_empty() {
            return self;
        }
        let posts = count(self.posts.unwrap_or_default(), "post", "posts");
        self.words = match self.done.as_str() {
            "undone" => "Taken back.".to_owned(),
            "trusted" => "Trusted: what this author writes is shown at once.".to_owned(),
            "blocked" => {
                "Blocked: all this author’s posts are being hidden, and so is what comes.".to_owned()
            }
            "none" => {
                "Nothing is said of this author any more; what only the block hid is shown again.".to_owned()
            }
            _ if self.posts == Some(0) => "That was so already.".to_owned(),
            name => match Judgement::ALL.into_iter().find(|known| known.name() == name) {
                Some(decision) => format!("{posts} {}.", order::done(decision)),
                None => String::new(),
            },
        };
        // An address that somebody else made offers nothing.
        if read(&self.undo).is_none() {
            self.undo.clear();
        }
        self
    }
}

/// What the script starts from.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    start: Start,
    tab: &'static str,
    /// Whether only some are shown.
    only: bool,
}

/// `GET /admin/{event}/moderate`.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Query(notice): Query<Notice>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    answer(&site, &event, &who, &asked, notice, StatusCode::OK).await
}

/// The page as it stands now.
async fn answer(
    site: &Site,
    event: &EventLive,
    who: &Who,
    asked: &Asked,
    notice: Notice,
    status: StatusCode,
) -> Result<Response, Failure> {
    let look = Look { max: Some(CASES_SHOWN), ..asked.look() };
    // A nozzle that does not have the event yet holds nothing of it.
    let (bench, notice) = match site.intake.bench(event.eid, look).await {
        Ok(bench) => (bench, notice),
        Err(Refusal::Unknown(_)) => (Bench::default(), Notice::wrong(order::NOT_OPEN.to_owned())),
        Err(refusal) => return Err(order::away(&refusal)),
    };
    let page = draw::page(site, event, who, asked, &bench, notice.in_words());
    Ok((status, [(header::CACHE_CONTROL, "no-store")], failure::page(&page)?).into_response())
}

/// What waits, in a line, for the index of the event.
pub(super) async fn summary(site: &Site, event: &EventLive) -> String {
    let look = Look { max: Some(1), ..Look::default() };
    match site.intake.bench(event.eid, look).await {
        Ok(bench) if bench.held + bench.reported == 0 => "Nothing waits, nothing was reported.".to_owned(),
        Ok(bench) => {
            let held = count(bench.held, "post waits", "posts wait");
            format!("{held}, {}.", count(bench.reported, "was reported", "were reported"))
        }
        Err(_) => "What waits cannot be read just now.".to_owned(),
    }
}
