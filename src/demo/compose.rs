//! Composes the conference: who says which line when, who echoes, answers, boosts. Pure and seeded. How a post looks on
//! a network's wire is not known here.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use model::schedule::FoundTalk;

use super::dice::Dice;
use super::drafts::{Draft, Stage, draft};
use super::lines::{self, Block, Kind, Net, Person, Voices, When};
use super::times::{self, Span};

/// Posts in all.
pub(crate) const POSTS: usize = 1_200;
/// The event's hashtag, without `#`.
pub(crate) const TAG: &str = "marginalia26";
/// The organisers' own account.
const ORGANISERS: &str = "marginalia@corvanne.example";
/// Longer texts (in characters, the tag not counted) are written on Mastodon.
const SHORT_CHARS_MAX: usize = 230;
const SECOND: f64 = 1e6;
const SEED: u64 = 20_261_015;

/// One post of the conference.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// When, in microseconds UTC.
    pub(crate) at: i64,
    /// Place in [`Conference::people`].
    pub(crate) author: usize,
    pub(crate) lang: &'static str,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Place in [`Conference::posts`] of what it answers.
    pub(crate) reply_to: Option<usize>,
    /// When it is edited, and the new words.
    pub(crate) edit: Option<(i64, String)>,
    /// When it is deleted.
    pub(crate) deleted_at: Option<i64>,
    /// When it is boosted, and by whom.
    pub(crate) boosts: Vec<(i64, usize)>,
}

/// All that is said, in order of time.
pub(crate) struct Conference {
    pub(crate) people: Vec<Person>,
    pub(crate) posts: Vec<Said>,
}

/// The conference as it is said every time.
pub(crate) fn compose(talks: &[FoundTalk], zone: &TimeZone) -> Conference {
    let people = lines::people();
    let blocks = lines::blocks();
    let mut composer = Composer {
        dice: Dice::new(SEED),
        voices: lines::voices(),
        used: HashSet::new(),
        written: vec![0; people.len()],
        people: &people,
        talks,
        zone,
    };
    let extras = composer.extras(&blocks);
    let mut posts = Vec::with_capacity(POSTS);
    for (block, extra) in blocks.iter().zip(extras) {
        let mut said = composer.block(block, extra);
        let before = posts.len();
        said.iter_mut().for_each(|s| s.reply_to = s.reply_to.map(|i| i + before));
        posts.append(&mut said);
    }
    let mut posts = in_order_of_time(posts);
    composer.boost(&mut posts);
    Conference { people, posts }
}

struct Composer<'a> {
    dice: Dice,
    voices: Voices,
    used: HashSet<String>,
    /// Posts by each person so far.
    written: Vec<usize>,
    people: &'a [Person],
    talks: &'a [FoundTalk],
    zone: &'a TimeZone,
}

impl<'a> Composer<'a> {
    fn talk(&self, when: When) -> Option<&'a FoundTalk> {
        let When::Talk(code) = when else { return None };
        self.talks.iter().find(|t| t.code.as_deref() == Some(code))
    }

    /// Whether nothing else is on while this talk is.
    fn is_plenary(&self, talk: &FoundTalk) -> bool {
        self.talks
            .iter()
            .all(|other| other.code == talk.code || other.end <= talk.start || talk.end <= other.start)
    }

    /// How many echoes and nods each block gets, so that [`POSTS`] come out; plenaries get twice their share.
    fn extras(&self, blocks: &[Block]) -> Vec<usize> {
        let shares: Vec<usize> = blocks
            .iter()
            .map(|b| {
                let quotes = b.lines.iter().filter(|l| l.kind == Kind::Quote).count();
                quotes * if self.talk(b.when).is_some_and(|t| self.is_plenary(t)) { 2 } else { 1 }
            })
            .collect();
        let written: usize = blocks.iter().map(|b| b.lines.len()).sum();
        let (missing, whole) = (POSTS.saturating_sub(written), shares.iter().sum::<usize>().max(1));
        let mut done = 0;
        let mut up_to = 0;
        shares
            .into_iter()
            .map(|share| {
                up_to += share;
                let extra = missing * up_to / whole - done;
                done += extra;
                extra
            })
            .collect()
    }

    fn block(&mut self, block: &Block, extra: usize) -> Vec<Said> {
        let span = self.span(block);
        let speaker = self.speaker(block.when);
        let stage = Stage {
            speaker: speaker.map_or("", |s| first_name(self.people[s].name)),
            title: self.talk(block.when).map_or("", |t| &t.title),
            room: self.talk(block.when).map_or("", |t| &t.room),
        };
        let mut drafts = draft(block, extra, stage, &self.voices, &mut self.dice, &mut self.used);
        let mut at = times::spread(&span, drafts.len(), &mut self.dice);
        if self.written.iter().all(|posts| *posts == 0) {
            times::hurry_first(span.from, &mut at);
            at.sort_unstable();
        }
        let mut said: Vec<Said> = Vec::with_capacity(drafts.len());
        for (draft, at) in drafts.drain(..).zip(at) {
            let post = self.say(draft, at, &span, speaker, &said);
            self.written[post.author] += 1;
            said.push(post);
        }
        said
    }

    fn span(&self, block: &Block) -> Span {
        match (self.talk(block.when), block.when) {
            (Some(talk), _) => Span {
                from: talk.start.0,
                to: talk.end.0,
                is_talk: true,
                second_room: self.second_room(talk),
            },
            (None, When::Between(from, to)) => {
                let first = self.talks.iter().map(|t| t.start.0).min().unwrap_or_default();
                Span::between(times::midnight(first, self.zone) + block.day as i64 * times::DAY, from, to)
            }
            (None, When::Talk(_)) => Span { from: 0, to: 1, is_talk: false, second_room: None },
        }
    }

    /// For a talk that shares its time: whether it is in the room that fewer people sit in, which has no plenaries.
    fn second_room(&self, talk: &FoundTalk) -> Option<bool> {
        let has_plenaries = self.talks.iter().any(|t| t.room == talk.room && self.is_plenary(t));
        (!self.is_plenary(talk)).then_some(!has_plenaries)
    }

    /// The one who is on stage; between talks, the organisers.
    fn speaker(&self, when: When) -> Option<usize> {
        match when {
            When::Talk(code) => self.people.iter().position(|p| p.talk == Some(code)),
            When::Between(..) => self.people.iter().position(|p| p.handle == ORGANISERS),
        }
    }

    fn say(&mut self, draft: Draft, at: i64, span: &Span, speaker: Option<usize>, said: &[Said]) -> Said {
        let answered = draft.reply_to.map(|i| &said[i]);
        let author = match (draft.kind, speaker) {
            (Kind::Speaker, Some(speaker)) => speaker,
            _ => {
                self.author(&draft, span, speaker, answered.map(|s| s.author), said.last().map(|s| s.author))
            }
        };
        let at = match answered {
            Some(s) => {
                at.max(s.at + ((15.0 + self.dice.wait(35.0)) * SECOND) as i64).min(span.to + times::AFTER)
            }
            None => at,
        };
        let tag = self.tag(self.people[author].net);
        let mention = answered.map_or_else(String::new, |s| format!("@{} ", self.people[s.author].handle));
        let dress = |words: &str| format!("{mention}{words}{tag}");
        let later = |dice: &mut Dice, least: f64, mean: f64| at + ((least + dice.wait(mean)) * SECOND) as i64;
        let edit = match draft.kind {
            Kind::Edited { after } => Some((later(&mut self.dice, 80.0, 60.0), dress(after))),
            _ => None,
        };
        let deleted_at = (draft.kind == Kind::Deleted).then(|| later(&mut self.dice, 150.0, 120.0));
        let text = dress(&draft.text);
        let (lang, kind, reply_to) = (draft.lang, draft.kind, draft.reply_to);
        Said { at, author, lang, text, kind, reply_to, edit, deleted_at, boosts: Vec::new() }
    }

    /// Someone who speaks the language, sits in the room, and is not answering themselves; of two, the quieter one.
    fn author(
        &mut self,
        draft: &Draft,
        span: &Span,
        speaker: Option<usize>,
        answered: Option<usize>,
        last: Option<usize>,
    ) -> usize {
        let anyone = draft.lang == "en" && self.dice.is(0.15);
        let net = answered.map(|a| self.people[a].net);
        let is_long = draft.text.chars().count() > SHORT_CHARS_MAX;
        // Bluesky's own program cannot edit, and its pictures come from its own servers only, which are not here.
        let is_odd = matches!(draft.kind, Kind::Edited { .. } | Kind::Photo { .. });
        let on_stage = |p: &Person| {
            let own = p.talk.and_then(|code| self.talk(When::Talk(code)));
            own.is_some_and(|own| own.start.0 < span.to && span.from < own.end.0)
        };
        let fits = |i: usize, strict: bool| {
            let p = &self.people[i];
            let may = Some(i) != answered
                && Some(i) != speaker
                && !on_stage(p)
                && p.handle != ORGANISERS
                && net.is_none_or(|n| n == p.net);
            let speaks = anyone || p.lang == draft.lang;
            may && !(is_long && p.net != Net::Mastodon)
                && !(is_odd && p.net == Net::Bluesky)
                && (!strict || (speaks && Some(i) != last && span.holds(i)))
        };
        let strict: Vec<usize> = (0..self.people.len()).filter(|i| fits(*i, true)).collect();
        let speaking: Vec<usize> = (0..self.people.len())
            .filter(|i| fits(*i, false) && self.people[*i].lang == draft.lang)
            .collect();
        let anybody = || (0..self.people.len()).filter(|i| fits(*i, false)).collect();
        let from = [strict, speaking].into_iter().find(|from| !from.is_empty()).unwrap_or_else(anybody);
        let (one, two) =
            (self.dice.pick(&from).copied().unwrap_or(0), self.dice.pick(&from).copied().unwrap_or(0));
        if self.written[one] <= self.written[two] || self.dice.is(0.3) { one } else { two }
    }

    fn tag(&mut self, net: Net) -> String {
        let own_line = net == Net::Mastodon && self.dice.is(0.3);
        let name = if self.dice.is(0.12) { "Marginalia26" } else { TAG };
        format!("{}#{name}", if own_line { "\n\n" } else { " " })
    }

    fn boost(&mut self, posts: &mut [Said]) {
        for post in posts.iter_mut().filter(|p| p.deleted_at.is_none()) {
            let mean = match post.kind {
                Kind::Speaker => 7.0,
                Kind::Photo { .. } => 4.0,
                Kind::Quote => 2.2,
                Kind::Answer => 0.4,
                _ => 1.3,
            };
            let net = self.people[post.author].net;
            let mut by: Vec<usize> = Vec::new();
            for _ in 0..(self.dice.wait(mean) as usize).min(14) {
                let i = self.dice.below(self.people.len());
                if self.people[i].net == net && i != post.author && !by.contains(&i) {
                    by.push(i);
                }
            }
            let when = |dice: &mut Dice| post.at + ((12.0 + dice.wait(150.0)) * SECOND) as i64;
            post.boosts = by.into_iter().map(|i| (when(&mut self.dice), i)).collect();
        }
    }
}

fn first_name(name: &'static str) -> &'static str {
    name.split(' ').next().unwrap_or(name)
}

fn in_order_of_time(posts: Vec<Said>) -> Vec<Said> {
    let mut order: Vec<usize> = (0..posts.len()).collect();
    order.sort_by_key(|i| posts[*i].at);
    let mut place = vec![0; posts.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    let mut posts: Vec<Said> = posts
        .into_iter()
        .map(|mut post| {
            post.reply_to = post.reply_to.map(|old| place[old]);
            post
        })
        .collect();
    posts.sort_by_key(|p| p.at);
    posts
}
