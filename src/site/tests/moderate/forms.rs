//! The queue without a script, and what of it the public can see: nothing.

use super::{
    super::stand::{Answer, SLUG, form_token},
    *,
};

const OURS: &str = "http://127.0.0.1:8080";
/// Every public place at which a post's words could be read.
const SURFACES: [&str; 12] = [
    "/rustfest",
    "/rustfest/items?before=9999",
    "/rustfest/search?q=casino",
    "/rustfest/catch-up",
    "/rustfest/feed.atom",
    "/rustfest/feed.rss",
    "/rustfest/feed.json",
    "/rustfest/export.ndjson",
    "/rustfest/export.csv",
    "/rustfest/wall",
    "/rustfest/embed",
    "/api/v1/events/rustfest/items",
];

async fn press(desk: &Desk, fields: &[(&str, &str)]) -> Answer {
    let token = form_token();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("form_token", &token)
        .finish();
    let request = owner(Request::post(PAGE)).header("content-type", "application/x-www-form-urlencoded");
    desk.send(request, body).await
}

async fn page(desk: &Desk, path: &str) -> String {
    let answer = desk.send(owner(Request::get(path)), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.text()
}

/// The page to which a press leads.
async fn after(desk: &Desk, fields: &[(&str, &str)]) -> String {
    let answer = press(desk, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    page(desk, answer.header("location")).await
}

fn undo(page: &str) -> String {
    let from = page.split_once("name=\"undo\" value=\"").unwrap_or_else(|| panic!("no way back: {page}")).1;
    from.split_once('"').expect("an end").0.replace("&#38;", "&")
}

/// The post's page, once the site has heard of it.
async fn shown(desk: &Desk, id: &str) -> String {
    loop {
        let answer = desk.get(&format!("/{SLUG}/posts/{id}")).await;
        if answer.status == StatusCode::OK {
            return answer.text();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Public places that hold these words.
async fn seen(desk: &Desk, id: &str, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let own = format!("/{SLUG}/posts/{id}");
    for path in SURFACES.into_iter().chain([own.as_str()]) {
        if desk.get(path).await.text().contains(words) {
            found.push(path.to_owned());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_post_is_on_no_public_page_and_enters_as_new_when_it_is_approved() {
    let desk = desk("open").await;
    let held = say(&desk, "a", "The casino opens at nine.").await;
    let later = say(&desk, "b", "Said later, shown at once.").await;
    assert_eq!(seen(&desk, &held, "opens at nine").await, Vec::<String>::new());
    let drawn = page(&desk, PAGE).await;
    assert!(drawn.contains("The casino opens at nine.") && drawn.contains("Rule “casinos”"), "{drawn}");
    assert!(drawn.contains("The oldest has waited for less than a minute."), "{drawn}");
    assert!(drawn.contains("1 waiting here") && !drawn.contains("Said later"), "{drawn}");
    assert!(page(&desk, "/admin/rustfest").await.contains("1 post waits, 0 were reported."));

    let drawn = after(&desk, &[("do", &format!("show {held}")), ("back", "tab=held")]).await;
    assert!(drawn.contains("1 post shown.") && drawn.contains("Nothing waits."), "{drawn}");
    let live = desk.get("/rustfest").await.text();
    let place = |id: &str| live.find(&format!("id=\"i-{id}\"")).unwrap_or_else(|| panic!("{id}: {live}"));
    assert!(place(&held) < place(&later), "it stands where new posts stand");
    let drawn = after(&desk, &[("undo", &undo(&drawn))]).await;
    assert!(drawn.contains("Taken back.") && drawn.contains("The casino opens at nine."), "{drawn}");
    assert_eq!(seen(&desk, &held, "opens at nine").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_kind_that_is_moderated_says_so_and_onsite_posts_wait_too() {
    let desk = Desk::new("hold", "").await;
    let held = say(&desk, "a", "Anything at all.").await;
    let drawn = page(&desk, PAGE).await;
    assert!(drawn.contains("Its source is moderated"), "{drawn}");
    assert_eq!(seen(&desk, &held, "Anything at all").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_posts_are_decided_at_once_and_piles_narrow_to_an_author_or_a_rule() {
    let desk = desk("open").await;
    let mut held = Vec::new();
    for n in 0..4 {
        held.push(say(&desk, if n < 3 { "spammer" } else { "other" }, &format!("Casino number {n}")).await);
    }
    let only = "?tab=held&author=onsite%3Aperson%3Aspammer";
    let drawn = page(&desk, &format!("{PAGE}{only}")).await;
    assert!(drawn.contains("Casino number 2") && !drawn.contains("Casino number 3"), "{drawn}");
    let by_rule = page(&desk, &format!("{PAGE}?tab=held&rule=casinos")).await;
    assert!(by_rule.contains("Casino number 3") && by_rule.contains("4 posts, last"), "{by_rule}");
    assert!(page(&desk, &format!("{PAGE}?tab=held&rule=none")).await.contains("Nothing here."));
    let fields: Vec<(&str, &str)> =
        held[..3].iter().map(|id| ("ids", id.as_str())).chain([("selected", "hide")]).collect();
    let drawn = after(&desk, &fields).await;
    assert!(drawn.contains("3 posts hidden.") && drawn.contains("Casino number 3"), "{drawn}");
    let hidden = page(&desk, &format!("{PAGE}?tab=hidden")).await;
    assert!(hidden.contains("Hidden by owner:owner") && hidden.contains("Casino number 0"), "{hidden}");
    after(&desk, &[("undo", &undo(&drawn))]).await;
    assert_eq!(ids(&bench(&desk, "").await).len(), 4);
    let nothing = press(&desk, &[("selected", "hide")]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.text().contains("No post was selected"), "{}", nothing.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_is_blocked_with_all_they_said_and_let_in_again() {
    let desk = desk("open").await;
    let id = say(&desk, "troll", "Under the bridge.").await;
    let drawn = page(&desk, &format!("{PAGE}?tab=shown")).await;
    assert!(
        drawn.contains("Under the bridge.") && drawn.contains("value=\"blocked onsite:person:troll\""),
        "{drawn}"
    );
    let drawn = after(&desk, &[("author", "blocked onsite:person:troll"), ("back", "tab=shown")]).await;
    assert!(drawn.contains("Blocked: all this author"), "{drawn}");
    while !seen(&desk, &id, "Under the bridge").await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    say(&desk, "troll", "Again.").await;
    let hidden = page(&desk, &format!("{PAGE}?tab=hidden")).await;
    assert!(hidden.contains("Again.") && hidden.contains("blocked by owner:owner"), "{hidden}");
    assert!(hidden.contains("1 post hidden since"), "{hidden}");
    after(&desk, &[("undo", &undo(&drawn))]).await;
    while desk.shown().await != 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_stands_over_the_words_everywhere_and_comes_off() {
    let desk = desk("open").await;
    let id = say(&desk, "a", "A spoiler.").await;
    let drawn = after(&desk, &[("do", &format!("cover {id}")), ("back", "tab=shown")]).await;
    assert!(drawn.contains("1 post covered.") && drawn.contains("Take the cover off"), "{drawn}");
    let post = desk.get(&format!("/{SLUG}/posts/{id}")).await.text();
    assert!(post.contains("<details class=\"cover\">") && post.contains("Covered by a moderator"), "{post}");
    after(&desk, &[("do", &format!("uncover {id}"))]).await;
    assert!(!desk.get(&format!("/{SLUG}/posts/{id}")).await.text().contains("class=\"cover\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_report_with_a_plain_form_once_each_and_moderators_answer() {
    let desk = desk("open").await;
    let id = say(&desk, "a", "Buy my book.").await;
    let post = shown(&desk, &id).await;
    assert!(
        post.contains(&format!("action=\"/{SLUG}/posts/{id}/report\""))
            && post.contains("Spam or advertising"),
        "{post}"
    );
    let first = report(&desk, &id, "spam", "", OURS).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text());
    let thanks = desk.get(first.header("location")).await.text();
    assert!(thanks.contains("The moderators have your report."), "{thanks}");
    let cookie = first.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    assert!(cookie.starts_with("writer="), "{cookie}");
    for reason in ["spam", "abuse"] {
        assert_eq!(report(&desk, &id, reason, &cookie, OURS).await.status, StatusCode::SEE_OTHER);
    }
    report(&desk, &id, "private", "", OURS).await;
    let told = bench(&desk, "?tab=reported").await;
    assert_eq!(told["cases"][0]["reports"], serde_json::json!({"private": 1, "spam": 1}), "{told}");
    assert_eq!(told["cases"][0]["state"], "shown", "reports hide nothing by themselves");
    let drawn = page(&desk, &format!("{PAGE}?tab=reported")).await;
    assert!(drawn.contains("1 reader: Spam or advertising") && drawn.contains("Leave it"), "{drawn}");
    let drawn = after(&desk, &[("do", &format!("keep {id}")), ("back", "tab=reported")]).await;
    assert!(drawn.contains("Nothing was reported."), "{drawn}");
    assert_eq!(desk.shown().await, 1);

    assert_eq!(report(&desk, &id, "spam", "", "https://evil.example").await.status, StatusCode::FORBIDDEN);
    assert_eq!(report(&desk, &id, "", "", OURS).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(report(&desk, "000000000000", "spam", "", OURS).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_behind_the_door_and_other_sites_cannot_press_in_a_moderators_browser() {
    let desk = desk("open").await;
    let held = say(&desk, "a", "casino").await;
    for path in [PAGE, API] {
        assert_eq!(desk.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let evil = Request::post(PAGE)
        .header("cookie", format!("owner={OWNER_KEY}"))
        .header("origin", "https://evil.example")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = format!("do=show+{held}&form_token={}", form_token());
    assert_eq!(desk.send(evil, body).await.status, StatusCode::FORBIDDEN);
    let unsigned = owner(Request::post(PAGE)).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(desk.send(unsigned, format!("do=show+{held}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ids(&bench(&desk, "").await), [held]);
}
