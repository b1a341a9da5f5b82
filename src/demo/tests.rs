//! What the conference as a whole has to be, held against what it says it is.

use std::collections::{BTreeSet, HashMap, HashSet};

use networks::Happening;

use super::compose::{Conference, POSTS, Said, TAG, compose};
use super::elsewhere::Place;
use super::lines::{Kind, Net};
use super::script::{Site, scenes};
use super::stage::Programme;
use super::state::Ports;

fn conference() -> (Programme, Conference) {
    let programme = Programme::read().unwrap();
    let conference = compose(&programme.really, &programme.zone);
    (programme, conference)
}

#[test]
fn twelve_hundred_posts_by_everybody_in_six_languages_on_three_networks() {
    let (_, conference) = conference();
    assert_eq!(conference.posts.len(), POSTS);
    let authors: BTreeSet<usize> = conference.posts.iter().map(|p| p.author).collect();
    assert_eq!(authors.len(), 120);
    for lang in ["en", "de", "es", "fr", "ja", "ar"] {
        assert!(conference.posts.iter().filter(|p| p.lang == lang).count() >= 40, "{lang}");
    }
    for net in [Net::Mastodon, Net::X, Net::Bluesky] {
        assert!(conference.posts.iter().filter(|p| conference.people[p.author].net == net).count() >= 250);
    }
    let count = |is: fn(&Said) -> bool| conference.posts.iter().filter(|p| is(p)).count();
    assert!(count(|p| matches!(p.kind, Kind::Photo { .. })) >= 40);
    assert!(count(|p| p.reply_to.is_some()) >= 150);
    assert!(count(|p| p.edit.is_some()) >= 10);
    assert!(count(|p| p.deleted_at.is_some()) >= 8);
    assert!(count(|p| matches!(p.kind, Kind::Warned { .. })) >= 4);
    assert!(count(|p| p.text.contains("https://")) >= 30);
}

#[test]
fn at_least_fourteen_talks_in_two_rooms_and_three_hundred_posts_while_exactly_one_is_on() {
    let (programme, conference) = conference();
    assert!(programme.talks.len() >= 14);
    let rooms: BTreeSet<&str> = programme.talks.iter().map(|t| t.room.as_str()).collect();
    assert_eq!(rooms.len(), 2);
    let alone = conference.posts.iter().filter(|p| programme.on_at(p.at).count() == 1).count();
    assert!(alone >= 300, "{alone}");
}

#[test]
fn hardly_any_two_posts_say_the_same() {
    let (_, conference) = conference();
    let words = |text: &str| {
        let said = text
            .split_whitespace()
            .filter(|w| !w.starts_with('@') && !w.eq_ignore_ascii_case(&format!("#{TAG}")));
        said.collect::<Vec<_>>().join(" ")
    };
    let distinct: HashSet<String> = conference.posts.iter().map(|p| words(&p.text)).collect();
    assert!(distinct.len() * 100 >= POSTS * 97, "{} of {POSTS}", distinct.len());
}

#[test]
fn every_post_carries_the_tag_and_fits_its_network() {
    let (_, conference) = conference();
    for post in &conference.posts {
        assert!(post.text.to_lowercase().contains(&format!("#{TAG}")), "{}", post.text);
        let most = match conference.people[post.author].net {
            Net::Mastodon => 500,
            Net::X => 280,
            Net::Bluesky => 300,
        };
        assert!(post.text.chars().count() <= most, "{}", post.text);
    }
}

#[test]
fn answers_come_later_on_the_same_network_from_somebody_else() {
    let (_, conference) = conference();
    for post in &conference.posts {
        let Some(to) = post.reply_to.map(|i| &conference.posts[i]) else { continue };
        assert!(to.at <= post.at && to.author != post.author, "{}", post.text);
        assert_eq!(conference.people[to.author].net, conference.people[post.author].net);
        assert!(post.text.starts_with(&format!("@{}", conference.people[to.author].handle)));
    }
}

#[test]
fn nobody_posts_about_another_talk_while_on_stage() {
    let (programme, conference) = conference();
    for post in &conference.posts {
        let Some(code) = conference.people[post.author].talk else { continue };
        let own = programme.on_at(post.at).any(|t| t.code.as_deref() == Some(code));
        assert!(!own || post.kind == Kind::Speaker, "{}", post.text);
    }
}

#[test]
fn the_page_moves_at_once_and_the_whole_takes_less_than_an_hour() {
    let (programme, conference) = conference();
    let timeline = programme.timeline(20.0).unwrap();
    assert!(timeline.length() / 20 <= 3_600_000_000);
    let begin = timeline.time_at(0);
    let early = conference.posts.iter().filter(|p| p.at - begin <= 50_000_000).count();
    assert!(conference.posts[0].at >= begin && early >= 4, "{early}");
    assert!(
        conference.posts.iter().all(|p| timeline.time_at(timeline.position_of(p.at)) == p.at),
        "nothing at night"
    );
}

#[test]
fn scenes_are_in_order_and_the_same_every_time() {
    let (programme, conference) = conference();
    let all = |conference: &Conference| {
        scenes(conference, &programme.notes(), "http://127.0.0.1:1", "http://127.0.0.1:2")
    };
    let (one, two) = (all(&conference), all(&self::conference().1));
    assert!(one.is_sorted_by_key(|s| s.at));
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    let mut ids: HashMap<(Site, String), usize> = HashMap::new();
    for scene in &one {
        if let Happening::Post(post) = &scene.what {
            *ids.entry((scene.on, post.id.clone())).or_default() += 1;
        }
    }
    assert!(ids.values().all(|n| *n == 1), "every post has an id of its own");
    assert!(
        one.iter().filter(|s| matches!(&s.what, Happening::Post(p) if p.retweet_of.is_some())).count() >= 300
    );
}

#[test]
fn the_event_file_is_one_that_the_product_takes() {
    let text = super::stage::event_toml(Ports {
        mastodon: 1,
        x: 2,
        bluesky: 3,
        flickr: 4,
        blog: 5,
        ..Ports::default()
    });
    let event = model::event::EventFile::parse(&text).unwrap();
    assert_eq!(nozzle::sources::check(&event, &super::stage::env), Ok(()));
}

#[test]
fn what_is_said_elsewhere_is_said_while_the_conference_runs_and_about_what_is_on() {
    let programme = Programme::read().unwrap();
    let timeline = programme.timeline(20.0).unwrap();
    for (at, note) in programme.notes() {
        assert_eq!(timeline.time_at(timeline.position_of(at)), at, "{note:?}");
        let Place::Onsite { talk: Some(code), .. } = note.place else { continue };
        let talk = programme.really.iter().find(|t| t.code.as_deref() == Some(code)).unwrap();
        assert!(talk.start.0 <= at && at < talk.end.0 + 10 * 60_000_000, "{note:?}");
    }
}

#[test]
fn nothing_that_a_visitor_writes_is_too_long_and_every_photo_is_drawn() {
    for (_, note) in Programme::read().unwrap().notes() {
        match note.place {
            Place::Onsite { text, name, .. } => {
                assert!(text.chars().count() <= nozzle::onsite::TEXT_CHARS_MAX);
                assert!(name.chars().count() <= nozzle::onsite::NAME_CHARS_MAX);
            }
            Place::Flickr { picture, .. } => assert!(super::photos::is_drawn(picture), "{picture}"),
            Place::Blog { .. } | Place::Desk { .. } => {}
        }
    }
}

#[test]
fn on_the_second_day_one_talk_overruns_two_swap_two_change_rooms_and_one_is_called_off() {
    let programme = Programme::read().unwrap();
    let planned = |code: &str| programme.talks.iter().find(|t| t.code.as_deref() == Some(code)).unwrap();
    let real = |code: &str| programme.really.iter().find(|t| t.code.as_deref() == Some(code));
    let late = |from: i64, to: i64| (to - from) / 60_000_000;
    let file = real("FILE87").unwrap();
    assert_eq!(
        (late(planned("FILE87").start.0, file.start.0), late(planned("FILE87").end.0, file.end.0)),
        (0, 12)
    );
    assert_eq!(late(planned("BURNOUT").start.0, real("BURNOUT").unwrap().start.0), 12);
    for (one, other) in [("MAPS", "COMPLAIN"), ("COMPLAIN", "MAPS")] {
        assert_eq!(real(one).unwrap().start, planned(other).start, "{one}");
        assert_eq!(real(one).unwrap().end, planned(other).end, "{one}");
    }
    assert_eq!(real("GARDEN").unwrap().room, "Press Hall");
    assert_eq!(real("ARCHIVE").unwrap().room, "Bindery");
    assert!(real("CAPTIONS").is_none());
    let held = |t: &&model::schedule::FoundTalk| real(t.code.as_deref().unwrap()) == Some(*t);
    assert_eq!(
        programme.talks.iter().filter(held).count(),
        programme.talks.len() - 7,
        "the others as planned"
    );
    // Every press is made after the moment that it speaks of, while the conference runs.
    let timeline = programme.timeline(20.0).unwrap();
    for press in &programme.presses {
        assert!(press.since <= press.at && press.at - press.since <= 6 * 60_000_000, "{press:?}");
        assert_eq!(timeline.time_at(timeline.position_of(press.at)), press.at);
    }
    assert!(
        programme.presses.len() >= 10 && programme.presses.iter().any(|press| press.tell.contains("12 min"))
    );
}

#[test]
fn the_later_version_of_the_programme_is_the_first_one_with_what_is_written_changed() {
    let programme = Programme::read().unwrap();
    let text = programme.revision.applied(super::stage::schedule_json()).unwrap();
    let second = model::schedule::parse(text.as_bytes(), &programme.zone).unwrap().talks;
    assert_eq!(second.len(), programme.talks.len() - 1);
    for talk in &second {
        let before = programme.talks.iter().find(|t| t.guid == talk.guid).unwrap();
        let moved = programme.revision.moves().find(|(code, _)| talk.code.as_deref() == Some(code));
        let room = moved.and_then(|(_, room)| room).unwrap_or(&before.room).to_owned();
        assert_eq!(*talk, model::schedule::FoundTalk { room, ..before.clone() });
    }
}

#[test]
fn every_speaker_with_an_account_is_known_by_handle() {
    let programme = Programme::read().unwrap();
    let csv = super::stage::handles_csv();
    assert!(csv.starts_with("talk,handle\nWELCOME,@odile@corvanne.example\n"), "{csv}");
    assert_eq!(
        csv.lines().count(),
        programme.talks.len() - 1 + 1,
        "one for each talk but the captioners', and the head"
    );
    model::schedule::handles(csv.as_bytes()).unwrap();
}
