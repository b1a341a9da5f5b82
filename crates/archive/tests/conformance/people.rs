//! People: accounts, roles, log-ins, links, the audit log.

use archive::people::{
    Account, AuditLine, AuditPage, Capability, Change, Done, Grant, NewAccount, OneTimeLink, PersonId, Role,
    SESSIONS_MAX, Session, TokenHash,
};
use model::{EventId, Micros};

use crate::common::{World, event, plain_post};

const NOW: Micros = Micros(1_795_189_320_000_000);

fn new(login: &str, password: &str) -> NewAccount {
    NewAccount {
        id: PersonId(format!("p-{login}")),
        login: login.into(),
        name: login.to_uppercase(),
        password: password.into(),
        made: NOW,
    }
}

fn id(login: &str) -> PersonId {
    PersonId(format!("p-{login}"))
}

fn link(token: &str, ends: i64) -> OneTimeLink {
    OneTimeLink { hash: TokenHash::of(token), ends: NOW.plus(ends) }
}

fn session(token: &str, login: &str, made: i64) -> Session {
    let made = NOW.plus(made);
    Session { hash: TokenHash::of(token), person: id(login), made, seen: made, ends: made.plus(Micros::HOUR) }
}

fn at(event: EventId, role: Role) -> Option<Grant> {
    Some(Grant { event: Some(event), role })
}

impl World {
    async fn people_do(&self, change: Change) -> Done {
        self.people.change(change).await.unwrap()
    }

    async fn person(&self, login: &str) -> Account {
        self.people.login(login).await.unwrap().expect("it is there").0
    }

    async fn has_session(&self, token: &str) -> bool {
        self.people.session(&TokenHash::of(token), NOW).await.unwrap().is_some()
    }
}

pub(crate) async fn the_first_owner_is_one_and_the_last_one_stays(world: &World) {
    assert!(!world.people.has_owner().await.unwrap());
    // Before there is an owner, others come and go as they like.
    assert_eq!(
        world.people_do(Change::Add(new("stef", "h"), at(event(), Role::Steward), None)).await,
        Done::Yes
    );
    assert_eq!(world.people_do(Change::Disable(id("stef"), Some(NOW))).await, Done::Yes);
    assert_eq!(world.people_do(Change::FirstOwner(new("ada", "h"))).await, Done::Yes);
    assert!(world.people.has_owner().await.unwrap());
    assert_eq!(world.people_do(Change::FirstOwner(new("eve", "h"))).await, Done::Taken);
    assert!(world.people.login("eve").await.unwrap().is_none(), "what is refused leaves nothing");

    let shut_out = [
        Change::Disable(id("ada"), Some(NOW)),
        Change::Grant(id("ada"), None, None),
        Change::Grant(id("ada"), None, Some(Role::Organiser)),
    ];
    for change in shut_out.clone() {
        assert_eq!(world.people_do(change).await, Done::LastOwner);
    }
    assert_eq!(world.person("ada").await.role_everywhere(), Some(Role::Owner));
    // One who was invited and has not come yet counts while the link stands.
    let grant = Some(Grant { event: None, role: Role::Owner });
    assert_eq!(world.people_do(Change::Add(new("bea", ""), grant, None)).await, Done::Yes);
    assert_eq!(world.people_do(shut_out[0].clone()).await, Done::LastOwner);
    assert_eq!(world.people_do(Change::Reset(id("bea"), link("b", 9))).await, Done::Yes);
    assert_eq!(world.people_do(shut_out[0].clone()).await, Done::Yes);
}

pub(crate) async fn two_who_become_the_first_owner_at_once_are_one(world: &World) {
    let tries = (0..8).map(|n| {
        let people = world.people.clone();
        tokio::spawn(async move {
            let change = Change::FirstOwner(new(&format!("owner{n}"), "h"));
            // A database that is busy with the others is asked again, as the site would.
            loop {
                match people.change(change.clone()).await {
                    Ok(done) => return done,
                    Err(error) => assert_eq!(error.class(), archive::Class::Retry, "{error}"),
                }
            }
        })
    });
    let mut done = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        done.push(attempt.await.unwrap());
    }
    assert_eq!(done.iter().filter(|done| **done == Done::Yes).count(), 1, "{done:?}");
    assert_eq!(world.people.accounts().await.unwrap().len(), 1);
}

pub(crate) async fn an_account_is_found_by_its_name_with_what_it_may(world: &World) {
    let (one, other) = (event(), EventId::from_random(8));
    world.people_do(Change::Add(new("zoe", "hash-of-zoe"), at(one, Role::Moderator), None)).await;
    world.people_do(Change::Add(new("kim", ""), None, None)).await;
    assert_eq!(world.people_do(Change::Add(new("zoe", "x"), None, None)).await, Done::Taken);
    let (zoe, password) = world.people.login("zoe").await.unwrap().unwrap();
    assert_eq!((zoe.name.as_str(), password.as_str(), zoe.has_password), ("ZOE", "hash-of-zoe", true));
    assert_eq!(
        (zoe.role_at(one), zoe.role_at(other), zoe.role_everywhere()),
        (Some(Role::Moderator), None, None)
    );
    assert!(world.people.login("ZOE").await.unwrap().is_none());

    world.people_do(Change::Grant(id("zoe"), None, Some(Role::Steward))).await;
    world.people_do(Change::Grant(id("zoe"), Some(other), Some(Role::Organiser))).await;
    let zoe = world.people.account(&id("zoe")).await.unwrap().unwrap();
    assert_eq!(
        (zoe.role_at(one), zoe.role_at(other), zoe.role_everywhere()),
        (Some(Role::Moderator), Some(Role::Organiser), Some(Role::Steward))
    );
    assert_eq!(world.people_do(Change::Grant(id("zoe"), Some(one), None)).await, Done::Yes);
    assert_eq!(world.people_do(Change::Grant(id("zoe"), Some(one), None)).await, Done::Gone);
    assert_eq!(world.people_do(Change::Grant(id("nobody"), None, Some(Role::Owner))).await, Done::Gone);
    let all = world.people.accounts().await.unwrap();
    assert_eq!(
        all.iter().map(|a| (a.login.as_str(), a.grants.len())).collect::<Vec<_>>(),
        [("kim", 0), ("zoe", 2)]
    );

    assert_eq!(world.people_do(Change::Rehash(id("zoe"), "other".into(), "new".into())).await, Done::Gone);
    assert_eq!(
        world.people_do(Change::Rehash(id("zoe"), "hash-of-zoe".into(), "new".into())).await,
        Done::Yes
    );
    assert_eq!(world.people.login("zoe").await.unwrap().unwrap().1, "new");
}

pub(crate) async fn a_link_works_once_and_until_it_ends(world: &World) {
    let link_of = |token: &str| TokenHash::of(token);
    world.people_do(Change::Add(new("kim", ""), None, Some(link("first", 10)))).await;
    assert_eq!(world.people.link(&link_of("first"), NOW).await.unwrap().unwrap().login, "kim");
    assert!(world.people.link(&link_of("first"), NOW.plus(10)).await.unwrap().is_none(), "it has ended");
    assert!(world.people.link(&link_of("guess"), NOW).await.unwrap().is_none());
    world.people_do(Change::Reset(id("kim"), link("second", 10))).await;
    let use_it = |token: &str, at: i64| Change::UseLink(link_of(token), "chosen".into(), NOW.plus(at));
    assert_eq!(world.people_do(use_it("first", 0)).await, Done::Gone, "a newer link replaces it");
    assert_eq!(world.people_do(use_it("second", 10)).await, Done::Gone);
    assert_eq!(world.people_do(use_it("second", 9)).await, Done::Yes);
    assert_eq!(world.people_do(use_it("second", 9)).await, Done::Gone);
    assert_eq!(world.people.login("kim").await.unwrap().unwrap().1, "chosen");

    world.people_do(Change::SignIn(session("s", "kim", 0))).await;
    assert_eq!(world.people_do(Change::Reset(id("kim"), link("third", 10))).await, Done::Yes);
    assert!(!world.has_session("s").await && !world.person("kim").await.has_password);
    assert_eq!(world.people_do(Change::SignIn(session("s2", "kim", 0))).await, Done::Gone);
    world.people_do(Change::Disable(id("kim"), Some(NOW))).await;
    world.people_do(Change::Disable(id("kim"), None)).await;
    assert!(world.people.link(&link_of("third"), NOW).await.unwrap().is_none(), "shutting out ends links");
}

pub(crate) async fn log_ins_end_when_they_are_ended(world: &World) {
    for login in ["ada", "ben"] {
        world.people_do(Change::Add(new(login, "h"), None, None)).await;
    }
    for (token, login) in [("a1", "ada"), ("a2", "ada"), ("a3", "ada"), ("b1", "ben")] {
        assert_eq!(world.people_do(Change::SignIn(session(token, login, 0))).await, Done::Yes);
    }
    let (kept, account) = world.people.session(&TokenHash::of("a1"), NOW).await.unwrap().unwrap();
    assert_eq!((kept, account.login.as_str()), (session("a1", "ada", 0), "ada"));
    assert!(world.people.session(&TokenHash::of("a1"), NOW.plus(Micros::HOUR)).await.unwrap().is_none());
    assert_eq!(world.people.sessions(NOW).await.unwrap().len(), 2);

    world.people_do(Change::Seen(vec![(TokenHash::of("a1"), NOW.plus(5)), (TokenHash::of("a1"), NOW)])).await;
    let seen = world.people.session(&TokenHash::of("a1"), NOW).await.unwrap().unwrap().0.seen;
    assert_eq!(seen, NOW.plus(5), "it never goes back");

    assert_eq!(world.people_do(Change::SignOut(TokenHash::of("a1"))).await, Done::Yes);
    assert_eq!(world.people_do(Change::SignOut(TokenHash::of("a1"))).await, Done::Gone);
    assert!(!world.has_session("a1").await && world.has_session("a2").await);
    world.people_do(Change::Password(id("ada"), "new".into(), Some(TokenHash::of("a2")))).await;
    assert!(world.has_session("a2").await && !world.has_session("a3").await);
    world.people_do(Change::SignOutAll(id("ada"))).await;
    assert!(!world.has_session("a2").await && world.has_session("b1").await);
    world.people_do(Change::Disable(id("ben"), Some(NOW))).await;
    assert!(!world.has_session("b1").await);
    assert_eq!(world.people_do(Change::SignIn(session("b2", "ben", 0))).await, Done::Gone);

    for n in 0..=i64::from(SESSIONS_MAX) {
        world.people_do(Change::SignIn(session(&format!("n{n}"), "ada", n))).await;
    }
    assert!(!world.has_session("n0").await && world.has_session("n1").await, "the oldest ends");
}

pub(crate) async fn every_change_that_is_remembered_moves_the_version(world: &World) {
    let mut before = world.people.version().await.unwrap();
    let changes = [
        Change::Add(new("ada", "h"), None, None),
        Change::FirstOwner(new("bea", "h")),
        Change::Grant(id("ada"), Some(event()), Some(Role::Steward)),
        Change::SignIn(session("a", "ada", 0)),
        Change::SignOut(TokenHash::of("a")),
        Change::SignOutAll(id("ada")),
        Change::Password(id("ada"), "h2".into(), None),
        Change::Reset(id("ada"), link("l", 9)),
        Change::UseLink(TokenHash::of("l"), "h3".into(), NOW),
        Change::Disable(id("ada"), Some(NOW)),
        Change::Capability(wall("c", "t")),
        Change::EndCapability(event(), "c".into()),
    ];
    for change in changes {
        assert_eq!(world.people_do(change.clone()).await, Done::Yes, "{change:?}");
        let after = world.people.version().await.unwrap();
        assert!(after > before, "{change:?}");
        before = after;
    }
    assert_eq!(world.people_do(Change::SignOut(TokenHash::of("nobody"))).await, Done::Gone);
    assert_eq!(world.people.version().await.unwrap(), before, "what was not done moves nothing");
}

fn wall(id: &str, token: &str) -> Capability {
    Capability {
        id: id.into(),
        hash: TokenHash::of(token),
        event: event(),
        kind: "wall".into(),
        label: "Hall, left".into(),
        what: "{}".into(),
        made: NOW,
        ends: None,
    }
}

pub(crate) async fn capability_links_are_kept_by_event_and_change_their_token(world: &World) {
    let other = EventId::from_random(8);
    world.people_do(Change::Capability(wall("one", "t1"))).await;
    let ending = Capability { event: other, ends: Some(NOW.plus(5)), ..wall("two", "t2") };
    world.people_do(Change::Capability(ending.clone())).await;
    assert_eq!(world.people.capabilities(NOW).await.unwrap().len(), 2);
    assert_eq!(world.people.capabilities(NOW.plus(5)).await.unwrap(), [wall("one", "t1")]);

    assert_eq!(world.people_do(Change::Capability(wall("one", "t3"))).await, Done::Yes);
    let stolen = Capability { event: other, ..wall("one", "t4") };
    assert_eq!(
        world.people_do(Change::Capability(stolen)).await,
        Done::Gone,
        "no event takes another's link"
    );
    assert_eq!(world.people.capabilities(NOW.plus(5)).await.unwrap(), [wall("one", "t3")]);
    assert_eq!(world.people_do(Change::EndCapability(other, "one".into())).await, Done::Gone);
    assert_eq!(world.people_do(Change::EndCapability(event(), "one".into())).await, Done::Yes);
    assert_eq!(world.people.capabilities(NOW).await.unwrap(), [ending]);
}

pub(crate) async fn the_audit_log_tells_each_event_apart_and_is_undone_once(world: &World) {
    let line = |n: i64, event: Option<EventId>, undo: Option<&str>| AuditLine {
        at: NOW.plus(n),
        event,
        person: Some(id("ada")),
        who: "moderator:ada".into(),
        verb: "hide".into(),
        object: format!("post {n}"),
        sentence: "Hidden.".into(),
        undo: undo.map(str::to_owned),
    };
    let lines = vec![line(1, Some(event()), Some("show")), line(2, None, None), line(3, Some(event()), None)];
    world.people_do(Change::Audit(lines.clone())).await;
    let page = |event, before, limit| world.people.audit(AuditPage { event, before, limit });
    let all = page(None, None, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|row| row.line.clone()).collect::<Vec<_>>(),
        lines.iter().rev().cloned().collect::<Vec<_>>()
    );
    let of_event = page(Some(event()), None, 10).await.unwrap();
    assert_eq!(of_event.iter().map(|row| row.line.at.0 - NOW.0).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(page(Some(event()), Some(of_event[0].n), 10).await.unwrap(), of_event[1..]);
    assert_eq!(page(None, None, 1).await.unwrap(), all[..1]);

    let (with, without) = (of_event[1].n, of_event[0].n);
    assert_eq!(
        world.people_do(Change::Undo(without, NOW)).await,
        Done::Taken,
        "there is nothing to take back"
    );
    assert_eq!(world.people_do(Change::Undo(with, NOW)).await, Done::Yes);
    assert_eq!(world.people_do(Change::Undo(with, NOW)).await, Done::Taken);
    assert_eq!(world.people_do(Change::Undo(i64::MAX, NOW)).await, Done::Gone);
    assert_eq!(world.people.audit_row(with).await.unwrap().unwrap().undone, Some(NOW));
}

pub(crate) async fn rebuilding_the_archive_leaves_people_alone(world: &World) {
    world.people_do(Change::FirstOwner(new("ada", "h"))).await;
    world.people_do(Change::Capability(wall("c", "t"))).await;
    world.write(event(), vec![plain_post(1)]).await;
    world.archive.rebuild(event(), Box::new(crate::folding::Chunks::of(vec![plain_post(2)]))).await.unwrap();
    assert!(world.archive.item(event(), crate::common::id(1)).await.unwrap().is_none(), "it was rebuilt");
    assert!(world.people.has_owner().await.unwrap());
    assert_eq!(world.people.capabilities(NOW).await.unwrap().len(), 1);
}
