//! What the program answers to settings, files and surroundings that cannot be: exit 2 when it was asked wrongly,
//! exit 1 when it could not, always with a sentence that says what to change.

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
