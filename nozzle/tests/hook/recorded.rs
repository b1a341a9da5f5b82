//! Every recorded GitHub payload, signed and delivered over the wire to the real listener.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::{Fold, Micros};
use serde_json::Value;

use crate::rig::{Rig, TEXT_SECRET, fold, item};

fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/webhooks/github");
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("PERIHELION_REQUIRE_SERVERS").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}

/// What a payload says, read again by other means than the product's.
struct Expected {
    uid: String,
    is_gone: bool,
    is_shown: bool,
    said: Value,
}

fn expected(event: &str, payload: &Value) -> Expected {
    let (kind, key) = match event {
        "discussion" => ("discussion", "discussion"),
        "discussion_comment" => ("discussion_comment", "comment"),
        "issues" => ("issue", "issue"),
        "issue_comment" => ("issue_comment", "comment"),
        "release" => ("release", "release"),
        _ => ("", ""),
    };
    let said = payload[key].clone();
    let action = payload["action"].as_str().unwrap_or_default();
    let is_public = payload["repository"]["private"] == false;
    let is_said = match kind {
        "" => false,
        "release" => matches!(action, "published" | "edited"),
        _ => matches!(action, "created" | "opened" | "edited"),
    };
    Expected {
        uid: format!("meet/{kind}/{}", said["id"]),
        is_gone: is_public && !kind.is_empty() && matches!(action, "deleted" | "unpublished"),
        is_shown: is_public && is_said && said["draft"] != true,
        said,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_github_payload_is_taken_and_what_people_said_is_shown() {
    let Some(folder) = folder() else { return };
    let rig = Rig::start().await;
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let (mut all, mut table) = (Vec::new(), BTreeMap::<(String, &str), usize>::new());
    for (n, path) in files.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let event = name.split('.').next().unwrap();
        let bytes = std::fs::read(path).unwrap();
        let said = rig.sender("meet", TEXT_SECRET).github(event).deliver(&format!("guid-{n}"), &bytes).await;
        assert!(said.is_taken(), "{name}: {said:?}");
        let payload: Value = serde_json::from_slice(&bytes).unwrap();
        let expected = expected(event, &payload);
        let what = match (expected.is_shown, expected.is_gone) {
            (true, _) => "item",
            (_, true) => "delete",
            _ => "counted",
        };
        let brought = said.body.contains(r#""items":1"#);
        assert_eq!(brought, what != "counted", "{name}: {}", said.body);
        let kind = payload["action"].as_str().map_or(event.to_owned(), |action| format!("{event}.{action}"));
        *table.entry((kind, what)).or_default() += 1;
        all.push((name.to_owned(), expected));
    }
    println!("{:<36} {:<8} files", "kind", "became");
    table.iter().for_each(|((kind, what), n)| println!("{kind:<36} {what:<8} {n:>5}"));
    assert_eq!(table.values().sum::<usize>(), files.len());

    let fold = fold(&rig.stop().await).await;
    let gone: Vec<&str> = all.iter().filter(|(_, e)| e.is_gone).map(|(_, e)| e.uid.as_str()).collect();
    for (name, expected) in all.iter().filter(|(_, e)| e.is_shown) {
        if !gone.contains(&expected.uid.as_str()) {
            hold(name, expected, &fold, &all);
        }
    }
    let rejected: u64 = fold.tallies.values().flat_map(|counts| counts.rejected.values()).sum();
    let counted: usize = table.iter().filter(|((_, what), _)| *what == "counted").map(|(_, n)| n).sum();
    assert!(rejected >= counted as u64, "what is not shown is counted by kind");
}

/// Author, time, words, title and address are those of the newest payload about this item.
fn hold(name: &str, expected: &Expected, fold: &Fold, all: &[(String, Expected)]) {
    let changed = |e: &Expected| e.said["updated_at"].as_str().unwrap_or_default().to_owned();
    let newer =
        all.iter().any(|(_, e)| e.is_shown && e.uid == expected.uid && changed(e) > changed(expected));
    if newer {
        return;
    }
    let item = item(fold, &expected.uid).unwrap_or_else(|| panic!("{name} is not shown"));
    let said = &expected.said;
    let by = if said["user"].is_object() { &said["user"] } else { &said["author"] };
    assert_eq!(Some(item.author.handle.as_str()), by["login"].as_str(), "{name}");
    assert_eq!(item.author.avatar.as_deref(), by["avatar_url"].as_str(), "{name}");
    assert_eq!(item.url.as_deref(), said["html_url"].as_str(), "{name}");
    let when = said["published_at"].as_str().or(said["created_at"].as_str()).unwrap();
    assert_eq!(item.when, Micros::parse_rfc3339(when).unwrap(), "{name}");
    assert!(item.late, "{name}: said years ago");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&item.body.text()), words(said["body"].as_str().unwrap_or_default()), "{name}");
    let title = [&said["title"], &said["name"], &said["tag_name"]]
        .into_iter()
        .filter_map(Value::as_str)
        .find(|t| !t.is_empty());
    assert_eq!(item.title.as_deref(), title, "{name}");
}
