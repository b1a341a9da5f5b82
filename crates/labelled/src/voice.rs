//! How something is put into words: a carrier, what fills it, and the writer's habits.

use model::{Micros, Talk};

use crate::dice::Dice;
use crate::names::{self, Name};
use crate::people::Person;
use crate::phrases::Phrases;
use crate::slips::slip;
use crate::world::World;
use crate::{Kind, Post, Said};

/// How often a word is taken up in another form, or made a hashtag.
const BENT: f64 = 0.12;
const AS_TAG: f64 = 0.06;
/// How often somebody writes in the language of a talk that is not their own.
const FOLLOWS_TALK: f64 = 0.35;

/// Says things about a world.
pub(crate) struct Voice<'a> {
    pub(crate) dice: Dice,
    world: &'a World,
    phrases: Phrases,
}

/// What is to be put into words.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) by: &'a Person,
    /// Kind of carrier.
    pub(crate) carrier: &'static str,
    /// What it speaks of, whether or not it is about that.
    pub(crate) of: usize,
    pub(crate) at: Micros,
    pub(crate) is_reply: bool,
}

/// Words, with what became of them on the way.
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) language: &'static str,
    pub(crate) has_slipped: bool,
}

impl<'a> Voice<'a> {
    pub(crate) fn new(world: &'a World, dice: Dice) -> Self {
        Self { dice, world, phrases: Phrases::new() }
    }

    /// The words; none when the talk gives nothing for any carrier that was tried.
    pub(crate) fn say(&mut self, wanted: Wanted<'_>) -> Option<Words> {
        let Wanted { by, carrier, of, .. } = wanted;
        let own = by.language.unwrap_or(self.world.language);
        let talks = self.world.language_of(of);
        let language = if own != talks && self.dice.is(FOLLOWS_TALK) { talks } else { own };
        let slips = self.dice.is(by.slips);
        let (world, mut has_slipped) = (self.world, false);
        let mut fill = |slot: char, dice: &mut Dice| {
            let filled = filled(world, of, slot, dice)?;
            let may_slip = slips && !has_slipped && "wvptTnsqg".contains(slot);
            let typed = if may_slip { slip(&filled, dice) } else { filled.clone() };
            has_slipped |= typed != filled;
            Some(typed)
        };
        let (text, language) = self.phrases.say(language, carrier, &mut self.dice, &mut fill)?;
        let text = self.dressed(text, wanted, language);
        Some(Words { text, language, has_slipped })
    }

    /// Capitals, an aside, hashtags.
    fn dressed(&mut self, text: String, wanted: Wanted<'_>, language: &'static str) -> String {
        let by = wanted.by;
        let mut text = if by.is_lower { text.to_lowercase() } else { text };
        if self.dice.is(by.asides)
            && let Some((aside, _)) = self.phrases.say(language, "aside", &mut self.dice, &mut |_, _| None)
        {
            text = format!("{text} {aside}");
        }
        let room = &self.world.talks[wanted.of].room;
        let tag = self.world.room_tags.iter().find(|(slug, _)| slug == room);
        // Only who speaks of the room on purpose bears its tag here: others do so in posts that are about a talk in it.
        if let Some((_, tag)) = tag.filter(|_| wanted.carrier == "room") {
            text = format!("{text} #{tag}");
        }
        let bears = if wanted.is_reply { 0.12 } else { by.tags };
        if self.dice.is(bears) {
            let tag = &self.world.tag;
            text = if self.dice.is(0.12) { format!("#{tag} {text}") } else { format!("{text} #{tag}") };
        }
        text
    }

    /// A post of a person.
    pub(crate) fn post(&self, wanted: Wanted<'_>, words: Words, kind: Kind) -> Said {
        let is_about = !matches!(kind, Kind::Event | Kind::Hallway | Kind::Ambiguous | Kind::Drift);
        Said {
            post: Post {
                id: String::new(),
                at: wanted.at,
                network: wanted.by.net.name(),
                handle: wanted.by.handle.clone(),
                name: wanted.by.name.clone(),
                text: words.text,
                reply_to: None,
                language: words.language,
                talk: is_about.then(|| self.world.id(wanted.of)),
                kind,
            },
            answers: None,
        }
    }
}

fn filled(world: &World, of: usize, slot: char, dice: &mut Dice) -> Option<String> {
    let (talk, matter) = (&world.talks[of], &world.matter[of]);
    let speaker = dice.pick(&world.names[of]);
    let name = |part: Option<&String>, dice: &mut Dice| part.map(|name| names::typed(name, dice));
    match slot {
        'w' | 'v' => Some(taken_up(matter.word(dice)?.to_owned(), dice)),
        'p' => matter.pair(dice).map(str::to_owned),
        'q' => matter.quote(dice),
        'g' => matter.note(dice),
        't' => Some(matter.short.clone()),
        'T' => Some(matter.title.clone()),
        'n' => name(speaker.map(|s| &s.whole), dice),
        's' => name(speaker.and_then(|s| s.last.as_ref()), dice),
        'f' => name(speaker.and_then(|s| s.first.as_ref()), dice),
        // A handle that the organisers do not know is looked up by those who write.
        'h' => speaker.map(|s: &Name| s.handle.clone()),
        'r' => Some(room_name(talk)),
        'c' => Some(clock(talk.start.plus(world.ahead))),
        'u' => Some(link(talk)),
        _ => None,
    }
}

/// A word as people take it up: many or one of it, or as a hashtag.
fn taken_up(word: String, dice: &mut Dice) -> String {
    let is_plain = word.chars().all(char::is_alphanumeric);
    let word = match word.strip_suffix('s') {
        _ if !dice.is(BENT) || !is_plain => word,
        Some(one) => one.to_owned(),
        None => format!("{word}s"),
    };
    if is_plain && dice.is(AS_TAG) { format!("#{word}") } else { word }
}

/// Rooms have names in schedules and slugs with us; nobody writes hyphens.
fn room_name(talk: &Talk) -> String {
    talk.room.replace('-', " ")
}

/// The hour on the programme, from the venue's time.
fn clock(local: Micros) -> String {
    let minutes = local.0.div_euclid(Micros::MINUTE).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Where the talk's material is: one place for each talk.
fn link(talk: &Talk) -> String {
    let hosts = ["slides.example", "code.example", "notes.example"];
    let number = talk.id.number().unwrap_or(0);
    format!(
        "https://{}/{:x}",
        hosts[number % hosts.len()],
        (number as u64 + 11).wrapping_mul(0x9e37_79b9) & 0xff_ffff
    )
}
