//! What somebody meets who has never seen the program: no arguments, every help, files that are none, rights that are missing.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::program::{Ended, Place};

/// `nobody` on every Linux.
const NOBODY: u32 = 65_534;
const EVENT: &str =
    "slug = \"rustfest\"\ntitle = \"RustFest\"\ntimezone = \"Europe/Berlin\"\nhashtags = [\"rustfest\"]\n";
const FREE_PORTS: &str = "[site]\nlisten = \"127.0.0.1:0\"\n[nozzle]\nlisten = \"127.0.0.1:0\"\n";

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

fn every_help(place: &Place, path: &[String], seen: &mut usize) {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let ended = place.run(&arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    assert!(
        ended.stdout.contains("Usage: perihelion") && ended.stderr.is_empty(),
        "{arguments:?}: {ended:?}"
    );
    *seen += 1;
    for name in subcommands(&ended.stdout) {
        every_help(place, &[path, &[name]].concat(), seen);
    }
}

#[test]
fn no_arguments_show_the_way_and_every_command_has_its_help() {
    let place = Place::new();
    let ended = place.run(&[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("perihelion demo") && ended.stderr.contains("Usage:"), "{ended:?}");
    let mut seen = 0;
    every_help(&place, &[], &mut seen);
    assert!(seen >= 18, "{seen} helps were found");
    let left = std::fs::read_dir(place.path()).expect("the place is there").count();
    assert_eq!(left, 0, "asking for help leaves nothing behind");
}

#[test]
fn files_that_are_none_end_with_2_their_name_and_the_reason() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("folder")).expect("a folder can be made");
    std::fs::write(place.path().join("latin1"), b"title = \"ok\"\nx = \"caf\xe9\"\n")
        .expect("a file can be made");
    let cases = [
        ("absent", "No such file"),
        ("folder", "directory"),
        ("latin1", "line 2 is not UTF-8"),
        ("/dev/zero", "more than 65536 bytes"),
    ];
    for (file, reason) in cases {
        let asked: [&[&str]; 3] =
            [&["--config", file, "check"], &["event", "apply", file], &["up", "--event", file]];
        for arguments in asked {
            let ended = place.run(arguments);
            assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
            assert!(ended.stderr.contains(&format!("cannot read {file}: ")), "{arguments:?}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{arguments:?}: {ended:?}");
        }
    }
    assert!(!place.path().join("data").exists(), "nothing is made for what cannot be read");
}

#[test]
fn schedule_that_is_none_or_too_large_ends_with_2_and_nothing_is_half_imported() {
    let place = Place::new();
    place.write("event.toml", EVENT);
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
    place.write("words.json", "once upon a time");
    place.write("lines.json", "{\"schedule\": {\n\"conference\": {\n\"days\": [,]}}}");
    place.write("empty.json", "");
    let cases = [
        ("words.json", "a first line that names the columns"),
        ("lines.json", "line 3"),
        ("empty.json", "the file is empty"),
        ("/dev/zero", "more than 33554432 bytes"),
    ];
    for (file, reason) in cases {
        let ended = place.run(&["schedule", "import", "rustfest", file]);
        assert_eq!(ended.code, Some(2), "{file}: {ended:?}");
        assert!(ended.stderr.contains(file) && ended.stderr.contains(reason), "{file}: {ended:?}");
    }
    let shown = place.run(&["event", "show", "rustfest"]);
    assert!(shown.stderr.contains("(1 entries)"), "{shown:?}");
}

#[test]
fn talks_that_cannot_be_are_named_and_the_others_are_imported() {
    let talk = |title: &str, date: &str, rest: serde_json::Value| {
        let mut talk = json!({"guid": title, "title": title, "date": date, "persons": []});
        talk.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        talk
    };
    let hour = json!({"duration": "01:00"});
    let talks = [
        talk("First", "2026-06-01T10:00:00+02:00", hour.clone()),
        talk("Second", "2026-06-01T10:30:00+02:00", hour.clone()),
        talk("Backwards", "2026-06-01T12:00:00+02:00", json!({"end": "2026-06-01T11:00:00+02:00"})),
        talk("Never", "when it suits", hour.clone()),
        talk("Twice", "2026-10-25T02:30:00", hour),
    ];
    let schedule = json!({"schedule": {"version": "1", "conference": {"days": [
        {"date": "2026-06-01", "rooms": {"Hall": talks}}]}}});
    let place = Place::new();
    place.write("event.toml", &format!("{EVENT}schedule = \"schedule.json\"\n"));
    place.write("schedule.json", &schedule.to_string());
    let ended = place.run(&["event", "apply", "event.toml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for words in [
        "Backwards: it ends before it starts",
        "Never: the time \"when it suits\" cannot be read",
        "\"Second\" begins at 10:30 on 2026-06-01, and \"First\" in the same room (Hall) ends at 11:00",
        "Twice: 02:30 on 2026-10-25 comes twice",
    ] {
        assert!(ended.stdout.contains(words), "{words:?} is missing: {ended:?}");
    }
    let shown = place.run(&["event", "show", "rustfest"]);
    assert!(shown.stderr.lines().any(|line| line.starts_with("talks") && line.ends_with(" 3")), "{shown:?}");
}

#[test]
fn schedule_by_hand_with_a_slip_ends_with_2_and_goes_in_anyway_only_when_asked() {
    let place = Place::new();
    place.write("event.toml", EVENT);
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
    let file = |end: &str| {
        format!(
            "title,start,end,room\nFirst,2026-06-01 09:00,2026-06-01 10:00,Hall\nSecond,2026-06-01 11:00,{end},Hall\n"
        )
    };
    place.write("one.csv", &file("2026-06-01 12:00"));
    place.write("two.csv", &file("2026-06-01 08:30").replace("First", "Opening"));
    assert_eq!(place.run(&["schedule", "import", "rustfest", "one.csv"]).code, Some(0));
    let entries = || place.run(&["event", "show", "rustfest"]).stderr;
    let before = entries();
    for extra in [&[][..], &["--dry-run"], &["--json"]] {
        let ended = place.run(&[&["schedule", "import", "rustfest", "two.csv"], extra].concat());
        assert_eq!(ended.code, Some(2), "{extra:?}: {ended:?}");
        for words in ["two.csv", "line 3, Second: it ends before it starts", "--anyway"] {
            assert!(ended.stderr.contains(words), "{words:?} is missing: {ended:?}");
        }
        assert_eq!(entries(), before, "{extra:?} changed something");
    }
    let ended = place.run(&["schedule", "import", "rustfest", "two.csv", "--anyway"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("1 talk that is known stays as it was"), "{ended:?}");
    let shown = entries();
    assert!(shown.lines().any(|line| line.starts_with("talks") && line.ends_with(" 2")), "{shown}");
}

#[test]
fn wrong_line_of_an_event_file_is_named_and_never_quoted() {
    let place = Place::new();
    let source = "[[source]]\nname = \"a\"\nkind = \"mastodon\"\nurl = \"https://m.example\"\n";
    for (line, word) in [("token = \"hunter2\"", "token"), ("token = hunter2", ""), ("token = \"hunter2", "")]
    {
        place.write("event.toml", &format!("{EVENT}{source}{line}\n"));
        let ended = place.run(&["event", "apply", "event.toml"]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("event.toml:9: ") && ended.stderr.contains(word), "{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
    place.write("event.toml", &format!("{EVENT}[[room]]\nname = \"Hall A\"\n[[room]]\nname = \"hall-a\"\n"));
    let ended = place.run(&["event", "apply", "event.toml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("event.toml:8: ") && ended.stderr.contains("must be its own"), "{ended:?}");
}

#[test]
fn export_where_nothing_was_archived_says_so() {
    let place = Place::new();
    let ended = place.run(&["export", "rustfest"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("no event \"rustfest\"; it holds no events"), "{ended:?}");
    assert!(!place.path().join("data").exists(), "reading makes nothing");
}

/// Runs the program as a user without rights: as `nobody` when the tests run as root.
fn without_rights(place: &Place, arguments: &[&str]) -> Ended {
    let mut command: Command = place.command(arguments);
    if nix::unistd::Uid::effective().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    place.run_command(&mut command)
}

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .expect("our own file can be changed");
}

/// True when `nobody` can start the program and low ports are kept from it.
fn rights_matter(place: &Place) -> bool {
    set_mode(place.path(), 0o755);
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let low_ports_are_kept =
        first.is_ok_and(|first| first.trim().parse::<u16>().is_ok_and(|first| first > 79));
    let mut command = place.command(&["--version"]);
    let starts = command.uid(NOBODY).gid(NOBODY).output().is_ok_and(|output| output.status.success());
    let is_possible = low_ports_are_kept && (starts || !nix::unistd::Uid::effective().is_root());
    if !is_possible {
        testkit::skip_loudly("a user without rights who can reach the binary");
    }
    is_possible
}

#[test]
fn missing_rights_end_with_1_what_is_refused_and_the_cure() {
    let place = Place::new();
    if !rights_matter(&place) {
        return;
    }
    for arguments in [["up"].as_slice(), &["check"]] {
        place.write("perihelion.toml", &format!("data_dir = \"data\"\n{FREE_PORTS}"));
        let ended = without_rights(&place, arguments);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        for word in
            ["cannot write to the data directory data", "MiB free", "set data_dir", "Permission denied"]
        {
            assert!(said.contains(word), "{word:?} is missing: {ended:?}");
        }
    }
    set_mode(place.path(), 0o777);
    place.write("perihelion.toml", "[site]\nlisten = \"127.0.0.1:79\"\n[nozzle]\nlisten = \"127.0.0.1:0\"\n");
    let ended = without_rights(&place, &["up"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in ["127.0.0.1:79", "privileges", "[site] listen", "1024"] {
        assert!(ended.stderr.contains(word), "{word:?} is missing: {ended:?}");
    }
}

#[test]
fn archive_of_a_newer_version_ends_with_1_and_both_versions() {
    let place = Place::new();
    place.write("perihelion.toml", FREE_PORTS);
    assert_eq!(place.run(&["check"]).code, Some(0), "the check makes the archive");
    let file = place.path().join("data/archive.sqlite");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let mut connection =
            SqliteConnectOptions::new().filename(file).connect().await.expect("the archive opens");
        let later = "INSERT INTO archive_migrations SELECT 99, 'later', installed_on, success, checksum, execution_time \
                     FROM archive_migrations LIMIT 1";
        sqlx::raw_sql(later).execute(&mut connection).await.expect("a later migration can be noted");
        connection.close().await.expect("the archive closes");
    });
    let ended = place.run(&["check"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("newer perihelion (schema 99"), "{ended:?}");
    let ended = place.run(&["up"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("newer perihelion (schema 99"), "{ended:?}");
}
