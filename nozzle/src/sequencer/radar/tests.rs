//! Which hashtags are suggested, and that the radar stays small.

use super::*;

#[test]
fn what_only_the_author_of_a_removed_post_wrote_is_forgotten() {
    let mut radar = Radar::default();
    radar.post("x:a", ["Mine".to_owned(), "shared".to_owned()]);
    radar.post("x:b", ["shared".to_owned()]);
    assert!(!radar.forget("x:b", &["mine".to_owned()]), "it is another one's");
    assert!(radar.forget("x:a", &["MINE".to_owned(), "shared".to_owned(), "never".to_owned()]));
    let note = radar.note().unwrap();
    assert!(!note.to_lowercase().contains("mine") && note.contains("shared"), "{note}");
    assert!(!radar.forget("x:a", &["mine".to_owned()]));
}

fn ours() -> Vec<String> {
    vec!["RustFest".to_owned()]
}

fn names(radar: &Radar) -> Vec<String> {
    radar.suggestions(&ours(), &["rfmain".to_owned()]).into_iter().map(|near| near.tag).collect()
}

#[test]
fn hashtags_that_look_like_ours_are_near_and_others_are_not() {
    for tag in
        ["rustfest26", "rustfest2026", "rust_fest", "rustfests", "rustfst", "rustgest", "myrustfest", "rust"]
    {
        assert!(is_alike("rustfest", tag), "{tag}");
    }
    for tag in ["rst", "fe", "fosdem", "2026", "rüstzeug", "rstfst", "ru"] {
        assert!(!is_alike("rustfest", tag), "{tag}");
    }
    assert!(is_alike("37c3", "38c3") && !is_alike("37c3", "c4"));
    assert!(!is_alike("pycon", "pycom"), "too short for a slip");
    assert!(is_alike("日本語会議", "日本語会議2026"));
}

#[test]
fn people_and_posts_are_counted_once_each_and_the_spelling_is_kept() {
    let mut radar = Radar::default();
    for n in 0..31 {
        radar.post(&format!("x:{}", n % 12), ["RustFest", "RustFest26", "rustfest26"].map(String::from));
    }
    let near = radar.suggestions(&ours(), &[]);
    let want = NearTag { tag: "RustFest26".into(), people: 12, or_more: false, posts: 31, why: Near::Alike };
    assert_eq!(near, [want]);
}

#[test]
fn one_persons_hashtag_is_not_suggested_nor_a_followed_one_nor_a_rooms() {
    let mut radar = Radar::default();
    for n in 0..9 {
        radar.post("x:1", ["rustfest99".to_owned()]);
        radar.post(&format!("x:{n}"), ["RUSTFEST".to_owned(), "rfmain".to_owned()]);
    }
    assert_eq!(names(&radar), Vec::<String>::new());
    radar.near("x:2", "rustfest99");
    assert_eq!(names(&radar), ["rustfest99"]);
}

#[test]
fn what_is_often_written_beside_ours_comes_after_what_looks_like_it() {
    let mut radar = Radar::default();
    for n in 0..20 {
        let tags = if n < 6 { vec!["ferris".to_owned(), "rustfest26".to_owned()] } else { vec![] };
        radar.post(&format!("x:{n}"), tags);
    }
    radar.post("x:20", ["hallway".to_owned()]);
    assert_eq!(names(&radar), ["rustfest26", "ferris"]);
    assert_eq!(radar.suggestions(&ours(), &[])[1].why, Near::Beside);
    for n in 0..20 {
        radar.post(&format!("x:{n}"), []);
    }
    assert_eq!(names(&radar), ["rustfest26"], "six of forty are not often");
}

#[test]
fn a_flood_of_hashtags_drives_out_the_least_used_ones_only() {
    let mut radar = Radar::default();
    for n in 0..3 {
        radar.near(&format!("x:{n}"), "rustfest26");
    }
    for n in 0..3 * TAGS_MAX {
        radar.near("x:spam", &format!("flood{n}"));
        radar.near("x:spam", &"long".repeat(TAG_BYTES_MAX));
    }
    assert_eq!(radar.tags.len(), TAGS_MAX);
    assert_eq!(names(&radar), ["rustfest26"]);
    for n in 0..2 * PEOPLE_MAX {
        radar.near(&format!("x:{n}"), "rustfest26");
    }
    let near = &radar.suggestions(&ours(), &[])[0];
    assert_eq!((near.people, near.or_more), (PEOPLE_MAX as u64, true));
}

#[test]
fn it_goes_on_from_its_note_and_a_broken_note_is_an_empty_radar() {
    let mut radar = Radar::default();
    radar.post("x:1", ["rustfest26".to_owned()]);
    assert_eq!(Radar::of_note(&radar.note().unwrap()), radar);
    assert_eq!(Radar::of_note("{\"posts\":"), Radar::default());
    assert!(!radar.note().unwrap().contains("x:1"));
}

#[test]
fn a_new_hashtag_finds_its_people_among_many_others() {
    let mut radar = Radar::default();
    // As many as are counted, each written by two people.
    for n in 0..TAGS_MAX {
        radar.near("x:1", &format!("word{n}"));
        radar.near("x:2", &format!("word{n}"));
    }
    for n in 0..20 {
        radar.near(&format!("x:{n}"), "rustfest26");
        (0..9).for_each(|m| radar.near("x:3", &format!("noise{n}x{m}")));
    }
    assert_eq!(radar.suggestions(&ours(), &[])[0].people, 20);
    assert_eq!(radar.tags.len(), TAGS_MAX);
}
