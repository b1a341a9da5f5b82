//! Extraction beyond the published cases: our additions, and what must not become a link.

use super::*;

fn found(text: &str) -> Vec<(Kind, &str)> {
    extract(text).into_iter().map(|f| (f.kind, &text[f.range])).collect()
}

fn urls(text: &str) -> Vec<&str> {
    found(text).into_iter().filter(|(kind, _)| *kind == Kind::Url).map(|(_, shown)| shown).collect()
}

#[test]
fn an_account_with_its_server_is_one_mention() {
    assert_eq!(found("ask @karo@rust.social, please"), [(Kind::Account, "@karo@rust.social")]);
    assert_eq!(found("@a.b-c@demo.example"), [(Kind::Account, "@a.b-c@demo.example")]);
    assert_eq!(found("@karo@rust.socialです"), [(Kind::Account, "@karo@rust.social")]);
    assert_eq!(found("@karo@nowhere @bo"), [(Kind::Mention, "@bo")]);
    assert_eq!(found("mail me@karo@rust.social"), []);
    assert_eq!(found("@karo@rust.social@x"), []);
}

#[test]
fn an_address_with_a_protocol_may_name_what_no_list_has() {
    assert_eq!(
        urls("http://192.168.0.7:8080/x, https://demo.example!"),
        ["http://192.168.0.7:8080/x", "https://demo.example"]
    );
    assert_eq!(urls("HTTPS://Talks.Test/a"), ["HTTPS://Talks.Test/a"]);
    assert_eq!(urls("192.168.0.7 demo.example v1.2.3 3.14 e.g. this"), Vec::<&str>::new());
    assert_eq!(urls("http://a.co.example/x"), ["http://a.co.example/x"]);
}

#[test]
fn a_country_that_hands_out_names_under_categories_only_is_one() {
    assert_eq!(
        urls("talks.org.za/2026/rust and http://a.co.za."),
        ["talks.org.za/2026/rust", "http://a.co.za"]
    );
    assert_eq!(urls("pizza.zaa plaza"), Vec::<&str>::new());
}

#[test]
fn a_host_that_nobody_can_ask_for_is_no_address() {
    let (most, more) = ("a".repeat(63), "a".repeat(64));
    assert_eq!(
        urls(&format!("http://{most}.com {most}.org")),
        [format!("http://{most}.com"), format!("{most}.org")]
    );
    assert_eq!(urls(&format!("http://{more}.com/x {more}.org/x")), Vec::<&str>::new());
    let kana = |count| format!("http://{}.com/x", "か".repeat(count));
    assert_eq!(urls(&kana(20)), [kana(20)]);
    assert_eq!(urls(&kana(100)), Vec::<&str>::new(), "its ASCII form is too long");
    assert_eq!(urls(&format!("http://{}com", "a.".repeat(130))), Vec::<&str>::new());
    assert_eq!(urls("http://xn--なに.com http://xn--bcher-kva.example/"), ["http://xn--bcher-kva.example/"]);
}

#[test]
fn a_sentence_keeps_its_punctuation() {
    assert_eq!(
        urls("(see https://a.com/b), or https://a.com/c_(d)."),
        ["https://a.com/b", "https://a.com/c_(d)"]
    );
    assert_eq!(
        urls("https://a.com/?q=1&r=[2]! \"https://b.com/\""),
        ["https://a.com/?q=1&r=[2", "https://b.com/"]
    );
    assert_eq!(urls("https://a.com/x… https://a.com/y’s"), ["https://a.com/x", "https://a.com/y"]);
}

#[test]
fn hashtags_of_words_are_told_from_those_of_addresses() {
    let tags = |text: &'static str| hashtags(text).collect::<Vec<_>>();
    assert_eq!(tags("#RustFest, https://a.com/#no and #two"), ["RustFest", "two"]);
    assert_eq!(tags("no tag. #1 #️⃣ a#b"), Vec::<&str>::new());
    assert_eq!(tags("#rust-fest ＃ｒｕｓｔ"), ["rust", "ｒｕｓｔ"]);
}

#[test]
fn a_tag_is_ours_in_any_case_and_form() {
    for (one, other) in [
        ("RustFest", "rustfest"),
        ("ｒｕｓｔ", "Rust"),
        ("Caf\u{e9}", "cafe\u{301}"),
        ("ΣΟΦΟΣ", "σοφος"),
        ("می\u{200c}خواهم", "میخواهم"),
    ] {
        assert_eq!(tag_key(one), tag_key(other));
    }
    assert_ne!(tag_key("café"), tag_key("cafe"));
    assert_ne!(tag_key("rust_fest"), tag_key("rustfest"));
}
