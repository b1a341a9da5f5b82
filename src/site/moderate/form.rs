//! `POST /admin/{event}/moderate`: the page's buttons as a browser without a script sends them.

use super::{
    Notice, answer,
    asked::Asked,
    order::{self, Press, carry_out, told},
};
use crate::site::{Site, door::Who, failure::Failure, post_box::random_key};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::ItemId;
use nozzle::intake::{Judgement, SetAuthor};

/// Fields that are looked at.
const FIELDS_MAX: usize = 512;

/// What was pressed, with what was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pressed {
    /// A button that names its post: `show k3f9q2m7xw4d`.
    one: String,
    /// A button for the selected posts: `show`.
    selected: String,
    /// A button about an author: `blocked x:7`.
    author: String,
    /// What takes the last press back.
    undo: String,
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
                "author" => &mut form.author,
                "undo" => &mut form.undo,
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
    fn press(&self) -> Result<Press, &'static str> {
        let nothing = "Press one of the buttons. Nothing was changed.";
        let decision =
            |name: &str| Judgement::ALL.into_iter().find(|known| known.name() == name).ok_or(nothing);
        if !self.undo.is_empty() {
            return order::read(&self.undo).ok_or(nothing);
        }
        if let Some((standing, author)) = self.author.split_once(' ') {
            let standing = order::standing(standing).ok_or(nothing)?;
            return Ok(Press::Author(SetAuthor { author: author.to_owned(), standing }));
        }
        if let Some((name, id)) = self.one.split_once(' ') {
            return Ok(Press::Posts(decision(name)?, vec![id.parse().map_err(|_| nothing)?]));
        }
        let decision = decision(&self.selected)?;
        if self.ids.is_empty() {
            return Err("No post was selected, so nothing was changed.");
        }
        Ok(Press::Posts(decision, self.ids.clone()))
    }

    /// What the page that comes next says.
    fn done(&self, press: &Press) -> (&'static str, u64) {
        match press {
            Press::Posts(decision, ids) => (decision.name(), ids.len() as u64),
            Press::Author(ask) => (ask.standing.name(), 0),
            Press::Back(_) => ("undone", 0),
        }
    }
}

pub(in crate::site) async fn press(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let pressed = Pressed::parse(&body);
    let asked = Asked::parse(&pressed.back);
    let press = match pressed.press() {
        Ok(press) => press,
        Err(why) => {
            let notice = Notice::wrong(why.to_owned());
            return answer(&site, &event, &who, &asked, notice, StatusCode::BAD_REQUEST).await;
        }
    };
    let (name, posts) = pressed.done(&press);
    match carry_out(&site, &event, &who, &format!("moderate-{}", random_key()), press).await {
        Ok(done) if !done.notes.is_empty() => {
            let notice = Notice::wrong(done.notes.join(" "));
            answer(&site, &event, &who, &asked, notice, StatusCode::CONFLICT).await
        }
        Ok(done) => {
            let mut query = url::form_urlencoded::Serializer::new(asked.query());
            query.append_pair("done", name);
            query.append_pair("posts", &if done.is_changed { posts } else { 0 }.to_string());
            if pressed.undo.is_empty() && !done.back.is_empty() {
                query.append_pair("undo", &order::written(&done.back));
            }
            let slug = event.listed().slug;
            Ok(Redirect::to(&format!("/admin/{slug}/moderate?{}", query.finish())).into_response())
        }
        Err(refusal) => {
            let (status, _, words) = told(&refusal);
            answer(&site, &event, &who, &asked, Notice::wrong(words), status).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Uid;
    use nozzle::intake::AuthorStanding;

    #[test]
    fn a_button_names_its_post_and_the_others_take_the_selected_ones() {
        let (a, b) = (Uid::new("x", "a").id(), Uid::new("x", "b").id());
        let asked = |text: String| Pressed::parse(text.as_bytes()).press();
        assert_eq!(asked(format!("do=show+{a}&ids={b}")), Ok(Press::Posts(Judgement::Show, vec![a])));
        assert_eq!(
            asked(format!("selected=hide&ids={a}&ids={b}")),
            Ok(Press::Posts(Judgement::Hide, vec![a, b]))
        );
        let author = SetAuthor { author: "x:7 8".into(), standing: AuthorStanding::Blocked };
        assert_eq!(asked("author=blocked+x%3A7+8".into()), Ok(Press::Author(author)));
        let back = Press::Back(vec![Press::Posts(Judgement::Hold, vec![a])]);
        assert_eq!(asked(format!("undo=hold%3A{a}&do=show+{b}")), Ok(back));
        for bad in
            ["", "selected=hide", "selected=burn&ids=x", "do=show+nothing", "author=owner+x:7", "undo=x"]
        {
            assert!(asked(bad.into()).is_err(), "{bad}");
        }
    }
}
