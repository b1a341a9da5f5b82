//! What a stranger's `perihelion.toml` may do to us, and what we answer.

use super::settings::Origin;
use super::*;

fn load_text(text: &str) -> Result<Config, Vec<String>> {
    load_with(text, &[])
}

fn load_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let file = ConfigFile { path: DEFAULT_FILE.into(), was_read: true };
    read(text, environment, file).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn origin(config: &Config, key: &str) -> Origin {
    config.effective.iter().find(|setting| setting.key == key).expect("every key is listed").origin.clone()
}

#[test]
fn empty_file_gives_the_documented_defaults() {
    let config = load_text("").unwrap();
    assert_eq!(config.data_dir, Path::new("data"));
    assert_eq!(config.live.url, LiveUrl::Embedded);
    assert_eq!(config.halley.poll_hold.as_secs(), 25);
    assert_eq!((config.halley.workers, config.halley.shards), (1, 0));
    assert_eq!(config.site.listen.port(), 8080);
    assert_eq!(origin(&config, "live.url"), Origin::Default);
}

#[test]
fn file_beats_default_and_environment_beats_file() {
    let text = "data_dir = \"d\"\n\n[site]\nlisten = \"127.0.0.1:9000\"\n";
    let config = load_with(text, &[("PERIHELION_SITE_LISTEN", "127.0.0.1:9001")]).unwrap();
    assert_eq!(config.site.listen.port(), 9001);
    assert_eq!(origin(&config, "data_dir"), Origin::File(1));
    assert_eq!(origin(&config, "site.listen"), Origin::Environment("PERIHELION_SITE_LISTEN".to_owned()));
}

#[test]
fn unknown_key_is_refused_by_name_and_line_with_a_guess() {
    let problems = load_text("\n[halley]\nlisten = \"127.0.0.1:1\"\npol_hold_seconds = 3\n").unwrap_err();
    let expected = "config: unknown key \"halley.pol_hold_seconds\" at line 4; did you mean \"halley.poll_hold_seconds\"?";
    assert_eq!(problems, [expected]);
}

#[test]
fn unknown_section_is_refused_with_a_guess() {
    let problems = load_text("[nozle]\nlisten = \"127.0.0.1:1\"\n").unwrap_err();
    assert_eq!(problems, ["config: unknown key \"nozle.listen\" at line 2; did you mean \"nozzle.listen\"?"]);
    assert!(load_text("[site.listen]\n").is_err());
    assert!(load_text("[sight]\n").is_err());
    assert!(load_text("[site]\n").is_ok());
}

#[test]
fn far_off_key_gets_no_wild_guess() {
    let problems = load_text("frobnicate = 1\n").unwrap_err();
    assert_eq!(problems, ["config: unknown key \"frobnicate\" at line 1"]);
}

#[test]
fn misspelt_variable_is_refused_and_foreign_ones_are_left_alone() {
    let problems = load_with("", &[("PERIHELION_LIVE_ULR", "x")]).unwrap_err();
    assert!(problems[0].contains("did you mean \"PERIHELION_LIVE_URL\"?"), "{problems:?}");
    assert!(load_with("", &[("PERIHELION_REQUIRE_SERVERS", "1")]).is_ok());
}

#[test]
fn wrong_type_names_key_line_and_what_is_allowed() {
    let problems = load_text("[halley]\npoll_hold_seconds = \"10\"\n").unwrap_err();
    let expected = "config: \"halley.poll_hold_seconds\" at line 2 is a string; \
                    allowed: a whole number of seconds from 1 to 28, without a unit";
    assert_eq!(problems, [expected]);
    for wrong in ["10s", "-1", "0", "29", "1.5", "true", "[1]", "0x10"] {
        assert!(load_text(&format!("[halley]\npoll_hold_seconds = {wrong}\n")).is_err(), "{wrong}");
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = load_text("oops = 1\n[site]\nlisten = \"here\"\npublic_url = \"ftp://x\"\n").unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn broken_toml_names_its_line_but_not_its_words() {
    let problems = load_text("[live]\nurl = \"redis://:hunter2@h\n").unwrap_err();
    assert!(problems[0].starts_with("config: line 2 is not TOML"), "{problems:?}");
    assert!(!problems[0].contains("hunter2"));
}

#[test]
fn passwords_never_print() {
    let text = "[live]\nurl = \"redis://u:hunter2@h:6379\"\n[archive]\nurl = \"postgres://u:hunter2@h/d?password=hunter2\"\n";
    let config = load_text(text).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(config.effective.iter().any(|setting| setting.shown == "redis://u:****@h:6379"));
    let problems = load_text("[live]\nurl = \"rediss+odd://u:hunter2@h\"\n").unwrap_err();
    assert!(
        !problems[0].contains("hunter2") && problems[0].contains("redis://127.0.0.1:6379"),
        "{problems:?}"
    );
}

#[test]
fn settings_that_are_handed_on_say_the_same() {
    let text = "[halley]\nworkers = 3\n[live]\nurl = \"redis://u:hunter2@h:6379\"\n";
    let config = load_text(text).unwrap();
    assert_eq!(config.text.expose(), text);
    let handed = handed(&config.text, Some(Path::new("p.toml"))).unwrap();
    assert_eq!((handed.halley.workers, handed.live.url), (3, config.live.url));
    assert_eq!(handed.file.path, Path::new("p.toml"));
}

#[test]
fn networks_are_lists_in_the_file_and_comma_separated_in_the_environment() {
    let config = load_text("[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n").unwrap();
    assert!(config.http.trusted_proxies.contains("10.1.2.3".parse().unwrap()));
    let config = load_with("", &[("PERIHELION_HTTP_VENUE_CIDRS", "10.0.0.0/8, 192.0.2.1")]).unwrap();
    assert!(config.http.venue_cidrs.contains("192.0.2.1".parse().unwrap()));
    assert!(load_text("[http]\ntrusted_proxies = [\"10.0.0.0/99\"]\n").is_err());
    assert!(load_text("[http]\ntrusted_proxies = \"10.0.0.0/8\"\n").is_err());
}
