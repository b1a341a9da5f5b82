//! `POST /admin/{event}/wall`: the page's form, for browsers without a script. One button was pressed.

use super::{
    super::{
        Site,
        door::Who,
        failure::{Failure, page},
    },
    Said, draw,
    order::{carry_out, form_key, told},
};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::event::DuringTalks;
use nozzle::intake::SetWall;

/// Fields that are looked at.
const FIELDS_MAX: usize = 16;

/// The form as it came. Nothing of it is believed: rooms and numbers are the nozzle's to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pressed {
    key: String,
    /// `blank`, `show`, `blank main-hall`, `show main-hall`, `set`.
    press: String,
    delay: String,
    during: String,
}

impl Pressed {
    fn parse(body: &[u8]) -> Self {
        let mut pressed = Self::default();
        for (name, value) in url::form_urlencoded::parse(body).take(FIELDS_MAX) {
            let field = match &*name {
                "key" => &mut pressed.key,
                "press" => &mut pressed.press,
                "delay" => &mut pressed.delay,
                "during" => &mut pressed.during,
                _ => continue,
            };
            *field = value.into_owned();
        }
        pressed
    }

    /// What is asked for; none when no button of the page was pressed.
    fn ask(&self) -> Option<SetWall> {
        let (what, room) = self.press.split_once(' ').unwrap_or((&self.press, ""));
        let room = Some(room.to_owned()).filter(|room| !room.is_empty());
        let blank = |blank| Some(SetWall { room: room.clone(), blank: Some(blank), ..SetWall::default() });
        match what {
            "blank" => blank(true),
            "show" => blank(false),
            "set" => {
                let during = [DuringTalks::All, DuringTalks::Questions, DuringTalks::Off];
                let during_talks = during.into_iter().find(|mode| mode.name() == self.during)?;
                let delay_s = self.delay.parse().ok()?;
                Some(SetWall {
                    delay_s: Some(delay_s),
                    during_talks: Some(during_talks),
                    ..SetWall::default()
                })
            }
            _ => None,
        }
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
        let drawn = page(&draw(&site, &who, &event, Said::wrong(words)))?;
        Ok((status, [(header::CACHE_CONTROL, "no-store")], drawn).into_response())
    };
    let Some(ask) = pressed.ask() else {
        let words = "Press one of the buttons. The walls are as they were.";
        return refused(StatusCode::BAD_REQUEST, words.to_owned());
    };
    let done = match ask.blank {
        Some(true) => "blank",
        Some(false) => "shown",
        None => "set",
    };
    let key = form_key(&pressed.key, &pressed.press, &format!("{} {}", pressed.delay, pressed.during));
    match carry_out(&site, &event, &who, key, ask).await {
        Ok(outcome) => {
            let done = if outcome.is_old { "same" } else { done };
            Ok(Redirect::to(&format!("/admin/{}/wall?done={done}", event.listed().slug)).into_response())
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
    fn a_button_says_what_is_so_of_one_thing() {
        let asked = |body: &str| Pressed::parse(body.as_bytes()).ask();
        let blank = |room: Option<&str>, blank| {
            Some(SetWall { room: room.map(str::to_owned), blank: Some(blank), ..SetWall::default() })
        };
        assert_eq!(asked("press=blank"), blank(None, true));
        assert_eq!(
            asked("press=show&delay=20"),
            blank(None, false),
            "what stands beside the button is not sent with it"
        );
        assert_eq!(asked("press=blank+main-hall"), blank(Some("main-hall"), true));
        assert_eq!(asked("press=show+%E5%A4%A7"), blank(Some("大"), false));
        let set =
            SetWall { delay_s: Some(20), during_talks: Some(DuringTalks::Questions), ..SetWall::default() };
        assert_eq!(asked("press=set&delay=20&during=questions"), Some(set));
        for bad in
            ["", "press=", "press=burn", "press=set&delay=x&during=all", "press=set&delay=5&during=loud"]
        {
            assert_eq!(asked(bad), None, "{bad}");
        }
    }
}
