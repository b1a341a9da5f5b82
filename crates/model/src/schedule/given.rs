//! Handles that somebody gives to the speakers of talks, which no schedule's format carries. The lines are read in `handles`;
//! here they meet the talks. What was given stays when another version of the schedule comes (`merge`).

use std::collections::{BTreeMap, HashMap};

use super::alike::title_key;
use crate::talk::Speaker;
use crate::{Talk, TalkId};

/// Most handles of one speaker.
pub(super) const HANDLES_MAX: usize = 8;

/// One handle for one talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<'a> {
    /// Where it stands, for a sentence: `line 7`.
    pub place: &'a str,
    /// The talk by guid, code, id, our own id or title.
    pub talk: &'a str,
    /// The handle, with or without `@`.
    pub handle: &'a str,
    /// Whose it is, where that is said.
    pub speaker: Option<&'a str>,
}

/// What came of a list of handles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// Full records of the talks that changed.
    pub talks: Vec<Talk>,
    /// What could not be given, a sentence each.
    pub notes: Vec<String>,
}

/// Gives handles to speakers: to the one who is named. Where nobody is and a talk has several, to the one whose name the handle resembles, else to the first who has
/// none. Giving the same again changes nothing.
pub fn give<'a>(known: &BTreeMap<TalkId, Talk>, given: impl IntoIterator<Item = Given<'a>>) -> Handed {
    let names = Names::of(known);
    let mut talks: BTreeMap<TalkId, Talk> = BTreeMap::new();
    let mut notes = Vec::new();
    for one in given {
        let found = names.find(one.talk);
        if found.is_empty() {
            notes.push(format!("{}: no talk goes by {:?}", one.place, one.talk));
        }
        for id in found {
            let talk = talks.entry((*id).clone()).or_insert_with(|| known[*id].clone());
            if !give_one(talk, &one) {
                let who = one.speaker.unwrap_or(one.handle);
                notes.push(format!("{}: “{}” has nobody who could be {who}", one.place, talk.title));
            }
        }
    }
    let talks = talks.into_values().filter(|talk| known.get(&talk.id) != Some(talk)).collect();
    Handed { talks, notes }
}

/// Talks by everything that may name one.
struct Names<'a>(HashMap<String, Vec<&'a TalkId>>);

impl<'a> Names<'a> {
    fn of(known: &'a BTreeMap<TalkId, Talk>) -> Self {
        let mut by: HashMap<String, Vec<&TalkId>> = HashMap::new();
        // Those that were dropped come last, so that they are named only by what is theirs alone.
        let mut all: Vec<&Talk> = known.values().collect();
        all.sort_by_key(|talk| talk.dropped);
        for talk in all {
            let signs = [&talk.guid, &talk.code, &talk.native]
                .into_iter()
                .flatten()
                .map(|sign| sign.trim().to_lowercase());
            for name in signs.chain([talk.id.to_string(), title_key(&talk.title)]) {
                let named = by.entry(name).or_default();
                if !named.contains(&&talk.id) && (!talk.dropped || named.is_empty()) {
                    named.push(&talk.id);
                }
            }
        }
        Self(by)
    }

    fn find(&self, name: &str) -> &[&'a TalkId] {
        let by_sign = self.0.get(&name.trim().to_lowercase());
        by_sign.or_else(|| self.0.get(&title_key(name))).map_or(&[], Vec::as_slice)
    }
}

/// Whether there was somebody to give it to.
fn give_one(talk: &mut Talk, given: &Given<'_>) -> bool {
    let handle = format!("@{}", given.handle.trim().trim_start_matches('@'));
    let speakers = &mut talk.speakers;
    if let Some(name) = given.speaker.map(title_key) {
        let named = speakers.iter_mut().find(|speaker| title_key(&speaker.name) == name);
        return named.is_some_and(|speaker| take(speaker, handle));
    }
    if speakers.iter().any(|speaker| speaker.handles.iter().any(|own| own.eq_ignore_ascii_case(&handle))) {
        return true;
    }
    let user = letters(handle.trim_start_matches('@').split(['@', '.']).next().unwrap_or_default());
    let place = speakers
        .iter()
        .position(|speaker| resembles(speaker, &user))
        .or_else(|| speakers.iter().position(|speaker| speaker.handles.is_empty()))
        .or_else(|| speakers.iter().position(|speaker| speaker.handles.len() < HANDLES_MAX));
    place.is_some_and(|place| take(&mut speakers[place], handle))
}

/// Whether a speaker has the handle now.
fn take(speaker: &mut Speaker, handle: String) -> bool {
    if speaker.handles.iter().any(|own| own.eq_ignore_ascii_case(&handle)) {
        return true;
    }
    let has_room = speaker.handles.len() < HANDLES_MAX;
    if has_room {
        speaker.handles.push(handle);
    }
    has_room
}

fn resembles(speaker: &Speaker, user: &str) -> bool {
    let mut words = speaker.name.split_whitespace().map(letters).filter(|word| word.chars().count() > 2);
    words.any(|word| user.contains(&word) || (user.chars().count() > 2 && word.contains(user)))
}

fn letters(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talks() -> BTreeMap<TalkId, Talk> {
        let talk = |id: &str, code: &str, title: &str, speakers: &[&str]| -> (TalkId, Talk) {
            let speakers: Vec<_> = speakers.iter().map(|name| serde_json::json!({ "name": name })).collect();
            let talk: Talk = serde_json::from_value(serde_json::json!({
                "id": id, "code": code, "title": title, "room": "hall", "day": "2026-06-01", "start": 0, "end": 1,
                "speakers": speakers,
            }))
            .unwrap();
            (talk.id.clone(), talk)
        };
        [
            talk("t1", "AB1", "Zero copy", &["Ada Byron", "Karl Klöß"]),
            talk("t2", "AB2", "Borrowing", &["Bo"]),
            talk("t3", "AB3", "Lunch", &[]),
        ]
        .into()
    }

    fn given<'a>(talk: &'a str, handle: &'a str) -> Given<'a> {
        Given { place: "line 2", talk, handle, speaker: None }
    }

    #[test]
    fn a_handle_goes_to_the_talk_that_is_named_and_there_to_whom_it_resembles() {
        let known = talks();
        let list = [
            given("ab1", "kloess"),
            given("Zero Copy!", "@byron@s.example"),
            given("t2", "@x"),
            given("AB2", "@X"),
        ];
        let handed = give(&known, list.clone());
        assert_eq!(handed.notes, Vec::<String>::new());
        let handles = |talk: &Talk| talk.speakers.iter().map(|s| s.handles.clone()).collect::<Vec<_>>();
        // "kloess" resembles nobody letter by letter: it goes to the first who has none.
        assert_eq!(handles(&handed.talks[0]), [vec!["@kloess", "@byron@s.example"], vec![]]);
        assert_eq!(handles(&handed.talks[1]), [["@x"]]);
        let mut after = known;
        after.extend(handed.talks.into_iter().map(|talk| (talk.id.clone(), talk)));
        assert_eq!(give(&after, list), Handed::default(), "the same list again changes nothing");
    }

    #[test]
    fn a_handle_goes_to_the_speaker_who_is_named_or_to_nobody() {
        let known = talks();
        let to = |speaker: &'static str| Given { speaker: Some(speaker), ..given("AB1", "@zero") };
        let handed = give(&known, [to("karl KLÖß"), to("Karl Klöß")]);
        let handles: Vec<_> = handed.talks[0].speakers.iter().map(|s| s.handles.clone()).collect();
        assert_eq!(handles, [vec![], vec!["@zero".to_owned()]]);
        assert_eq!(handed.notes, Vec::<String>::new());
        let nobody = give(&known, [to("Somebody")]);
        assert_eq!(nobody.talks, []);
        assert_eq!(nobody.notes, ["line 2: “Zero copy” has nobody who could be Somebody"]);
    }

    #[test]
    fn what_cannot_be_given_is_told_with_its_place() {
        let handed = give(&talks(), [given("nope", "@a"), given("Lunch", "@b")]);
        assert_eq!(handed.talks, []);
        assert_eq!(
            handed.notes,
            ["line 2: no talk goes by \"nope\"", "line 2: “Lunch” has nobody who could be @b"]
        );
    }
}
