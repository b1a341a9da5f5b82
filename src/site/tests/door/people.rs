//! Roles: who may invite whom, who may shut out whom, what organisers see of others, and how it is taken back.

use super::{Browser, PASSWORD, invited, join, link_in, owned};
use crate::site::tests::stand::{Answer, Stand};
use http::StatusCode;

const HERE: &str = "/admin/rustfest/people";

/// The id of somebody, as a page's forms name them.
async fn id_of(browser: &mut Browser<'_>, login: &str) -> String {
    let page = browser.get("/admin/people").await.text();
    let from = page.split_once(&format!("<span>{login}")).unwrap_or_else(|| panic!("{login}: {page}")).1;
    let from = from.split_once("name=\"person\" value=\"").expect("a form").1;
    from.split('"').next().expect("an id").to_owned()
}

fn said(answer: &Answer) -> String {
    let text = answer.text();
    let from = text.split_once("role=\"status\">").unwrap_or_else(|| panic!("{text}")).1;
    from.split('<').next().expect("words").to_owned()
}

#[tokio::test]
async fn each_role_sees_what_is_its_own_and_no_more() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    for (login, role, seen) in [
        ("stef", "steward", [200, 200, 403, 403, 403]),
        ("mo", "moderator", [200, 200, 403, 403, 403]),
        ("olga", "organiser", [200, 200, 200, 200, 403]),
    ] {
        let mut browser = invited(&mut ada, HERE, login, role).await;
        let paths = ["/admin", "/admin/rustfest/stage", HERE, "/admin/rustfest/audit", "/admin/people"];
        for (path, seen) in paths.into_iter().zip(seen) {
            let answer = browser.get(path).await;
            assert_eq!(answer.status.as_u16(), seen, "{role} {path}");
            if seen == 403 {
                assert!(answer.text().contains("That is not yours to do"), "{}", answer.text());
            }
        }
        assert_eq!(browser.get("/admin/elsewhere/stage").await.status, StatusCode::NOT_FOUND);
    }
    for path in [HERE, "/admin/people", "/admin/audit"] {
        assert_eq!(ada.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn nobody_gives_more_than_they_are_and_owners_are_out_of_an_organisers_reach() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let mut olga = invited(&mut ada, HERE, "olga", "organiser").await;
    let mut mo = invited(&mut olga, HERE, "mo", "moderator").await;
    let (of_ada, of_mo, of_olga) = {
        let mut ids = Vec::new();
        for login in ["mo", "olga"] {
            ids.push(id_of(&mut ada, login).await);
        }
        let accounts = stand.site().door.memory.people().accounts().await.unwrap();
        let ada = accounts.into_iter().find(|account| account.login == "ada").unwrap();
        (ada.id.0, ids[0].clone(), ids[1].clone())
    };
    let refused = async |olga: &mut Browser<'_>, fields: &[(&str, &str)]| {
        let answer = olga.post(HERE, fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{fields:?}: {}", answer.text());
        said(&answer)
    };
    let owner = refused(&mut olga, &[("act", "invite"), ("login", "eve"), ("role", "owner")]).await;
    assert!(owner.contains("only owners make owners"), "{owner}");
    for act in ["disable", "reset", "sign-out"] {
        refused(&mut olga, &[("act", act), ("person", &of_ada)]).await;
        refused(&mut olga, &[("act", act), ("person", &of_olga)]).await;
    }
    for role in ["", "steward", "owner"] {
        refused(&mut olga, &[("act", "role"), ("person", &of_ada), ("role", role)]).await;
        refused(&mut olga, &[("act", "role"), ("person", &of_olga), ("role", role)]).await;
    }
    // Who has to do with other events as well is an owner's to shut out.
    ada.post(
        "/admin/people",
        &[("act", "role"), ("person", &of_mo), ("event", "00000009"), ("role", "steward")],
    )
    .await;
    refused(&mut olga, &[("act", "disable"), ("person", &of_mo)]).await;
    assert_eq!(mo.get("/admin/rustfest/stage").await.status, StatusCode::OK);
    assert_eq!(
        olga.post(HERE, &[("act", "role"), ("person", &of_mo), ("role", "")]).await.status,
        StatusCode::OK
    );
    assert_eq!(mo.get("/admin/rustfest/stage").await.status, StatusCode::NOT_FOUND, "at once");
    let last = ada.post("/admin/people", &[("act", "disable"), ("person", &of_ada)]).await;
    assert_eq!(last.status, StatusCode::CONFLICT, "that is you");
}

#[tokio::test]
async fn shutting_out_acts_at_once_is_noted_and_is_taken_back() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let mut mo = invited(&mut ada, HERE, "mo", "moderator").await;
    let id = id_of(&mut ada, "mo").await;
    ada.post(HERE, &[("act", "disable"), ("person", &id)]).await;
    assert_eq!(mo.get("/admin/rustfest/stage").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(mo.sign_in("mo", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let log = ada.get("/admin/rustfest/audit").await.text();
    assert!(log.contains("mo is shut out.") && log.contains("Invited mo as moderator."), "{log}");
    let n = log.split_once("name=\"undo\" value=\"").expect("the newest can be taken back").1;
    let n = n.split('"').next().expect("a number").to_owned();
    let taken = ada.post("/admin/rustfest/audit", &[("undo", &n)]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    assert_eq!(ada.post("/admin/rustfest/audit", &[("undo", &n)]).await.status, StatusCode::CONFLICT, "once");
    assert!(ada.get("/admin/rustfest/audit").await.text().contains("Took back: mo is shut out."));
    assert_eq!(mo.sign_in("mo", PASSWORD).await.status, StatusCode::SEE_OTHER);

    // What an owner did to somebody who has to do with other events is not an organiser's to take back.
    let newest = async |page: String| {
        let from = page.split_once("name=\"undo\" value=\"").expect("it can be taken back").1;
        from.split('"').next().expect("a number").to_owned()
    };
    ada.post(
        "/admin/people",
        &[("act", "role"), ("person", &id), ("event", "00000008"), ("role", "steward")],
    )
    .await;
    ada.post(HERE, &[("act", "disable"), ("person", &id)]).await;
    let mut oscar = invited(&mut ada, HERE, "oscar", "organiser").await;
    ada.post(HERE, &[("act", "disable"), ("person", &id)]).await;
    let n = newest(oscar.get("/admin/rustfest/audit").await.text()).await;
    assert_eq!(oscar.post("/admin/rustfest/audit", &[("undo", &n)]).await.status, StatusCode::CONFLICT);
    assert_eq!(mo.sign_in("mo", PASSWORD).await.status, StatusCode::UNAUTHORIZED, "still shut out");

    // The whole site's lines are not an organiser's to take back, and neither are another event's.
    let mut olga = invited(&mut ada, HERE, "olga", "organiser").await;
    ada.post(
        "/admin/people",
        &[("act", "role"), ("person", &id), ("event", "00000009"), ("role", "steward")],
    )
    .await;
    let all = ada.get("/admin/audit").await.text();
    let n =
        all.split_once("name=\"undo\" value=\"").expect("it can be taken back").1.split('"').next().unwrap();
    assert_eq!(olga.post("/admin/rustfest/audit", &[("undo", n)]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_reset_kills_password_log_ins_and_the_link_before() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let mut mo = invited(&mut ada, HERE, "mo", "steward").await;
    let id = id_of(&mut ada, "mo").await;
    let first = link_in(&ada.post(HERE, &[("act", "reset"), ("person", &id)]).await);
    assert_eq!(mo.get("/admin/rustfest/stage").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(mo.sign_in("mo", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let second = link_in(&ada.post(HERE, &[("act", "reset"), ("person", &id)]).await);
    for dead in [first.as_str(), &format!("/join/{}", "0".repeat(64))] {
        assert_eq!(stand.get(dead).await.status, StatusCode::GONE);
        assert_eq!(join(&mut mo, dead, "four new umbrellas").await.status, StatusCode::GONE);
    }
    assert_eq!(stand.get(&second).await.status, StatusCode::OK, "looking uses nothing up");
    assert_eq!(join(&mut mo, &second, "short").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(join(&mut mo, &second, "four new umbrellas").await.status, StatusCode::SEE_OTHER);
    assert_eq!(mo.get("/admin/rustfest/stage").await.status, StatusCode::OK);
    assert_eq!(stand.get(&second).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn programs_may_all_but_what_is_about_people() {
    let stand = Stand::new().await;
    let token = super::super::stand::INTAKE_TOKEN;
    let ask = async |path: &str| {
        let request = http::Request::get(path).header("authorization", format!("Bearer {token}"));
        stand.ask(request.body(axum::body::Body::empty()).unwrap()).await.status
    };
    for path in ["/admin/rustfest/stage", "/admin/rustfest/audit", "/api/v1/events/rustfest/wall", "/metrics"]
    {
        assert_eq!(ask(path).await, StatusCode::OK, "{path}");
    }
    for path in ["/admin/people", HERE, "/admin/rustfest/links", "/admin/me", "/admin/first"] {
        assert_eq!(ask(path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
}
