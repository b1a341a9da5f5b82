//! The conference that is spoken of: its talks that can be a subject, who speaks, what really was on, and its hashtags.

use model::{Micros, Talk, TalkId};

use crate::Recipe;
use crate::actual::Actual;
use crate::dice::Dice;
use crate::names::{self, Handle, Name};
use crate::people::{self, Person};
use crate::words::{self, Subject};

/// Longer than this, in microseconds, is no talk: an exhibition, a day in the hack centre.
const TALK_MAX: i64 = 4 * Micros::HOUR;
/// Entries of a programme that nobody takes for a talk. A lunch that is in the schedule makes a post about lunch a matter of taste.
const PAUSES: [&str; 26] = [
    "lunch",
    "break",
    "coffee",
    "registration",
    "doors open",
    "dinner",
    "party",
    "social",
    "breakfast",
    "closing",
    "opening",
    "welcome",
    "pause",
    "buffet",
    "accueil",
    "déjeuner",
    "dîner",
    "clôture",
    "ouverture",
    "cocktail",
    "mittag",
    "kaffee",
    "pranzo",
    "cena",
    "almuerzo",
    "comida",
];
/// Posts for one person, roughly.
const POSTS_A_PERSON: usize = 5;
/// How many of those who write are at the venue.
const PRESENT: f64 = 0.65;

/// See the module.
#[derive(Debug)]
pub(crate) struct World {
    /// All talks; lists beside it go by its places.
    pub(crate) talks: Vec<Talk>,
    /// Places of the talks that posts are about.
    pub(crate) subjects: Vec<usize>,
    pub(crate) matter: Vec<Subject>,
    pub(crate) names: Vec<Vec<Name>>,
    pub(crate) actual: Actual,
    pub(crate) people: Vec<Person>,
    /// So many of them are there; the others follow from home.
    pub(crate) present: usize,
    pub(crate) ahead: i64,
    pub(crate) tag: String,
    pub(crate) room_tags: Vec<(String, String)>,
    /// The language in which most talks are.
    pub(crate) language: &'static str,
    /// The first and the last moment.
    pub(crate) span: (Micros, Micros),
    /// How many want to hear each talk, compared with the others.
    pub(crate) draw: Vec<f64>,
    /// Talks whose title or speakers another talk has, too.
    shared: Vec<bool>,
}

impl World {
    pub(crate) fn new(talks: &[Talk], recipe: &Recipe<'_>, dice: &mut Dice) -> Self {
        let talks: Vec<Talk> =
            talks.iter().filter(|talk| !talk.dropped && talk.end > talk.start).cloned().collect();
        let subjects: Vec<usize> = (0..talks.len()).filter(|index| is_subject(&talks[*index])).collect();
        let names = names::of(&talks, dice);
        let actual = Actual::new(&talks, dice);
        let language = main_language(&talks);
        let people = people::crowd((recipe.posts / POSTS_A_PERSON).max(20), language, dice);
        let first = subjects.iter().map(|index| actual.spans[*index].0).min().unwrap_or_default();
        let last = subjects.iter().map(|index| actual.spans[*index].1).max().unwrap_or_default();
        let draw = talks.iter().map(|talk| draw(talk, dice)).collect();
        let speaks = |talk: &Talk, other: &Talk| {
            talk.speakers.iter().any(|one| other.speakers.iter().any(|o| o.name == one.name))
        };
        let is_shared = |talk: &Talk| {
            let others = talks.iter().filter(|other| other.id != talk.id);
            others.into_iter().any(|other| other.title == talk.title || speaks(talk, other))
        };
        Self {
            subjects,
            matter: words::subjects(&talks),
            names,
            actual,
            present: (people.len() as f64 * PRESENT) as usize,
            people,
            ahead: recipe.ahead,
            tag: recipe.tag.to_owned(),
            room_tags: room_tags(&talks),
            language,
            span: (first, last),
            draw,
            shared: talks.iter().map(is_shared).collect(),
            talks,
        }
    }

    pub(crate) fn id(&self, talk: usize) -> TalkId {
        self.talks[talk].id.clone()
    }

    /// The language of a talk; where the schedule does not say, that of most.
    pub(crate) fn language_of(&self, talk: usize) -> &'static str {
        self.talks[talk].lang.as_deref().and_then(spoken).unwrap_or(self.language)
    }

    /// Places of the talks that were really on.
    pub(crate) fn on(&self, at: Micros) -> impl Iterator<Item = usize> {
        let spans = self.actual.spans.iter().enumerate();
        spans.filter(move |(_, (from, to))| *from <= at && at < *to).map(|(index, _)| index)
    }

    /// Shares its title or a speaker with another talk: away from its own hour nobody can tell which is meant.
    pub(crate) fn is_shared(&self, talk: usize) -> bool {
        self.shared[talk]
    }

    /// What the organisers know of speakers' handles.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        let of_talk = |(talk, names): (usize, &Vec<Name>)| {
            let id = self.id(talk);
            let known = names.iter().enumerate().filter(|(_, name)| name.is_known);
            known
                .map(|(speaker, name)| Handle { talk: id.clone(), speaker, handle: name.handle.clone() })
                .collect::<Vec<_>>()
        };
        self.names.iter().enumerate().flat_map(of_talk).collect()
    }
}

fn is_subject(talk: &Talk) -> bool {
    let title = talk.title.to_lowercase();
    let is_pause = PAUSES.iter().any(|word| title.contains(word));
    let has_more = !talk.speakers.is_empty() || talk.summary.as_ref().is_some_and(|text| text.len() > 60);
    !is_pause && has_more && talk.end.since(talk.start) <= TALK_MAX
}

fn draw(talk: &Talk, dice: &mut Dice) -> f64 {
    let minutes = talk.end.since(talk.start) as f64 / Micros::MINUTE as f64;
    let keynote = if talk.title.to_lowercase().contains("keynote") { 3.0 } else { 1.0 };
    dice.around(1.0, 2.2) * (minutes / 30.0).sqrt() * keynote
}

fn spoken(lang: &str) -> Option<&'static str> {
    let lang = lang.to_lowercase();
    ["en", "de", "fr", "es", "it"].into_iter().find(|known| lang.starts_with(known))
}

fn main_language(talks: &[Talk]) -> &'static str {
    let count = |language: &str| {
        talks.iter().filter(|talk| talk.lang.as_deref().and_then(spoken) == Some(language)).count()
    };
    let most = ["en", "de", "fr", "es", "it"].into_iter().max_by_key(|language| count(language));
    match most {
        Some(language) if count(language) > 0 => language,
        _ => guessed(talks),
    }
}

/// By the commonest words of each language, for formats that have no place for it.
fn guessed(talks: &[Talk]) -> &'static str {
    let signs = [("en", " the "), ("de", " und "), ("fr", " les "), ("es", " los "), ("it", " che ")];
    let text: String =
        talks.iter().filter_map(|talk| talk.summary.as_deref()).collect::<Vec<_>>().join(" ").to_lowercase();
    signs
        .into_iter()
        .rev()
        .max_by_key(|(_, sign)| text.matches(sign).count())
        .map_or("en", |(language, _)| language)
}

/// A hashtag for each room, as stewards put it on the door.
fn room_tags(talks: &[Talk]) -> Vec<(String, String)> {
    let mut rooms: Vec<&str> = talks.iter().map(|talk| talk.room.as_str()).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let plain = |slug: &str| slug.chars().filter(|c| c.is_alphanumeric()).take(12).collect::<String>();
    let tags = rooms.iter().map(|room| ((*room).to_owned(), format!("rm{}", plain(room))));
    let mut tags: Vec<(String, String)> = tags.collect();
    tags.dedup_by(|a, b| a.1 == b.1);
    if tags.len() < 2 { Vec::new() } else { tags }
}
