//! `POST /admin/{event}/stage`: the page's form, for browsers without a script. One button was pressed; the form says for which room and
//! since when.

use super::{
    super::{
        Site,
        door::Who,
        failure::{Failure, page},
        live_fold::LiveFold,
        view::now::on,
    },
    Said, draw,
    order::{carry_out, form_key, told},
};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::{Micros, TalkId};
use nozzle::intake::SetStage;

/// Fields that are looked at.
const FIELDS_MAX: usize = 32;
/// Furthest back that a press may be put by the form, in minutes.
const BACK_MINUTES_MAX: i64 = 24 * 60;

/// The form as it came. Nothing of it is believed: rooms, talks and times are the nozzle's to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pressed {
    key: String,
    room: String,
    /// Minutes ago, or `schedule`; a moment in microseconds for what is taken back.
    since: String,
    /// `t7`, `break`, `still t7`, `undo t7 1795189320000000`.
    press: String,
}

impl Pressed {
    fn parse(body: &[u8]) -> Self {
        let mut pressed = Self::default();
        for (name, value) in url::form_urlencoded::parse(body).take(FIELDS_MAX) {
            let field = match &*name {
                "key" => &mut pressed.key,
                "room" => &mut pressed.room,
                "since" => &mut pressed.since,
                "press" => &mut pressed.press,
                _ => continue,
            };
            *field = value.into_owned();
        }
        pressed
    }

    /// What is asked for; none when no button of the page was pressed.
    fn ask(&self, fold: &LiveFold, now: Micros) -> Option<SetStage> {
        let words: Vec<&str> = self.press.split(' ').collect();
        let talk = |what: &str| (what != "break").then(|| TalkId(what.to_owned()));
        let (talk, since, undo) = match words[..] {
            ["undo", what, since] => (talk(what), Some(Micros(since.parse().ok()?)), true),
            ["still", what] => (talk(what), Some(now), false),
            [what] if !what.is_empty() => (talk(what), Some(self.moment(what, fold, now)?), false),
            _ => return None,
        };
        Some(SetStage { room: self.room.clone(), talk, since, undo })
    }

    fn moment(&self, what: &str, fold: &LiveFold, now: Micros) -> Option<Micros> {
        if self.since == "schedule" {
            let planned = match fold.fold().talks.get(&TalkId(what.to_owned())) {
                Some(talk) => Some(talk.start),
                // A break begins when what is on should have ended.
                None => on(fold.timeline(), &self.room, now).map(|span| span.due),
            };
            return Some(planned.map_or(now, |planned| planned.min(now)));
        }
        let back = if self.since.is_empty() { 0 } else { self.since.parse::<i64>().ok()? };
        (0..=BACK_MINUTES_MAX).contains(&back).then(|| now.plus(-back * Micros::MINUTE))
    }
}

/// See the module.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let pressed = Pressed::parse(&body);
    let refused = |status: StatusCode, words: String| {
        let drawn = page(&draw(&site, &who, &event, &pressed.room, Said::wrong(words)))?;
        Ok((status, [(http::header::CACHE_CONTROL, "no-store")], drawn).into_response())
    };
    let Some(ask) = pressed.ask(&event.fold(), site.now()) else {
        return refused(StatusCode::BAD_REQUEST, "Press one of the buttons. Nothing was changed.".to_owned());
    };
    let undo = ask.undo;
    let key = form_key(&pressed.key, &ask, &pressed.since);
    match carry_out(&site, &event, &who, (key, false), ask).await {
        Ok(outcome) => {
            let done = match (outcome.is_old, undo) {
                (true, _) => "same",
                (false, true) => "undone",
                (false, false) => "pressed",
            };
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("room", &pressed.room).append_pair("done", done);
            let slug = event.listed().slug;
            Ok(Redirect::to(&format!("/admin/{slug}/stage?{}", query.finish())).into_response())
        }
        Err(refusal) => {
            let (status, _, words) = told(&refusal);
            refused(status, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_is_on_and_the_form_since_when() {
        let now = Micros(1_795_189_320_000_000);
        let asked = |body: &str| Pressed::parse(body.as_bytes()).ask(&LiveFold::default(), now);
        let on = |talk: Option<&str>, back: i64, undo: bool| {
            let talk = talk.map(|talk| TalkId(talk.to_owned()));
            let since = Some(now.plus(-back * Micros::MINUTE));
            Some(SetStage { room: "main".into(), talk, since, undo })
        };
        assert_eq!(asked("room=main&press=t7"), on(Some("t7"), 0, false));
        assert_eq!(asked("room=main&press=t7&since=5"), on(Some("t7"), 5, false));
        assert_eq!(asked("room=main&press=break&since=2"), on(None, 2, false));
        assert_eq!(asked("room=main&press=still+t7&since=10"), on(Some("t7"), 0, false));
        assert_eq!(asked("room=main&press=undo+t7+1795189320000000"), on(Some("t7"), 0, true));
        for bad in ["room=main", "press=undo+t7+x", "press=t7&since=-5", "press=t7&since=x", "press=a+b+c+d"]
        {
            assert_eq!(asked(bad), None, "{bad}");
        }
    }
}
