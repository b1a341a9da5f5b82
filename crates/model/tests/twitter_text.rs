//! The conformance cases that X published for twitter-text, as far as they concern hashtags, mentions and addresses, when
//! the recording is at hand. What is demanded is what the README promises.
//!
//! Indices are counted in code points, as the cases do. Cashtags are not among what this project finds.

use model::extract::{Found, Kind, extract, without_sign};
use std::path::PathBuf;
use yaml_rust2::{Yaml, YamlLoader};

/// Cases that must pass, in percent.
const PASSED_MIN: f64 = 98.0;
/// Groups of cases that the file has and that are not ours.
const NOT_OURS: [&str; 2] = ["cashtags", "cashtags_with_indices"];

fn cases() -> Option<Yaml> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/twitter-text/extract.yml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(
            std::env::var_os("PERIHELION_REQUIRE_SERVERS").is_none(),
            "{} is required and not here",
            path.display()
        );
        eprintln!("SKIPPED: the conformance cases of twitter-text are not at {}", path.display());
        return None;
    };
    Some(YamlLoader::load_from_str(&text).expect("the cases are YAML").swap_remove(0))
}

fn shown<'a>(text: &'a str, found: &Found) -> &'a str {
    &text[found.range.clone()]
}

/// What a group of cases expects, made from what we find.
fn answer(group: &str, text: &str) -> Yaml {
    let found = extract(text);
    let of = |kinds: &[Kind]| found.iter().filter(|f| kinds.contains(&f.kind)).cloned().collect::<Vec<_>>();
    let list =
        |kinds: &[Kind], one: &dyn Fn(&Found) -> Yaml| Yaml::Array(of(kinds).iter().map(one).collect());
    let name = |f: &Found| Yaml::String(without_sign(shown(text, f)).to_owned());
    let whole = |f: &Found| Yaml::String(shown(text, f).to_owned());
    match group {
        "hashtags" | "hashtags_from_astral" => list(&[Kind::Hashtag], &name),
        "hashtags_with_indices" => list(&[Kind::Hashtag], &|f| record(text, f, &[("hashtag", name(f))])),
        "mentions" => list(&[Kind::Mention], &name),
        "mentions_with_indices" => list(&[Kind::Mention], &|f| record(text, f, &[("screen_name", name(f))])),
        "mentions_or_lists_with_indices" => list(&[Kind::Mention, Kind::List], &|f| {
            let whole = without_sign(shown(text, f));
            let (name, slug) = whole.split_at(whole.find('/').unwrap_or(whole.len()));
            record(text, f, &[("screen_name", string(name)), ("list_slug", string(slug))])
        }),
        "replies" => of(&[Kind::Mention, Kind::List])
            .first()
            .filter(|f| text[..f.range.start].chars().all(char::is_whitespace))
            .map_or(Yaml::Null, |f| {
                string(without_sign(shown(text, f)).split('/').next().unwrap_or_default())
            }),
        "urls" | "tco_urls_with_params" => list(&[Kind::Url], &whole),
        "urls_with_indices" | "urls_with_directional_markers" => {
            list(&[Kind::Url], &|f| record(text, f, &[("url", whole(f))]))
        }
        other => panic!("a group that is not known: {other}"),
    }
}

fn string(text: &str) -> Yaml {
    Yaml::String(text.to_owned())
}

fn record(text: &str, found: &Found, fields: &[(&str, Yaml)]) -> Yaml {
    let count = |end: usize| Yaml::Integer(text[..end].chars().count() as i64);
    let indices = Yaml::Array(vec![count(found.range.start), count(found.range.end)]);
    let fields = fields.iter().cloned().chain([("indices", indices)]);
    Yaml::Hash(fields.map(|(name, value)| (string(name), value)).collect())
}

/// Fields may come in any order.
fn is_same(one: &Yaml, other: &Yaml) -> bool {
    match (one, other) {
        (Yaml::Hash(one), Yaml::Hash(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|o| is_same(value, o)))
        }
        (Yaml::Array(one), Yaml::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        // A name of digits only may stand without quotes.
        (Yaml::String(one), Yaml::Integer(other)) => *one == other.to_string(),
        _ => one == other,
    }
}

#[test]
fn the_published_cases_pass_as_promised() {
    let Some(cases) = cases() else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for (group, list) in cases["tests"].as_hash().expect("groups") {
        let group = group.as_str().expect("a group's name");
        if NOT_OURS.contains(&group) {
            continue;
        }
        let before = (passed, failed.len());
        for case in list.as_vec().expect("cases") {
            let (text, want) = (case["text"].as_str().expect("a text"), &case["expected"]);
            let got = answer(group, text);
            if is_same(&got, want) {
                passed += 1;
            } else {
                failed.push(format!(
                    "{group}: {:?}\n  {text:?}\n  want {want:?}\n  got  {got:?}",
                    case["description"]
                ));
            }
        }
        println!(
            "twitter-text  {group:<32} {:>3} passed {:>3} failed",
            passed - before.0,
            failed.len() - before.1
        );
    }
    let rate = 100.0 * f64::from(passed) / (f64::from(passed) + failed.len() as f64);
    println!("twitter-text  {passed} of {} cases, {rate:.1} %", passed as usize + failed.len());
    assert!(rate >= PASSED_MIN, "{rate:.1} %, promised {PASSED_MIN} %\n{}", failed.join("\n"));
}
