//! Why an item stands where it stands, in words: who filed it, how sure, and the reasons. Folded below each item; the browser's twin is
//! `templates/static/js/because.js`.

use super::item::Setting;
use model::{By, Filing, FilingState};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct BecauseView {
    /// The question that opens it.
    pub(in crate::site) ask: &'static str,
    /// The state: who filed it and how sure, or that nobody did.
    pub(in crate::site) state: String,
    /// Title and address of the talk that an item which counts for none may be about.
    pub(in crate::site) talk: Option<(String, String)>,
    /// Each a sentence.
    pub(in crate::site) reasons: Vec<String>,
}

/// What is folded below an item.
pub(in crate::site) fn because(filing: &Filing, setting: &Setting<'_>) -> BecauseView {
    let is_filed = matches!(filing.state, FilingState::Filed | FilingState::Event);
    let guess = filing.talk.as_ref().filter(|_| filing.state == FilingState::Suggested);
    BecauseView {
        ask: if is_filed { "Why here?" } else { "Why not filed?" },
        state: state(filing),
        talk: guess
            .and_then(|talk| Some(((setting.title)(talk)?, format!("/{}/talks/{talk}", setting.slug)))),
        reasons: filing.reasons.clone(),
    }
}

/// "Filed here automatically, 97 % sure", "Filed here by hand".
pub(in crate::site) fn state(filing: &Filing) -> String {
    match (filing.state, filing.by) {
        (FilingState::Filed, By::Rule) => format!("Filed here automatically, {}", sure(filing.score)),
        (FilingState::Filed, By::Person) => "Filed here by hand".to_owned(),
        (FilingState::Suggested, _) => {
            format!("Only a guess, {}, and counted for no talk:", sure(filing.score))
        }
        (FilingState::Unsorted, By::Rule) => "Nobody knows which talk it is about".to_owned(),
        (FilingState::Unsorted, By::Person) => "Taken out of its talk by hand".to_owned(),
        (FilingState::Event, By::Rule) => "About the event as a whole".to_owned(),
        (FilingState::Event, By::Person) => "About the event as a whole, filed by hand".to_owned(),
    }
}

/// `97 % sure`. No rule is ever entirely sure; rounded in the one way that the browser rounds, too.
pub(in crate::site) fn sure(score: f64) -> String {
    format!("{} % sure", percent(score))
}

/// How sure the rules are, from 0 to 99.
pub(in crate::site) fn percent(score: f64) -> u8 {
    (score * 100.0).round().clamp(0.0, 99.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::view::time::Venue;
    use model::TalkId;

    fn filing(state: FilingState, by: By, score: f64) -> Filing {
        let talk = Some(TalkId("t7".into()));
        Filing { talk, room: None, state, score, by, reasons: vec!["It names the speaker.".into()] }
    }

    #[test]
    fn the_state_says_who_filed_it_and_how_sure() {
        let say = |s, by, score| state(&filing(s, by, score));
        assert_eq!(say(FilingState::Filed, By::Rule, 0.967), "Filed here automatically, 97 % sure");
        assert_eq!(
            say(FilingState::Filed, By::Rule, 0.625),
            "Filed here automatically, 63 % sure",
            "as a browser rounds it"
        );
        assert_eq!(say(FilingState::Filed, By::Person, 1.0), "Filed here by hand");
        assert_eq!(say(FilingState::Unsorted, By::Rule, 0.0), "Nobody knows which talk it is about");
    }

    #[test]
    fn only_a_guess_names_its_talk_since_what_is_filed_stands_there() {
        let title = |_: &TalkId| Some("Forms that forgive".to_owned());
        let venue = Venue::new("UTC", None);
        let setting = Setting {
            slug: "rustfest",
            rooms: &[],
            venue: &venue,
            shows_place: true,
            find: &|_| None,
            title: &title,
        };
        let guess = because(&filing(FilingState::Suggested, By::Rule, 0.5), &setting);
        assert_eq!(guess.ask, "Why not filed?");
        assert_eq!(guess.talk, Some(("Forms that forgive".into(), "/rustfest/talks/t7".into())));
        let filed = because(&filing(FilingState::Filed, By::Rule, 0.9), &setting);
        assert_eq!((filed.ask, filed.talk), ("Why here?", None));
    }
}
