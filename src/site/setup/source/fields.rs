//! The fields of a source by its kind, and what they become in event.toml. A secret has no field: what is asked is the name of the variable
//! that holds it.

use super::super::{
    field::{Field, Line, Section},
    form::{Form, Wrong, tags},
    kinds::Kind,
};
use archive::people::Role;
use model::event::{Consent, Moderation, SourceFile};
use url::Url;

/// What `moderation` can be.
const MODERATION: [(&str, &str, &str); 2] =
    [("open", "Shown at once", ""), ("hold", "Shown when a moderator says so", "")];
/// What `consent` can be.
const CONSENT: [(&str, &str, &str); 2] =
    [("live", "Shown live, never archived", ""), ("drop", "Not taken at all", "")];
/// What `api` of X can be.
const API: [(&str, &str, &str); 2] =
    [("v2", "The present one (v2)", ""), ("v1", "The old one (v1.1), which archives still speak", "")];
/// What nobody may name as the variable of a source's secret: the program's own settings.
const OWN_PREFIX: &str = "PERIHELION_";

/// What stands in the fields.
pub(super) fn values(source: &SourceFile, kind: &Kind) -> Form {
    let mut form = Form::default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    form.set("name", &*source.name);
    form.set("url", text(&source.url));
    form.set("streaming_url", text(&source.streaming_url));
    form.set("api_url", text(&source.api_url));
    form.set("api", source.api.clone().unwrap_or_else(|| "v2".to_owned()));
    form.set("tags", source.tags.as_ref().map_or_else(String::new, |tags| tags.join(" ")));
    if let Some(key) = kind.secret {
        form.set(key, text(secret_of(source, key)));
    }
    form.set("posts_a_day_max", source.posts_a_day_max.map_or_else(String::new, |n| n.to_string()));
    form.set("poll_seconds", source.poll_seconds.map_or_else(String::new, |n| n.to_string()));
    form.set("consent", if source.consent == Consent::Drop { "drop" } else { "live" });
    form.set("moderation", if source.moderation == Moderation::Hold { "hold" } else { "open" });
    form
}

/// The fields of a kind: what everybody needs first, the rest folded away.
pub(super) fn sections(
    form: &Form,
    wrong: &Wrong,
    kind: &Kind,
    hashtags: &[String],
    role: Role,
) -> Vec<Section> {
    let code = |kind, placeholder| Line { kind, placeholder, is_code: true, ..Line::default() };
    let line = |name, label, look| Field::line(form, wrong, name, label, look);
    let (mut first, mut more) = (Vec::new(), Vec::new());
    if let Some((label, example)) = kind.url {
        first.push(line("url", label, code("url", example)));
    } else if kind.kind != "hook" {
        more.push(
            line("url", "Another address of the network’s API", code("url", ""))
                .hint("Empty: the network’s own."),
        );
    }
    if let Some(key) = kind.secret {
        let field =
            line(key, "Variable that holds its key", code("text", "")).hint(secret_hint(form, kind, role));
        if kind.needs_secret { first.push(field) } else { more.push(field) }
    }
    if kind.kind == "twitter" {
        first.push(
            line("posts_a_day_max", "Most posts a day", code("text", "1000"))
                .hint("X charges for each. Empty: no limit."),
        );
        more.push(Field::choice(form, wrong, "api", "Generation of the API", &API));
    }
    if kind.kind == "hook" {
        first.insert(
            0,
            line("name", "Name", code("text", "partner")).hint("Part of the address to which is sent."),
        );
    }
    first.push(Field::choice(form, wrong, "moderation", "What comes from it is", &MODERATION));
    if kind.kind != "hook" {
        more.push(
            line("tags", "Hashtags of this source alone", code("text", "")).hint(tags_hint(kind, hashtags)),
        );
        more.push(
            line("name", "Name", code("text", "")).hint("Pages show it. Empty: called after its address."),
        );
        more.push(
            line("poll_seconds", "Seconds between two looks", code("text", ""))
                .hint("Empty: as the network likes it."),
        );
    }
    match kind.kind {
        "mastodon" => more.push(
            line("streaming_url", "Address of its stream", code("url", "")).hint("Empty: found by itself."),
        ),
        "bluesky" => more.push(
            line("api_url", "Where its people are looked up", code("url", "")).hint("Empty: Bluesky’s own."),
        ),
        _ => {}
    }
    more.push(Field::choice(
        form,
        wrong,
        "consent",
        "Posts by people who ask not to be indexed are",
        &CONSENT,
    ));
    vec![Section::new("", first), Section::folded("More", more)]
}

fn tags_hint(kind: &Kind, hashtags: &[String]) -> String {
    let ours: Vec<String> = hashtags.iter().map(|tag| format!("#{}", tag.trim_start_matches('#'))).collect();
    match (kind.kind, ours.is_empty()) {
        ("feed", _) => "Empty: all that is in it.".to_owned(),
        (_, true) => "The event has none yet, so name some here.".to_owned(),
        (_, false) => format!("Empty: the event’s, {}.", ours.join(" ")),
    }
}

fn secret_hint(form: &Form, kind: &Kind, role: Role) -> String {
    let suggested =
        kind.variable_for(&form.said("name").unwrap_or_else(|| kind.name_for(form.get("url"), &[])));
    let who = if role < Role::Owner { " Only an owner may name it." } else { "" };
    format!(
        "{} Write the name of the variable, such as {suggested}, never the key itself. Who has the machine sets it where the nozzle runs: \
         {suggested}, or {suggested}_FILE with the path of a file that holds it.{who}",
        kind.secret_about
    )
}

/// The source as the form describes it, over what was there.
pub(super) fn fill(form: &Form, kind: &Kind, before: SourceFile, others: &[&str]) -> (SourceFile, Wrong) {
    let (mut source, mut wrong) = (before, Wrong::default());
    source.url = form.said("url").map(|url| address(&url, kind));
    source.streaming_url = form.said("streaming_url").map(|url| with_scheme(&url));
    source.api_url = form.said("api_url").map(|url| with_scheme(&url));
    source.name =
        form.said("name").unwrap_or_else(|| kind.name_for(source.url.as_deref().unwrap_or_default(), others));
    if others.contains(&source.name.as_str()) {
        wrong.add("name", "another source is called so; a source’s name must be its own");
    }
    if kind.kind == "twitter" {
        let said = form.said("api").filter(|api| api != "v2" || source.api.is_some());
        source.api = said;
    }
    let own = tags(form.get("tags"));
    if own != source.tags.clone().unwrap_or_default() {
        source.tags = (!own.is_empty()).then_some(own);
    }
    if let Some(key) = kind.secret {
        let variable = form.said(key);
        if variable.as_ref().is_some_and(|name| name.to_ascii_uppercase().starts_with(OWN_PREFIX)) {
            wrong.add(
                key,
                "variables that begin so hold this program’s own settings; keep the key in another one",
            );
        }
        *secret_in(&mut source, key) = variable;
    }
    source.posts_a_day_max = number(form, "posts_a_day_max", &mut wrong);
    source.poll_seconds = number(form, "poll_seconds", &mut wrong);
    source.consent = if form.get("consent") == "drop" { Consent::Drop } else { Consent::Live };
    source.moderation = if form.get("moderation") == "hold" { Moderation::Hold } else { Moderation::Open };
    (source, wrong)
}

fn number<T: std::str::FromStr>(form: &Form, name: &str, wrong: &mut Wrong) -> Option<T> {
    let said = form.said(name)?;
    let number = said.parse().ok();
    if number.is_none() {
        wrong.add(name, "write a whole number, or leave it empty");
    }
    number
}

/// What somebody writes who thinks of a server by its name, or copies the address of one of its pages.
fn address(text: &str, kind: &Kind) -> String {
    let text = with_scheme(text);
    match Url::parse(&text) {
        Ok(url) if kind.kind == "mastodon" && url.has_host() && url.username().is_empty() => {
            url.origin().ascii_serialization()
        }
        _ => text,
    }
}

fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("https://{text}") }
}

fn secret_of<'s>(source: &'s SourceFile, key: &str) -> &'s Option<String> {
    match key {
        "key_env" => &source.key_env,
        "secret_env" => &source.secret_env,
        _ => &source.token_env,
    }
}

fn secret_in<'s>(source: &'s mut SourceFile, key: &str) -> &'s mut Option<String> {
    match key {
        "key_env" => &mut source.key_env,
        "secret_env" => &mut source.secret_env,
        _ => &mut source.token_env,
    }
}

/// Whether a change names a secret, or would send one elsewhere: then whoever runs an event could read what only those who run
/// the machine may know.
pub(super) fn touches_secret(
    source: &SourceFile,
    old: Option<&SourceFile>,
) -> Option<(&'static str, &'static str)> {
    let secrets =
        |source: &SourceFile| [source.token_env.clone(), source.key_env.clone(), source.secret_env.clone()];
    let named = secrets(source);
    let before = old.map(secrets).unwrap_or_default();
    let keys = ["token_env", "key_env", "secret_env"];
    for ((key, name), before) in keys.into_iter().zip(&named).zip(&before) {
        if name.is_some() && name != before {
            return Some((key, "only an owner may name the variable of a key; ask one of them"));
        }
    }
    let addresses =
        |source: &SourceFile| [source.url.clone(), source.streaming_url.clone(), source.api_url.clone()];
    let is_elsewhere = old.is_some_and(|old| addresses(old) != addresses(source));
    let has_secret = named.iter().any(Option::is_some);
    (has_secret && is_elsewhere).then_some((
        "url",
        "this source has a key, so only an owner may change where it is sent; ask one of them",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::event::EventFile;

    const ALL: &str = include_str!("../../../../crates/model/src/event/write/all.toml");

    #[test]
    fn a_form_that_nobody_touched_changes_no_source() {
        for source in EventFile::parse(ALL).unwrap().sources {
            let kind = Kind::of(&source.kind).unwrap();
            let (after, wrong) = fill(&values(&source, kind), kind, source.clone(), &[]);
            assert!(wrong.is_empty(), "{wrong:?}");
            assert_eq!(after, source);
        }
    }

    #[test]
    fn a_server_is_known_by_its_name_and_by_any_of_its_pages() {
        let mastodon = Kind::of("mastodon").unwrap();
        for typed in [
            "fosstodon.org",
            "https://fosstodon.org/",
            "https://fosstodon.org/tags/rustfest",
            " fosstodon.org/@ada ",
        ] {
            let form = Form::of([("url", typed.to_owned())]);
            let (source, _) = fill(&form, mastodon, SourceFile::new("", "mastodon"), &[]);
            assert_eq!(
                (source.url.as_deref(), source.name.as_str()),
                (Some("https://fosstodon.org"), "fosstodon.org"),
                "{typed}"
            );
        }
        let form =
            Form::of([("url", "blog.example/feed.xml".to_owned()), ("poll_seconds", "often".to_owned())]);
        let (source, wrong) =
            fill(&form, Kind::of("feed").unwrap(), SourceFile::new("", "feed"), &["blog.example"]);
        assert_eq!(
            (source.url.as_deref(), source.name.as_str()),
            (Some("https://blog.example/feed.xml"), "blog.example-2")
        );
        assert!(wrong.of("poll_seconds").is_some());
    }

    #[test]
    fn a_secret_is_neither_named_nor_sent_elsewhere_by_whoever_runs_one_event() {
        let plain = SourceFile { url: Some("https://a.example".into()), ..SourceFile::new("a", "mastodon") };
        let secret = SourceFile { token_env: Some("A_TOKEN".into()), ..plain.clone() };
        assert_eq!(touches_secret(&plain, None), None);
        assert!(touches_secret(&secret, None).is_some(), "a new source with a key");
        assert!(touches_secret(&secret, Some(&plain)).is_some(), "a key for one that had none");
        let elsewhere = SourceFile { url: Some("https://evil.example".into()), ..secret.clone() };
        assert_eq!(touches_secret(&elsewhere, Some(&secret)).unwrap().0, "url");
        let stream = SourceFile { streaming_url: Some("https://evil.example".into()), ..secret.clone() };
        assert!(touches_secret(&stream, Some(&secret)).is_some());
        let held = SourceFile { moderation: Moderation::Hold, ..secret.clone() };
        assert_eq!(touches_secret(&held, Some(&secret)), None);
        let form = Form::of([("token_env", "perihelion_live_url".to_owned())]);
        let (_, wrong) = fill(&form, Kind::of("twitter").unwrap(), SourceFile::new("", "twitter"), &[]);
        assert!(wrong.of("token_env").is_some());
    }
}
