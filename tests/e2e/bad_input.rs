//! What the program answers to settings, files and surroundings that cannot be: exit 2 when it was asked wrongly,
//! exit 1 when it could not, always with a sentence that says what to change.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::program::{Ended, Place};

fn check_with(settings: &str) -> Ended {
    let place = Place::new();
    place.write("perihelion.toml", settings);
    place.run(&["check"])
}

#[test]
fn unknown_key_ends_with_2_its_line_and_a_guess() {
    let ended = check_with("data_dir = \"d\"\n\n[nozle]\nlisten = \"127.0.0.1:1\"\n");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("unknown key \"nozle.listen\" at line 4; did you mean \"nozzle.listen\"?"),
        "{ended:?}"
    );
}

#[test]
fn wrong_type_unit_sign_and_size_end_with_2_and_what_is_allowed() {
    for value in ["\"10\"", "\"10s\"", "-1", "100000", "1.5"] {
        let ended = check_with(&format!("[halley]\npoll_hold_seconds = {value}\n"));
        assert_eq!(ended.code, Some(2), "{value}: {ended:?}");
        assert!(ended.stderr.contains("\"halley.poll_hold_seconds\" at line 2"), "{value}: {ended:?}");
        assert!(ended.stderr.contains("from 1 to 28"), "{value}: {ended:?}");
    }
}

#[test]
fn settings_file_that_is_missing_is_named_and_the_defaults_hold() {
    let place = Place::new();
    let ended = place.run(&["check"]);
    assert!(ended.stdout.contains("no perihelion.toml here"), "{ended:?}");
    assert!(ended.stdout.contains("127.0.0.1:8080"), "{ended:?}");
    let ended = place.run(&["--config", "other.toml", "check"]);
    assert_eq!(ended.code, Some(2), "a file that was asked for must exist: {ended:?}");
    assert!(ended.stderr.contains("other.toml"), "{ended:?}");
}

#[test]
fn wrong_url_schemes_end_with_2_and_never_repeat_the_password() {
    for (section, url) in [("live", "http://u:hunter2@h"), ("archive", "mysql://u:hunter2@h/d")] {
        let ended = check_with(&format!("[{section}]\nurl = \"{url}\"\n"));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(&format!("\"{section}.url\" at line 2")), "{ended:?}");
        assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn environment_overrides_the_file_and_check_says_so() {
    let place = Place::new();
    place.write("perihelion.toml", "[site]\nlisten = \"127.0.0.1:9000\"\n");
    let ended = place.run_command(place.command(&["check"]).env("PERIHELION_SITE_LISTEN", "127.0.0.1:9001"));
    assert!(
        ended.stdout.contains("127.0.0.1:9001") && ended.stdout.contains("$PERIHELION_SITE_LISTEN"),
        "{ended:?}"
    );
    let ended = place.run_command(place.command(&["check"]).env("PERIHELION_SITE_LISTN", "x"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("did you mean \"PERIHELION_SITE_LISTEN\"?"), "{ended:?}");
}

#[test]
fn unknown_command_and_argument_end_with_2() {
    let place = Place::new();
    assert_eq!(place.run(&["upp"]).code, Some(2));
    assert_eq!(place.run(&["up", "--evnt", "x"]).code, Some(2));
    assert_eq!(place.run(&["--version"]).code, Some(0));
}

#[test]
fn data_directory_that_cannot_be_written_ends_with_1_its_path_and_the_cure() {
    let ended = check_with("data_dir = \"/proc/perihelion\"\n");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("/proc/perihelion") && ended.stdout.contains("set data_dir"), "{ended:?}");
}

#[test]
fn single_role_on_embedded_stores_ends_with_2_and_the_cure() {
    for role in ["nozzle", "halley", "strainer", "site"] {
        let ended = Place::new().run(&[role]);
        assert_eq!(ended.code, Some(2), "{role}: {ended:?}");
        for word in ["live.url", "redis://127.0.0.1:6379", "perihelion up"] {
            assert!(ended.stderr.contains(word), "{role} {word}: {ended:?}");
        }
    }
}

#[test]
fn workers_that_cannot_be_are_refused_with_the_cure() {
    let up = Place::new();
    up.write("perihelion.toml", "[halley]\nworkers = 2\n");
    let ended = up.run(&["up"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("halley.workers = 1") && ended.stderr.contains("Redis"), "{ended:?}");
    let ended = up.run(&["check"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = ended.stdout.lines().find(|line| line.trim_start().starts_with("halley ")).expect("a test");
    assert!(line.contains("FAILED") && line.contains("live.url = \"redis://127.0.0.1:6379\""), "{line}");
    for arguments in [&["halley-worker", "1/2"] as &[&str], &["halley-worker", "3/2"]] {
        let ended = up.run(arguments);
        assert!(ended.code == Some(1) || ended.code == Some(2), "{ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    }
    assert!(up.run(&["halley-worker", "1/2"]).stderr.contains("set [halley] workers"));
}

#[test]
fn more_connections_than_one_process_can_hold_are_told_with_the_cure() {
    let place = Place::new();
    let ended =
        place.run_command(place.command(&["check"]).env("PERIHELION_HALLEY_CONNECTIONS_MAX", "9000000"));
    let line = ended.stdout.lines().find(|line| line.contains("9000000 is more than one process can hold"));
    let line = line.unwrap_or_else(|| panic!("{ended:?}"));
    assert!(line.contains("limit of open files") && line.contains("halley.workers = "), "{line}");
    // A soft limit is raised as far as the hard one goes, so it does not count.
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -Sn 300 && exec \"$0\" check"]).arg(place.command(&[]).get_program());
    limited.current_dir(place.path()).env("PERIHELION_HALLEY_CONNECTIONS_MAX", "1000");
    let ended = place.run_command(&mut limited);
    assert!(ended.stdout.contains("one process holds 1000 connections"), "{ended:?}");
}

/// Settings whose listeners take any free port.
fn free_ports() -> String {
    "data_dir = \"data\"\n[site]\nlisten = \"127.0.0.1:0\"\n[nozzle]\nlisten = \"127.0.0.1:0\"\n".to_owned()
}

const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\n";

#[test]
fn port_in_use_ends_with_1_its_address_and_its_key() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound listener has an address").to_string();
    for (section, other) in [("site", "nozzle"), ("nozzle", "site")] {
        let place = Place::new();
        let settings = format!("[{section}]\nlisten = \"{address}\"\n[{other}]\nlisten = \"127.0.0.1:0\"\n");
        place.write("perihelion.toml", &settings);
        let ended = place.run(&["up"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("in use"), "{ended:?}");
        assert!(ended.stderr.contains(&format!("[{section}] listen")), "{ended:?}");
    }
}

#[test]
fn second_instance_on_the_same_ledger_ends_with_1_and_names_the_first() {
    let place = Place::new();
    place.write("perihelion.toml", &free_ports());
    place.write("event.toml", EVENT);
    let first = place.start(&["up", "--event", "event.toml"], "Perihelion is at");
    let second = place.run(&["up"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains(&format!("process {}", first.pid())), "{second:?}");
    assert!(second.stderr.contains("data_dir"), "{second:?}");
}

/// Makes a ledger look as if a later version had written it.
fn age(ledger: &std::path::Path) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(ledger);
        let mut connection = options.connect().await.expect("the ledger opens");
        sqlx::raw_sql("PRAGMA user_version = 99")
            .execute(&mut connection)
            .await
            .expect("the version can be set");
        connection.close().await.expect("the ledger closes");
    });
}

#[test]
fn ledger_of_a_newer_version_ends_with_1_and_both_versions() {
    let place = Place::new();
    place.write("perihelion.toml", &free_ports());
    place.write("event.toml", EVENT);
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
    let live = place.path().join("data/live");
    let ledgers = std::fs::read_dir(&live).expect("the folder of ledgers is there").flatten();
    let ledger = ledgers.map(|file| file.path()).find(|path| path.extension().is_some_and(|e| e == "sqlite"));
    let ledger = ledger.expect("the event has a ledger");
    age(&ledger);
    let ended = place.run(&["up"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in ["schema 99", "upgrade the program"] {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
}

#[test]
fn event_files_that_cannot_be_end_with_2_and_the_place() {
    let source = |name: &str| {
        format!("[[source]]\nname = \"{name}\"\nkind = \"mastodon\"\nurl = \"https://m.example\"\n")
    };
    let cases = [
        ("hashtag = [\"x\"]\n".to_owned(), "hashtag"),
        ("timezone = \"Mars/Olympus\"\n".to_owned(), "Mars/Olympus"),
        ("starts = 2026-06-02\nends = 2026-06-01\n".to_owned(), "ends"),
        ("hashtags = [\"x\"]\n".to_owned() + &source("twin") + &source("twin"), "twin"),
        ("hashtags = [\"x\"]\n[[source]]\nname = \"a\"\nkind = \"mastadon\"\n".to_owned(), "mastadon"),
        ("schedule = \"nowhere.json\"\n".to_owned(), "nowhere.json"),
    ];
    for (lines, word) in cases {
        let place = Place::new();
        place.write("event.toml", &format!("{EVENT}{lines}"));
        let ended = place.run(&["event", "apply", "event.toml"]);
        assert_eq!(ended.code, Some(2), "{lines}: {ended:?}");
        assert!(ended.stderr.contains("event.toml") || ended.stderr.contains(word), "{lines}: {ended:?}");
        assert!(ended.stderr.contains(word), "{lines}: {ended:?}");
        assert!(!place.path().join("data/live").exists(), "nothing is half-applied: {lines}");
    }
}

#[test]
fn broken_schedule_ends_with_2_and_changes_nothing() {
    let place = Place::new();
    place.write("perihelion.toml", &free_ports());
    place.write("event.toml", EVENT);
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
    place.write("schedule.json", "{\"schedule\": {\"conference\": 3");
    let ended = place.run(&["schedule", "import", "rustfest", "schedule.json"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("schedule.json"), "{ended:?}");
    let shown = place.run(&["event", "show", "rustfest"]);
    assert!(shown.stderr.contains("(1 entries)"), "{shown:?}");
}

#[test]
fn unknown_event_ends_with_2_and_lists_those_there_are() {
    let place = Place::new();
    place.write("perihelion.toml", &free_ports());
    place.write("event.toml", EVENT);
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
    for arguments in [["event", "show", "rustfst"].as_slice(), &["archive", "rebuild", "rustfst"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("it holds rustfest"), "{ended:?}");
    }
}

#[test]
fn keys_are_made_once_told_once_and_kept_from_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("perihelion.toml", &free_ports());
    let mut first = place.start(&["up"], "Perihelion is at");
    assert!(first.said().contains("/login?token="), "{}", first.said());
    first.stop();
    for file in ["intake-token", "owner-link.sha256"] {
        let mode = std::fs::metadata(place.path().join("data").join(file)).expect("the key's file is there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let second = place.start(&["up"], "Perihelion is at");
    assert!(!second.said().contains("token="), "{}", second.said());
}
