//! Writes the posts of a case into files, as `schedule try` reads them: whoever doubts the bench looks at what it files.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::case::Case;
use crate::failure::Failure;

/// Writes below `dir`, in a directory of the schedule's own.
pub(crate) fn write(case: &Case, dir: &Path) -> Result<(), Failure> {
    let dir = dir.join(model::event::room_slug(&case.name));
    let put = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text)
            .map_err(|why| Failure::Asked(format!("cannot write {}: {why}", path.display())))
    };
    fs::create_dir_all(&dir)
        .map_err(|why| Failure::Asked(format!("cannot make {}: {why}", dir.display())))?;
    put("posts.ndjson", case.posts.iter().map(|post| format!("{}\n", post.line)).collect())?;
    put("labels.ndjson", labels(case))?;
    put("stage.ndjson", stage(case))?;
    put("handles.csv", handles(case))?;
    put("event.toml", event(case))
}

fn labels(case: &Case) -> String {
    let line = |post: &super::case::Labelled| {
        let talk = post.truth.as_ref().map(|talk| case.setting.names.shown(talk));
        format!("{}\n", json!({"id": post.id, "talk": talk, "kind": post.kind.name()}))
    };
    case.posts.iter().map(line).collect()
}

fn stage(case: &Case) -> String {
    let presses = case.presses.values().flatten();
    let line = |press: &model::StageEntry| {
        let talk = press.talk.as_ref().map(|talk| case.setting.names.shown(talk));
        format!("{}\n", json!({"room": press.room, "talk": talk, "since": press.since.0}))
    };
    presses.map(line).collect()
}

fn handles(case: &Case) -> String {
    let mut out = "talk,handle\n".to_owned();
    for talk in &case.setting.talks {
        for handle in talk.speakers.iter().flat_map(|speaker| &speaker.handles) {
            out.push_str(&format!("{},{handle}\n", case.setting.names.shown(&talk.id)));
        }
    }
    out
}

fn event(case: &Case) -> String {
    let event = &case.setting.event;
    let title = if event.title.is_empty() { &case.name } else { &event.title };
    let mut out = format!(
        "slug = \"bench\"\ntitle = {title:?}\ntimezone = {:?}\nhashtags = {:?}\n",
        event.timezone, event.hashtags
    );
    for room in &event.rooms {
        out.push_str(&format!("\n[[room]]\nname = {:?}\ntags = {:?}\n", room.name, room.tags));
    }
    out
}
