//! `/{event}/privacy` and `/{event}/imprint`: the organiser's own words out of event.toml (`privacy`, `imprint`), as plain text in which
//! addresses are links. Privacy goes on with what this program really stores, which no organiser has to write; an imprint that nobody
//! filled in is no page, except for the organisers, who are told what to do.

use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    view::body::{Piece, host, paragraphs, web},
};
use archive::people::Role;
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use model::{
    Body, EventEntry, Run,
    event::{Onsite, page_address},
    extract::{Kind, extract},
};

#[derive(Template)]
#[template(path = "legal.html")]
struct Legal {
    shell: Shell,
    heading: String,
    /// What the organiser wrote.
    words: Vec<Part>,
    /// Their own page instead: address and host.
    elsewhere: Option<(String, String)>,
    /// What is missing, and the cure; for organisers only.
    missing: Option<&'static str>,
    /// What is stored by whom, on the page about privacy.
    stored: Option<Stored>,
    slug: String,
}

/// A heading or a paragraph.
enum Part {
    Heading(String),
    Words(Vec<Piece>),
}

/// What decides what is stored.
struct Stored {
    /// Whether people may write here.
    is_written: bool,
    /// The last day on which the event is kept.
    kept_until: Option<String>,
}

pub(super) async fn privacy(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let is_staff = site.is_inside(&headers, event.eid, Role::Steward).await;
    let mut legal = draw(&event, "Privacy", "privacy", |event| event.privacy.as_deref());
    legal.missing = legal.missing.filter(|_| is_staff);
    let is_written =
        event.fold().fold().event.as_ref().is_some_and(|settings| settings.onsite != Onsite::Off);
    let kept_until = event.fold().fold().event.as_ref().and_then(super::about_page::kept_until);
    legal.stored = Some(Stored { is_written, kept_until });
    answer(&legal, is_staff)
}

pub(super) async fn imprint(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let is_staff = site.is_inside(&headers, event.eid, Role::Steward).await;
    let legal = draw(&event, "Imprint", "imprint", |event| event.imprint.as_deref());
    if legal.missing.is_some() && !is_staff {
        return Err(Failure::NotFound);
    }
    answer(&legal, is_staff)
}

fn answer(legal: &Legal, is_staff: bool) -> Result<Response, Failure> {
    let cache = if is_staff { "private, no-cache" } else { "no-cache" };
    Ok(([(header::CACHE_CONTROL, cache), (header::VARY, "Cookie")], page(legal)?).into_response())
}

fn draw(
    event: &EventLive,
    heading: &str,
    here: &'static str,
    of: impl Fn(&EventEntry) -> Option<&str>,
) -> Legal {
    let (listed, fold) = (event.listed(), event.fold());
    let settings = fold.fold().event.as_ref();
    let told = settings.and_then(of);
    let address = told.and_then(page_address).and_then(web);
    let title = format!("{heading}: {}", settings.map_or(&listed.title, |event| &event.title));
    Legal {
        shell: Shell::of(&listed, settings, &title, here, ("legal", "Skip to the text")),
        heading: heading.to_owned(),
        words: told.filter(|_| address.is_none()).map(parts).unwrap_or_default(),
        elsewhere: address.map(|url| (url.to_string(), host(&url))),
        missing: told.is_none().then_some(match here {
            "imprint" => "Who runs this event is not said yet, so others do not see this page. Write it as imprint in event.toml, as text or \
                          as the address of your own page, and apply the file.",
            _ => "Who answers for people’s data, and where they may ask, is not said yet. Write it as privacy in event.toml, as text or as \
                  the address of your own page, and apply the file. What stands below is what this program does by itself.",
        }),
        stored: None,
        slug: listed.slug,
    }
}

/// An organiser's text: a blank line parts paragraphs, a paragraph of one line behind `# ` is a heading, addresses are links.
fn parts(text: &str) -> Vec<Part> {
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let part = |block: &str| match block.strip_prefix("# ").filter(|heading| !heading.contains('\n')) {
        Some(heading) => vec![Part::Heading(heading.trim().to_owned())],
        None => paragraphs(&linked(block)).into_iter().map(Part::Words).collect(),
    };
    blocks.flat_map(part).collect()
}

/// Plain text whose web addresses are links.
fn linked(text: &str) -> Body {
    let mut runs = Vec::new();
    let mut at = 0;
    for found in extract(text).into_iter().filter(|found| found.kind == Kind::Url) {
        let shown = &text[found.range.clone()];
        let address = if shown.contains("://") { shown.to_owned() } else { format!("https://{shown}") };
        runs.push(Run::text(&text[at..found.range.start]));
        runs.push(Run::Link { link: address, text: shown.to_owned() });
        at = found.range.end;
    }
    runs.push(Run::text(&text[at..]));
    Body(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisers_text_is_headings_paragraphs_and_links_and_nothing_else() {
        let text = "# Who we are\n\nMarginalia e.V.\r\nQuay 3, Corvanne\r\n\r\nSee https://m.example/privacy, or #ask <b>us</b>.\n# no heading";
        let told: Vec<String> = parts(text)
            .iter()
            .map(|part| match part {
                Part::Heading(heading) => format!("h {heading}"),
                Part::Words(pieces) => format!("{pieces:?}"),
            })
            .collect();
        assert_eq!(told[0], "h Who we are");
        assert_eq!(told[1], r#"[Text("Marginalia e.V."), Break, Text("Quay 3, Corvanne")]"#);
        assert!(told[2].contains(r#"host: "m.example", rest: "/privacy""#), "{}", told[2]);
        assert!(
            told[2].contains(r##"Text(", or #ask <b>us</b>."), Break, Text("# no heading")"##),
            "{}",
            told[2]
        );
    }
}
