//! What people take away on every network, each in its own way, cannot be read anywhere five seconds after we have learnt of
//! it; who only was away comes back, except for what a moderator hid.

use std::time::{Duration, Instant};

use ::networks::hook::body;
use ::networks::{Author, Happening, Post};
use model::Uid;
use serde_json::json;

use super::visitors::{sender, write};
use super::world::{World, env, now};
use crate::product::{EVENT, Product, Stores};
use crate::removal::{surfaces, wait_page};

/// How long all posts may take to arrive, and each network to tell that one is gone: X and Flickr have to be asked.
const LEARN_LIMIT: Duration = Duration::from_secs(90);
/// What is promised from then on.
const PROMISE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// An account that its network takes down, and one that its owner closes for a while.
const TAKEN_DOWN: &str = "did:plc:takendowntakendowntakend";
const AWAY: &str = "did:plc:awayawayawayawayawayaway";

/// Each way to take something away, named by the words that go.
const GONE: [&str; 9] = [
    "tootdeleted",
    "tweetdeleted",
    "photodeleted",
    "skeetdeleted",
    "takendownfirst",
    "takendownlast",
    "awayforawhile",
    "pushdeleted",
    "guestdeleted",
];
/// Hidden by a moderator before its author went away.
const MODERATED: &str = "hiddenbyamoderator";
const STAYS: [&str; 6] = ["tootstays", "tweetstays", "photostays", "skeetstays", "pushstays", "gueststays"];

/// What has to be named to be taken away.
struct Said {
    toot: Post,
    tweet: Post,
    photo: Post,
    skeet: Post,
    guest: String,
    cookie: String,
}

/// What became of a Bluesky account, as its network's stream tells it.
fn account(world: &mut World, did: &str, change: serde_json::Value) {
    let at = now();
    let mut told = change;
    told["did"] = json!(did);
    told["seq"] = json!(7);
    told["time"] = json!("2026-06-01T00:00:00.000Z");
    let line = json!({"did": did, "time_us": at, "kind": "account", "account": told}).to_string();
    let event = world.post("relay", "");
    world.sky.say(Happening::Post(Post { created_at: at, html: Some(line), ..event }));
}

async fn push(product: &Product, happening: &Happening) {
    let body = body(happening, now()).expect("it has a body");
    let id = format!("msg_{}", now());
    let delivered = sender(&product.hooks).deliver(&id, &body).await;
    assert!(delivered.is_taken(), "{delivered:?}");
}

fn skeet_of(world: &mut World, did: &str, words: &str) -> Post {
    let post = world.post("somebody", words);
    let handle = format!("{}.example", &did[8..12]);
    let post = Post { author: Author { id: did.into(), handle, ..post.author.clone() }, ..post };
    world.sky.say(Happening::Post(post.clone()));
    post
}

/// Says everything, waits until it is on the page, and hides what a moderator hides.
async fn everything_is_said(world: &mut World, product: &Product) -> Said {
    let [toot, tweet, skeet] = [GONE[0], GONE[1], GONE[3]].map(|words| world.post("ada", words));
    let [toot_stays, tweet_stays, skeet_stays] = [STAYS[0], STAYS[1], STAYS[3]].map(|w| world.post("bo", w));
    let [photo, photo_stays] = [GONE[2], STAYS[2]].map(|words| world.photo(words));
    // The other server has the toots as well, and hears of no deletion.
    let here = [
        (&world.one, [&toot, &toot_stays]),
        (&world.two, [&toot, &toot_stays]),
        (&world.x, [&tweet, &tweet_stays]),
        (&world.photos, [&photo, &photo_stays]),
        (&world.sky, [&skeet, &skeet_stays]),
    ];
    for (server, posts) in here {
        posts.into_iter().for_each(|post| server.say(Happening::Post(post.clone())));
    }
    skeet_of(world, TAKEN_DOWN, GONE[4]);
    skeet_of(world, TAKEN_DOWN, GONE[5]);
    skeet_of(world, AWAY, GONE[6]);
    let moderated = skeet_of(world, AWAY, MODERATED);
    for words in [GONE[7], STAYS[4]] {
        push(product, &Happening::Post(Post::new(words, now(), "partner", words))).await;
    }
    write(&product.site, "00000000-0000-4000-8000-000000000001", STAYS[5]).await;
    let (guest, cookie) = write(&product.site, "00000000-0000-4000-8000-000000000002", GONE[8]).await;
    wait_page(product, LEARN_LIMIT, |page| {
        GONE.iter().chain(&STAYS).chain([&MODERATED]).all(|words| page.contains(words))
    })
    .await;
    let id = Uid(format!("bluesky:at://{AWAY}/app.bsky.feed.post/{}", moderated.id)).id().to_string();
    let hidden = product.place.run_command(&mut product.command(&["moderate", "hide", EVENT, &id]));
    assert_eq!(hidden.code, Some(0), "{hidden:?}");
    Said { toot, tweet, photo, skeet, guest, cookie: cookie.expect("a new writer gets a cookie") }
}

/// Takes everything away.
async fn everything_is_taken_away(world: &mut World, product: &Product, said: &Said) {
    world.one.say(Happening::Delete(said.toot.id.clone()));
    world.x.say(Happening::Delete(said.tweet.id.clone()));
    world.photos.say(Happening::Delete(said.photo.id.clone()));
    world.sky.say(Happening::Delete(said.skeet.id.clone()));
    account(world, TAKEN_DOWN, json!({"active": false, "status": "takendown"}));
    account(world, AWAY, json!({"active": false, "status": "deactivated"}));
    push(product, &Happening::Delete(GONE[7].to_owned())).await;
    let taken_back = crate::web::client()
        .post(format!("{}/{EVENT}/posts/{}/delete", product.site, said.guest))
        .header("accept", "application/json")
        .header("origin", &product.site)
        .header("cookie", &said.cookie)
        .send()
        .await
        .expect("the site answers");
    assert_eq!(taken_back.status(), reqwest::StatusCode::NO_CONTENT);
}

/// Waits for each of the words to leave the page, and prints how long it took.
async fn learnt(product: &Product, began: Instant) {
    let mut left: Vec<&str> = GONE.to_vec();
    while !left.is_empty() {
        let page = product.get(&format!("/{EVENT}")).await.1;
        left.retain(|words| {
            let is_there = page.contains(words);
            if !is_there {
                eprintln!("{words:<20}{:>6.1} s", began.elapsed().as_secs_f64());
            }
            is_there
        });
        assert!(began.elapsed() < LEARN_LIMIT, "{left:?} stay on the page:\n{}", product.output());
        tokio::time::sleep(LOOK).await;
    }
}

/// Within the promised time, none of the words can be read anywhere.
async fn vanish(product: &Product, words: &[&str]) {
    let deadline = Instant::now() + PROMISE;
    loop {
        let is_late = Instant::now() > deadline;
        let all = surfaces(product).await;
        let found = words.iter().find_map(|words| {
            let (surface, _) = all.iter().find(|(_, text)| text.contains(words))?;
            Some(format!("{words} can still be read: {surface}"))
        });
        let Some(found) = found else {
            let kept = all.iter().filter(|(_, text)| STAYS.iter().any(|words| text.contains(words))).count();
            assert!(kept >= 6, "the surfaces that were looked at hold what was not taken away");
            return;
        };
        assert!(!is_late, "{found}");
    }
}

async fn what_people_take_away_is_gone(stores: Stores) {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut world = World::kind(dir.path()).await;
    let Some(mut product) = Product::start_event(stores, &world.event(), env()).await else { return };
    let said = everything_is_said(&mut world, &product).await;
    let began = Instant::now();
    everything_is_taken_away(&mut world, &product, &said).await;
    learnt(&product, began).await;
    vanish(&product, &[GONE.as_slice(), &[MODERATED]].concat()).await;

    account(&mut world, AWAY, json!({"active": true}));
    wait_page(&product, LEARN_LIMIT, |page| page.contains(GONE[6])).await;
    let mut others = GONE.to_vec();
    others.retain(|words| *words != GONE[6]);
    others.push(MODERATED);
    vanish(&product, &others).await;
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_take_away_on_any_network_vanishes_from_every_surface_of_up() {
    what_people_take_away_is_gone(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_take_away_on_any_network_vanishes_from_every_surface_of_the_daemons() {
    what_people_take_away_is_gone(Stores::Servers).await;
}
