//! Turns a block's lines into what will be posted: quotations are framed, echoed by others a
//! little later and answered, and people say where they are and what they make of it.

use std::collections::HashSet;

use super::dice::Dice;
use super::lines::{Block, Kind, Line, Part, Voices};

/// Tries to find words that nobody has used yet.
const TRIES: usize = 40;
/// Of what is added to a block's lines, so many are echoes of quotations, and so many answers to them.
const ECHOES: f64 = 0.42;
const NODS: f64 = 0.24;
/// Of what is said beside the quotations, so much is in English.
const ENGLISH: f64 = 0.7;
/// Opening remarks fall into the first part of a talk's lines, closing ones into the last.
const EDGE: f64 = 0.1;

/// A post without author and time.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) lang: &'static str,
    pub(crate) text: String,
    /// Place among the drafts of the block.
    pub(crate) reply_to: Option<usize>,
}

struct Placed {
    order: f64,
    /// Number in order of making; what `answers` names.
    number: usize,
    answers: Option<usize>,
    draft: Draft,
}

/// Who is on stage, with what, where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage<'a> {
    /// First name.
    pub(crate) speaker: &'a str,
    pub(crate) title: &'a str,
    pub(crate) room: &'a str,
}

/// The posts of a block in the order of saying: its lines, and `extra` echoes, nods and remarks. Words in `used` are not
/// used again.
pub(crate) fn draft(
    block: &Block,
    extra: usize,
    stage: Stage<'_>,
    voices: &Voices,
    dice: &mut Dice,
    used: &mut HashSet<String>,
) -> Vec<Draft> {
    let mut desk = Desk { stage, voices, dice, used };
    let mut placed = Vec::with_capacity(block.lines.len() + extra);
    let mut root = None;
    let english = block.lines.iter().filter(|l| l.lang == "en").count() as f64;
    for (i, line) in block.lines.iter().enumerate() {
        let is_answer = line.kind == Kind::Answer;
        let text =
            if line.kind == Kind::Quote { desk.quotation(line.text, 0.4) } else { line.text.to_owned() };
        // The files list what is said in other languages after the English lines; here it is said among them.
        let order = if line.lang == "en" { i as f64 } else { english * (1.0 - 0.65 * desk.dice.unit()) };
        placed.push(Placed {
            order,
            number: i,
            answers: root.filter(|_| is_answer),
            draft: plain(line, text),
        });
        if !is_answer {
            root = Some(i);
        }
    }
    for number in placed.len()..placed.len() + extra {
        let next = desk.extra(&block.lines, number, &placed);
        placed.extend(next);
    }
    in_order(placed)
}

fn plain(line: &Line, text: String) -> Draft {
    Draft { kind: line.kind, lang: line.lang, text, reply_to: None }
}

struct Desk<'a> {
    stage: Stage<'a>,
    voices: &'a Voices,
    dice: &'a mut Dice,
    used: &'a mut HashSet<String>,
}

impl Desk<'_> {
    /// An echo of a quotation, an answer to one, or a remark; whichever of these still finds words of its own.
    fn extra(&mut self, lines: &[Line], number: usize, placed: &[Placed]) -> Option<Placed> {
        let chance = self.dice.unit();
        let first = match chance {
            c if c < ECHOES => self.echo(lines, number),
            c if c < ECHOES + NODS => self.nod(number, placed),
            _ => None,
        };
        first.or_else(|| self.moment(lines, number)).or_else(|| self.echo(lines, number))
    }

    fn echo(&mut self, lines: &[Line], number: usize) -> Option<Placed> {
        let quotes: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].kind == Kind::Quote).collect();
        let i = *self.dice.pick(&quotes)?;
        let draft = plain(&lines[i], self.quotation(lines[i].text, 0.75));
        Some(Placed { order: i as f64 + 0.2 + 1.8 * self.dice.unit(), number, answers: None, draft })
    }

    fn nod(&mut self, number: usize, placed: &[Placed]) -> Option<Placed> {
        let nodded: Vec<usize> = (0..placed.len())
            .filter(|n| placed[*n].draft.kind == Kind::Quote || placed[*n].draft.lang != "en")
            .collect();
        let to = &placed[*self.dice.pick(&nodded)?];
        let lang = to.draft.lang;
        let fitting: Vec<&str> =
            self.voices.nods.iter().filter(|(l, _)| *l == lang).map(|(_, t)| *t).collect();
        let text = self.unused(|desk| desk.dice.pick(&fitting).copied().unwrap_or_default().to_owned())?;
        let draft = Draft { kind: Kind::Answer, lang, text, reply_to: None };
        Some(Placed {
            order: to.order + 0.3 + 2.5 * self.dice.unit(),
            number,
            answers: Some(to.number),
            draft,
        })
    }

    fn moment(&mut self, lines: &[Line], number: usize) -> Option<Placed> {
        let length = lines.iter().filter(|l| l.lang == "en").count() as f64;
        let english = self.dice.is(ENGLISH);
        let fitting: Vec<_> =
            self.voices.moments.iter().filter(|(_, l, _)| (*l == "en") == english).collect();
        let mut found = None;
        let text = self.unused(|desk| {
            found = desk.dice.pick(&fitting).copied();
            let text = found.map_or("", |(_, _, text)| *text);
            let Stage { speaker, title, room } = desk.stage;
            text.replace("{s}", speaker).replace("{t}", title).replace("{r}", room)
        })?;
        let (part, lang, _) = found?;
        let place = match part {
            Part::Open => EDGE * self.dice.unit(),
            Part::Live => EDGE + (1.0 - 2.0 * EDGE) * self.dice.unit(),
            Part::Close => 1.0 - EDGE * self.dice.unit(),
        };
        let draft = Draft { kind: Kind::Remark, lang, text, reply_to: None };
        Some(Placed { order: place * length, number, answers: None, draft })
    }

    /// The speaker's words in a frame, with an aside in so many cases.
    fn quotation(&mut self, words: &str, aside: f64) -> String {
        let make = |desk: &mut Self| {
            let frame = desk.dice.pick(&desk.voices.frames).copied().unwrap_or("{q}");
            let mut text = frame.replace("{q}", words).replace("{s}", desk.stage.speaker);
            if desk.dice.is(aside) {
                text.push(' ');
                text.push_str(desk.dice.pick(&desk.voices.asides).copied().unwrap_or_default());
            }
            text
        };
        self.unused(make).unwrap_or_else(|| words.to_owned())
    }

    /// Words that nobody has used yet; `None` when too many tries found none.
    fn unused(&mut self, mut make: impl FnMut(&mut Self) -> String) -> Option<String> {
        (0..TRIES).find_map(|_| {
            let text = make(self);
            self.used.insert(text.clone()).then_some(text)
        })
    }
}

fn in_order(mut placed: Vec<Placed>) -> Vec<Draft> {
    placed.sort_by(|a, b| a.order.total_cmp(&b.order).then(a.number.cmp(&b.number)));
    let place = |number: usize| placed.iter().position(|p| p.number == number);
    let replies: Vec<Option<usize>> = placed.iter().map(|p| p.answers.and_then(place)).collect();
    placed.into_iter().zip(replies).map(|(p, reply_to)| Draft { reply_to, ..p.draft }).collect()
}
