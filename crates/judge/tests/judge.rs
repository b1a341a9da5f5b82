//! The judge must be able to find what it looks for.

use judge::{article_uid, item_id, read_journal};
use std::path::{Path, PathBuf};
use std::process::Command;

struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let case = Self { dir: tempfile::tempdir().unwrap() };
        case.write(
            "journal",
            &["x:1", "x:2", "x:3"].map(|uid| format!(r#"{{"kind":"exists","uid":"{uid}"}}"#)),
        );
        case
    }

    fn write(&self, name: &str, lines: &[String]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
        path
    }

    fn judge(&self, what: &str, file: &Path) -> (bool, String) {
        let journal = self.dir.path().join("journal");
        let out = Command::new(env!("CARGO_BIN_EXE_judge"))
            .args(["--journal", journal.to_str().unwrap(), what, file.to_str().unwrap()])
            .output()
            .unwrap();
        (out.status.success(), String::from_utf8(out.stdout).unwrap())
    }

    fn frames(&self, entries: &[(u64, &str, &str)]) -> (bool, String) {
        let line = |(seq, kind, uid): &(u64, &str, &str)| match *uid {
            "" => format!(r#"{{"seq":{seq},"kind":"{kind}"}}"#),
            uid => format!(r#"{{"seq":{seq},"kind":"{kind}","id":"{}"}}"#, item_id(uid)),
        };
        let lines: Vec<String> = entries.iter().map(line).collect();
        let file = self.write("frames", &lines);
        self.judge("--frames", &file)
    }

    fn export(&self, uids: &[&str]) -> (bool, String) {
        let lines: Vec<String> = uids.iter().map(|uid| format!(r#"{{"id":"{}"}}"#, item_id(uid))).collect();
        let file = self.write("export", &lines);
        self.judge("--export", &file)
    }
}

#[test]
fn frames_that_say_what_exists_pass() {
    let (good, said) = Case::new().frames(&[
        (1, "post", "x:1"),
        (2, "tally", ""),
        (3, "post", "x:2"),
        (4, "edit", "x:1"),
        (5, "post", "x:3"),
    ]);
    assert!(good, "{said}");
}

#[test]
fn what_is_lost_doubled_out_of_order_or_strange_is_found() {
    let case = Case::new();
    for (frames, want) in [
        (vec![(1, "post", "x:1"), (2, "post", "x:2")], "is lost"),
        (vec![(1, "post", "x:1"), (2, "post", "x:2"), (3, "post", "x:2"), (4, "post", "x:3")], "twice"),
        (vec![(1, "post", "x:1"), (1, "post", "x:1"), (2, "post", "x:2"), (3, "post", "x:3")], "was to come"),
        (vec![(1, "post", "x:1"), (3, "post", "x:3"), (2, "post", "x:2")], "was to come"),
        (vec![(2, "post", "x:1"), (3, "post", "x:2"), (4, "post", "x:3")], "was to come"),
        (vec![(1, "post", "x:1"), (2, "post", "x:2"), (3, "post", "x:3"), (4, "remove", "x:3")], "is lost"),
        (
            vec![(1, "post", "x:1"), (2, "post", "x:2"), (3, "post", "x:3"), (4, "post", "x:4")],
            "does not exist",
        ),
    ] {
        let (good, said) = case.frames(&frames);
        assert!(!good && said.contains(want), "{frames:?}: {said}");
    }
}

#[test]
fn an_export_is_held_to_the_same() {
    let case = Case::new();
    assert!(case.export(&["x:3", "x:1", "x:2"]).0);
    assert!(!case.export(&["x:1", "x:2"]).0);
    assert!(!case.export(&["x:1", "x:2", "x:3", "x:3"]).0);
    assert!(!case.export(&["x:1", "x:2", "x:3", "x:9"]).0);
}

#[test]
fn half_a_line_is_no_evidence() {
    let case = Case::new();
    let file = case.dir.path().join("cut");
    std::fs::write(&file, r#"{"id":"#).unwrap();
    assert!(!case.judge("--export", &file).0);
}

#[test]
fn an_item_under_another_networks_name_is_found() {
    let case = Case::new();
    let line =
        |uid: &str, network: &str| format!(r#"{{"id":"{}","item":{{"network":"{network}"}}}}"#, item_id(uid));
    let right = ["x:1", "x:2", "x:3"].map(|uid| line(uid, "x"));
    let (good, said) = case.judge("--export", &case.write("export", &right));
    assert!(good && said.contains("x                  3"), "{said}");
    let wrong = [line("x:1", "x"), line("x:2", "flickr"), line("x:3", "x")];
    let (good, said) = case.judge("--export", &case.write("export", &wrong));
    assert!(!good && said.contains("is of x, not of flickr"), "{said}");
}

#[test]
fn articles_are_known_by_where_they_are_read() {
    let case = Case::new();
    let address = "https://blog.example/feed.xml";
    let journal = case.write("journal", &[r#"{"kind":"exists","uid":"feed:41"}"#.to_owned()]);
    assert!(read_journal(&journal, None).is_err(), "nobody can say what it is called");
    let alive = read_journal(&journal, Some(address)).unwrap();
    assert_eq!(alive.get(&item_id(&article_uid(address, "41"))).map(String::as_str), Some("feed"));
}
