//! `POST /admin/{event}/file`: the tray's buttons as a browser without a script sends them.

use super::super::{Site, door::Who, failure::Failure, post_box::random_key};
use super::{
    Notice,
    asked::Asked,
    order::{self, Moves, Target, carry_out, told},
    page,
    pile::shown,
};
use axum::{
    body::Body,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use model::{FilingState, ItemId};

/// Largest body, in bytes: as many ids as a page has boxes, and what takes a full order back.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Fields that are looked at.
const FIELDS_MAX: usize = 512;

/// What was pressed, with what was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pressed {
    /// A button that names its posts: `t7 k3f9q2m7xw4d ...`.
    one: String,
    /// A button for the selected posts: `accept`, `move`, `event`, `none`, `rule`.
    selected: String,
    /// What takes the last move back.
    undo: String,
    /// The talk that was chosen for `move`.
    talk: String,
    ids: Vec<ItemId>,
    /// The query of the page on which it was pressed.
    back: String,
}

impl Pressed {
    fn parse(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body).take(FIELDS_MAX) {
            let field = match &*name {
                "do" => &mut form.one,
                "selected" => &mut form.selected,
                "undo" => &mut form.undo,
                "talk" => &mut form.talk,
                "back" => &mut form.back,
                "ids" => {
                    form.ids.extend(value.parse::<ItemId>().ok());
                    continue;
                }
                _ => continue,
            };
            *field = value.into_owned();
        }
        form
    }

    /// What it asks for; an error says what is missing.
    fn moves(&self, suggested: impl Fn(ItemId) -> Option<Target>) -> Result<Moves, &'static str> {
        if !self.undo.is_empty() {
            return Ok(order::read(&self.undo));
        }
        if let Some((target, ids)) = self.one.split_once(' ') {
            let Ok(target) = target.parse::<Target>();
            let mut ids: Vec<ItemId> = ids.split(' ').filter_map(|id| id.parse().ok()).collect();
            // Of a whole pile, what somebody has filed since the page was drawn is left where it is.
            if ids.len() > 1 {
                ids.retain(|id| suggested(*id).as_ref() == Some(&target));
            }
            return if ids.is_empty() {
                Err("All of these were filed meanwhile.")
            } else {
                Ok([(target, ids)].into())
            };
        }
        if self.ids.is_empty() {
            return Err("No post was selected, so nothing was moved.");
        }
        let mut moves = Moves::new();
        for id in &self.ids {
            let target = match self.selected.as_str() {
                "accept" => suggested(*id),
                "event" | "none" | "rule" => self.selected.parse().ok(),
                _ if self.talk.is_empty() => return Err("No talk was chosen, so nothing was moved."),
                _ => self.talk.parse().ok(),
            };
            if let Some(target) = target {
                moves.entry(target).or_default().push(*id);
            }
        }
        if moves.is_empty() { Err("None of the selected posts has a suggestion.") } else { Ok(moves) }
    }
}

pub(in crate::site) async fn press(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Body,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|_| Failure::Bad("That form is too large, or it broke off on its way."))?;
    let pressed = Pressed::parse(&body.to_bytes());
    let asked = Asked::parse(&pressed.back);
    let suggestion = |id| {
        let fold = event.fold();
        let (_, filing) = shown(fold.row(id)?)?;
        filing.talk.clone().filter(|_| filing.state == FilingState::Suggested).map(Target::Talk)
    };
    let refused = |status: StatusCode, words: String| {
        let answer = page(&site, &who, &event, &asked, Notice::wrong(words))?;
        Ok((status, answer).into_response())
    };
    let moves = match pressed.moves(suggestion) {
        Ok(moves) => moves,
        Err(why) => return refused(StatusCode::BAD_REQUEST, why.to_owned()),
    };
    let to = if let [to] = moves.keys().collect::<Vec<_>>()[..] { to.to_string() } else { String::new() };
    match carry_out(&site, &event, &who, &format!("tray-{}", random_key()), moves).await {
        Ok(done) => {
            let undo = if pressed.undo.is_empty() { order::written(&done.before) } else { String::new() };
            let mut query = url::form_urlencoded::Serializer::new(asked.query());
            query.append_pair("moved", &done.moved.to_string());
            if done.followed > 0 {
                query.append_pair("followed", &done.followed.to_string());
            }
            query.append_pair(if pressed.undo.is_empty() { "to" } else { "undone" }, &to);
            if !undo.is_empty() && done.moved > 0 {
                query.append_pair("undo", &undo);
            }
            Ok(Redirect::to(&format!("/admin/{}/file?{}", event.listed().slug, query.finish()))
                .into_response())
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
    use model::{TalkId, Uid};

    #[test]
    fn a_button_names_its_posts_and_the_others_take_the_selected_ones() {
        let (a, b) = (Uid::new("x", "a").id(), Uid::new("x", "b").id());
        let talk = |id: &str| Target::Talk(TalkId(id.into()));
        let guess = |id| (id == a).then(|| talk("t2"));
        let asked = |text: String| Pressed::parse(text.as_bytes()).moves(guess);
        assert_eq!(asked(format!("do=t7+{a}&ids={b}")), Ok([(talk("t7"), vec![a])].into()));
        assert_eq!(asked(format!("selected=accept&ids={a}&ids={b}")), Ok([(talk("t2"), vec![a])].into()));
        assert_eq!(
            asked(format!("selected=move&talk=t3&ids={a}&ids={b}")),
            Ok([(talk("t3"), vec![a, b])].into())
        );
        assert_eq!(asked(format!("selected=event&ids={b}")), Ok([(Target::Event, vec![b])].into()));
        assert_eq!(asked(format!("undo=rule%3A{a}&do=t7+{b}")), Ok([(Target::Rule, vec![a])].into()));
        assert!(asked("selected=event".into()).is_err());
        assert!(asked(format!("selected=move&ids={a}")).is_err());
        assert!(asked(format!("selected=accept&ids={b}")).is_err());
    }
}
