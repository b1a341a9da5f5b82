//! Bad settings, each told at its line with the cure, all of them at once, and no secret with them.

use super::*;

/// Problems of an event with this one source, whose heading stands in line 4.
fn told(source: &str) -> String {
    let text = format!(
        "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\n[[source]]\nname = \"a\"\n{source}\n"
    );
    match read(&text, &|_| None) {
        Ok(_) => String::new(),
        Err(bad) => bad.in_file("event.toml"),
    }
}

#[test]
fn each_bad_setting_is_told_with_file_line_and_cure() {
    for (source, line, cure) in [
        ("kind = \"mastodn\"", 6, "write bluesky, feed"),
        ("kind = \"mastodon\"", 4, "url is missing; write url = "),
        ("kind = \"flickr\"", 4, "key_env is missing"),
        ("kind = \"hook\"", 4, "secret_env is missing"),
        ("kind = \"twitter\"", 4, "token_env is missing"),
        ("kind = \"feed\"", 4, "url is missing"),
        ("kind = \"bluesky\"\ntags = [\"a b\"]", 7, "no hashtag"),
        ("kind = \"mastodon\"\nurl = \"http://s.example\"\ntoken_env = \"T\"", 7, "write https://"),
        ("kind = \"flickr\"\nkey_env = \"K\"\nurl = \"http://s.example\"", 8, "write https://"),
        ("kind = \"mastodon\"\nurl = \"https://s.example\"\npoll_seconds = 0", 8, "between 1 and 3600"),
        ("kind = \"mastodon\"\nurl = \"https://s.example\"\npoll_seconds = \"5\"", 8, "u32"),
        ("kind = \"mastodon\"\nurl = \"https://s.example\"\nuri = \"x\"", 8, "expected one of"),
        ("kind = \"twitter\"\ntoken_env = \"T\"\napi = \"v3\"", 8, "\"v2\" or \"v1\""),
        ("kind = \"mastodon\"\nurl = \"fosstodon.org\"", 7, "no address"),
        ("kind = \"replay\"\nurl = \"/no/such/file\"", 7, "no file"),
    ] {
        let told = told(source);
        assert!(told.starts_with(&format!("event.toml:{line}: ")) && told.contains(cure), "{source}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    for good in [
        "kind = \"mastodon\"\nurl = \"http://127.0.0.1:3000\"\ntoken_env = \"T\"",
        "kind = \"mastodon\"\nurl = \"http://s.example\"",
        "kind = \"onsite\"",
        "kind = \"feed\"\nurl = \"http://blog.example/feed\"",
    ] {
        assert_eq!(told(good), "");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = "slug = \"x\"\ntitle = \"T\"\nhashtags = [\"a b\"]\nhue = 5\n[[room]]\nname = \"Main\"\ntags = [\"c d\"]\n\
                [[source]]\nname = \"m\"\nkind = \"mastodon\"\nurl = \"nowhere\"\npoll_seconds = 9999\ntags = [\"\"]\n\
                [[source]]\nname = \"n\"\nkind = \"gopher\"\n";
    let bad = read(text, &|_| None).unwrap_err();
    let lines: Vec<usize> = bad.0.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 3, 4, 7, 11, 12, 13, 16], "{bad}");
    let two = "slug=\"abc\"\ntitle=\"x\"\nhashtags=[\"a b\"]\n[[source]]\nname=\"b\"\nkind=\"bluesky\"\n";
    assert_eq!(read(two, &|_| None).unwrap_err().0.len(), 1, "the event's hashtags are told once");
}

#[test]
fn a_secret_that_was_written_into_the_file_is_not_printed() {
    for source in [
        "kind = \"mastodon\"\nurl = \"https://s.example\"\ntoken_env = \"s3cret-token\"",
        "kind = \"mastodon\"\nurl = \"https://me:s3cret@s.example\"",
        "kind = \"mastodon\"\nurl = \"s3cret\"",
        "kind = \"mastodon\"\nurl = \"ftp://s.example/s3cret\"",
        "kind = \"hook\"\nsecret = \"s3cret\"",
        "kind = \"flickr\"\npoll_seconds = \"s3cret\"\nkey_env = \"K\"",
    ] {
        let told = told(source);
        assert!(!told.is_empty() && !told.contains("s3cret"), "{told}");
    }
}

#[test]
fn variables_that_are_not_set_are_named() {
    let text = "slug=\"abc\"\ntitle=\"x\"\nhashtags=[\"a\"]\n[[source]]\nname=\"m\"\nkind=\"mastodon\"\nurl=\"https://s.example\"\n\
                token_env=\"SET\"\n[[source]]\nname=\"f\"\nkind=\"flickr\"\nkey_env=\"UNSET\"\n";
    let env = |name: &str| (name == "SET").then(|| "canary".to_owned());
    let event = read(text, &env).unwrap();
    assert_eq!(unset(&event, &env), [("f", "key_env", "UNSET")]);
}
