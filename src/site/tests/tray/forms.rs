//! The tray without a script: plain forms, redirects, a page that says what was done and takes it back.

use super::{
    super::{
        stand::{Answer, SLUG, form_token},
        writing::Desk,
    },
    desk, owner, say, unsorted, waiting,
};
use http::{Request, StatusCode};

async fn press(desk: &Desk, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("form_token", &form_token())
        .finish();
    let request = owner(Request::post("/admin/rustfest/file"));
    desk.send(request.header("content-type", "application/x-www-form-urlencoded"), body).await
}

async fn page(desk: &Desk, path: &str) -> String {
    desk.send(owner(Request::get(path)), "").await.text()
}

/// The value of the first button of this name on a page.
fn value(page: &str, name: &str) -> String {
    let from =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}")).1;
    from.split_once('"').expect("an end").0.replace("&#58;", ":")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_button_files_a_post_and_another_takes_it_back() {
    let desk = desk().await;
    let id = say(&desk, "Mm.").await;
    waiting(&desk, 1).await;
    let drawn = page(&desk, "/admin/rustfest/file").await;
    assert!(drawn.contains("1 post waits, none with a suggestion"), "{drawn}");
    let button = value(&drawn, "do");
    assert!(button.ends_with(&id), "{button}");
    let answer = press(&desk, &[("do", &button), ("back", "room=main-hall")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let location = answer.header("location").to_owned();
    assert!(
        location.starts_with("/admin/rustfest/file?room=main-hall&moved=1"),
        "the filter stays: {location}"
    );
    let after = page(&desk, &location).await;
    assert!(after.contains("1 post filed to “Forms that forgive”."), "{after}");
    let undone = press(&desk, &[("undo", &value(&after, "undo"))]).await;
    let last = page(&desk, undone.header("location")).await;
    assert!(last.contains("Taken back: 1 post as before.") && last.contains("1 post waits"), "{last}");
    assert!(!last.contains("name=\"undo\""), "there is nothing more to take back");
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_posts_go_in_one_move_and_come_back_each_to_its_place() {
    let desk = desk().await;
    let ids = [say(&desk, "Mm.").await, say(&desk, "Hm.").await, say(&desk, "Well.").await];
    waiting(&desk, 3).await;
    press(&desk, &[("ids", &ids[0]), ("selected", "event")]).await;
    let told = unsorted(&desk, "").await;
    let talk = told["items"][0]["on"][1]["talk"].as_str().expect("a talk").to_owned();
    let all: Vec<(&str, &str)> =
        ids.iter().map(|id| ("ids", id.as_str())).chain([("selected", "move"), ("talk", &talk)]).collect();
    let answer = press(&desk, &all).await;
    let after = page(&desk, answer.header("location")).await;
    assert!(after.contains("3 posts filed to “Who else reads your cache?”."), "{after}");
    press(&desk, &[("undo", &value(&after, "undo"))]).await;
    let mut left = waiting(&desk, 2).await;
    left.sort();
    let mut rest = ids[1..].to_vec();
    rest.sort();
    assert_eq!(left, rest, "what a person had filed before is a person's again, the others are the rules'");
    let post = desk.get(&format!("/{SLUG}/posts/{}", ids[0])).await.text();
    assert!(post.contains("About the event as a whole, by hand"), "{post}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_and_nothing_moves() {
    let desk = desk().await;
    let id = say(&desk, "Mm.").await;
    waiting(&desk, 1).await;
    for (fields, words) in [
        (&[("selected", "event")][..], "No post was selected"),
        (&[("ids", id.as_str()), ("selected", "move"), ("talk", "")], "No talk was chosen"),
        (&[("ids", id.as_str()), ("selected", "accept")], "has a suggestion"),
        (&[("do", "t99 k3f9q2m7xw4d")], "no talk t99"),
    ] {
        let answer = press(&desk, fields).await;
        assert!(answer.status.is_client_error(), "{fields:?}: {}", answer.status);
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    waiting(&desk, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steward_moves_any_post_from_its_own_page_and_nobody_else_sees_how() {
    let desk = desk().await;
    let id = say(&desk, "Mm.").await;
    waiting(&desk, 1).await;
    let post = format!("/{SLUG}/posts/{id}");
    let way = format!("/admin/rustfest/file?only={id}");
    assert!(!desk.get(&post).await.text().contains("/admin/"));
    let own = desk.send(owner(Request::get(&post)), "").await;
    assert!(own.text().contains(&way), "{}", own.text());
    assert_eq!(own.header("cache-control"), "private, no-cache");
    assert!(page(&desk, &way).await.contains("Not filed yet."));
    press(&desk, &[("ids", &id), ("selected", "event"), ("back", &format!("only={id}"))]).await;
    assert!(page(&desk, &way).await.contains("Filed as about the event by hand."));
    press(&desk, &[("ids", &id), ("selected", "rule"), ("back", &format!("only={id}"))]).await;
    assert!(page(&desk, &way).await.contains("Not filed yet."));
    let nobody = desk.send(owner(Request::get("/admin/rustfest/file?only=000000000000")), "").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}
