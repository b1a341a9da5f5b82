//! `perihelion moderate`: what waits for a moderator, the decisions about it, and how much one person may write. Through the nozzle that
//! runs, or on the ledgers themselves.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::tz::TimeZone;
use model::event::OnsiteLimits;
use model::{EventId, ItemId};
use nozzle::intake::{Ask, Decide, Decision, SetLimit, WAITING_MAX, Waiting};

use crate::cli::{LimitArgs, ListArgs, ReceiptArgs, RemoveArgs, SomePosts};
use crate::config::Config;
use crate::event_file::ask;
use crate::failure::Failure;
use crate::ledgers;
use crate::reach::{Reached, event_id};

use super::event::unknown;

mod receipt;

/// Posts that are listed unless all are asked for.
const LISTED_MAX: usize = 50;
/// Posts that are read from the nozzle at all; more than a person decides about in a day.
const READ_MAX: usize = 20_000;
/// Lines and characters of a post's words that are printed.
const LINES_MAX: usize = 6;
const LINE_CHARS_MAX: usize = 160;
/// Shortest beginning of an id that stands for it.
const BEGINNING_CHARS_MIN: usize = 4;

/// Prints what is held or hidden, the newest last.
pub(crate) async fn list(config: &Config, args: &ListArgs) -> Result<(), Failure> {
    let (eid, reached) = reach(config, &args.event).await?;
    let read = waiting(&reached, eid).await;
    reached.leave().await;
    let mut posts = read?;
    posts.sort_by_key(|post| (post.when, post.id));
    let all = posts.len();
    if !args.all {
        posts.drain(..all.saturating_sub(LISTED_MAX));
    }
    if args.json {
        for post in &posts {
            println!("{}", serde_json::to_string(post).map_err(anyhow::Error::from)?);
        }
        return Ok(());
    }
    let zone = zone_of(config, &args.event).await?;
    for post in &posts {
        print!("{}", describe(post, &zone));
    }
    let held = posts.iter().filter(|post| post.state == "held").count();
    match (all, all - posts.len()) {
        (0, _) => println!("nothing is held or hidden in {}", args.event),
        (_, 0) => println!("{held} held, {} hidden", all - held),
        (_, more) => println!("the newest {} of {all}; --all lists the {more} older ones too", posts.len()),
    }
    if held > 0 {
        println!("to show one: perihelion moderate show {} {}", args.event, first_held(&posts));
    }
    Ok(())
}

/// Makes posts public (again).
pub(crate) async fn show(config: &Config, args: &SomePosts) -> Result<(), Failure> {
    decide(config, args, Decision::Show, false).await
}

/// Takes posts from the public; can be undone.
pub(crate) async fn hide(config: &Config, args: &SomePosts) -> Result<(), Failure> {
    decide(config, args, Decision::Hide, false).await
}

/// Erases posts.
pub(crate) async fn remove(config: &Config, args: &RemoveArgs) -> Result<(), Failure> {
    decide(config, &args.posts, Decision::Remove, args.law).await
}

/// Tells who had a post taken away, and when it was gone from where.
pub(crate) async fn receipt(config: &Config, args: &ReceiptArgs) -> Result<(), Failure> {
    let (eid, reached) = reach(config, &args.event).await?;
    let told = receipt::tell(&reached, eid, args).await;
    reached.leave().await;
    told
}

/// Sets one person's numbers, or gives them the event's again.
pub(crate) async fn limit(config: &Config, args: &LimitArgs) -> Result<(), Failure> {
    let usual = OnsiteLimits::default();
    let numbers = OnsiteLimits {
        burst: args.burst.unwrap_or(usual.burst),
        per_minute: args.per_minute.unwrap_or(usual.per_minute),
    };
    numbers.check().map_err(Failure::Asked)?;
    let (eid, reached) = reach(config, &args.event).await?;
    let order = SetLimit { person: args.person.clone(), burst: args.burst, per_minute: args.per_minute };
    let said = ask(&*reached.intake, eid, Ask::Limit(order)).await;
    reached.leave().await;
    for note in said?.notes {
        println!("{note}");
    }
    Ok(())
}

async fn decide(config: &Config, args: &SomePosts, decision: Decision, law: bool) -> Result<(), Failure> {
    let (eid, reached) = reach(config, &args.event).await?;
    let decided = decide_all(&reached, eid, args, decision, law).await;
    reached.leave().await;
    let (done, failed) = decided?;
    let word = word(decision);
    if failed == 0 {
        println!("{done} {word}");
        return Ok(());
    }
    Err(Failure::Asked(format!("{done} {word}, {failed} not; see above")))
}

async fn decide_all(
    reached: &Reached,
    eid: EventId,
    args: &SomePosts,
    decision: Decision,
    law: bool,
) -> Result<(usize, usize), Failure> {
    // Every name is understood before anything is done: half of a list is worse than none.
    let ids = ids(reached, eid, &args.ids).await?;
    let (mut done, mut failed) = (0, 0);
    for id in ids {
        match ask(&*reached.intake, eid, Ask::Decide(Decide { id, decision, law })).await {
            Ok(outcome) => {
                done += 1;
                match outcome.state {
                    Some(state) if outcome.seq == 0 => println!("{id} is {state} already"),
                    _ => println!("{id} {}, entry {}", word(decision), outcome.seq),
                }
            }
            Err(Failure::Asked(why)) => {
                failed += 1;
                eprintln!("{id}: {why}");
            }
            Err(other) => return Err(other),
        }
    }
    Ok((done, failed))
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Show => "shown",
        Decision::Hide => "hidden",
        Decision::Remove => "removed",
    }
}

async fn reach(config: &Config, slug: &str) -> Result<(EventId, Reached), Failure> {
    let Some(eid) = event_id(config, slug).await? else { return Err(unknown(config, slug).await?) };
    Ok((eid, Reached::nozzle(config).await?))
}

/// Everything that is held or hidden, page by page.
async fn waiting(reached: &Reached, eid: EventId) -> Result<Vec<Waiting>, Failure> {
    let mut posts: Vec<Waiting> = Vec::new();
    while posts.len() < READ_MAX {
        let after = posts.last().map(|post| post.id);
        let page =
            reached.intake.held(eid, after, WAITING_MAX).await.map_err(|why| Failure::Could(why.into()))?;
        let is_last = page.len() < WAITING_MAX;
        posts.extend(page);
        if is_last {
            break;
        }
    }
    Ok(posts)
}

/// What people write for posts: an id, its beginning, or the address of its page.
async fn ids(reached: &Reached, eid: EventId, given: &[String]) -> Result<BTreeSet<ItemId>, Failure> {
    let mut ids = BTreeSet::new();
    let mut known: Option<Vec<Waiting>> = None;
    for text in given {
        let short = short(text);
        if let Ok(id) = short.parse() {
            ids.insert(id);
            continue;
        }
        if known.is_none() {
            known = Some(waiting(reached, eid).await?);
        }
        ids.insert(by_beginning(&short, known.as_deref().unwrap_or_default())?);
    }
    Ok(ids)
}

/// The id in an address, an anchor or a copied line.
fn short(text: &str) -> String {
    let end = text.trim().trim_end_matches('/').rsplit(['/', '#']).next().unwrap_or_default();
    end.strip_prefix("i-").unwrap_or(end).to_ascii_lowercase()
}

fn by_beginning(beginning: &str, known: &[Waiting]) -> Result<ItemId, Failure> {
    let begins =
        |post: &&Waiting| beginning.len() >= BEGINNING_CHARS_MIN && post.id.as_str().starts_with(beginning);
    let found: Vec<&Waiting> = known.iter().filter(begins).collect();
    match found[..] {
        [one] => Ok(one.id),
        [] => Err(Failure::Asked(format!(
            "{beginning:?} is no post: write its id of 12 characters, the address of its page, or at least \
             {BEGINNING_CHARS_MIN} characters with which the id of a held or hidden one begins"
        ))),
        _ => Err(Failure::Asked(format!(
            "{beginning:?} begins {} ids: write more of the one that is meant",
            found.len()
        ))),
    }
}

fn first_held(posts: &[Waiting]) -> String {
    posts.iter().rfind(|post| post.state == "held").map_or_else(String::new, |post| post.id.to_string())
}

async fn zone_of(config: &Config, slug: &str) -> Result<TimeZone, Failure> {
    let held = ledgers::find(&config.data_dir, slug).await?;
    let name = held.and_then(|held| Some(held.fold.event?.timezone));
    Ok(name.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC))
}

/// Who, when, why, then the words.
fn describe(post: &Waiting, zone: &TimeZone) -> String {
    let when = jiff::Timestamp::from_microsecond(post.when.0).map_or_else(
        |_| "-".to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
    );
    let network = post.network.map_or("words lost", |network| network.label());
    let who = [post.name.as_str(), post.handle.as_str()];
    let who = who.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {when}  {network}  {} ({})", post.id, plain(&who), plain(&post.author));
    let _ = writeln!(text, "    {}: {}", post.state, post.why);
    if let Some(cover) = &post.cover {
        let _ = writeln!(text, "    content warning: {}", plain(cover));
    }
    let mut lines = post.text.lines().filter(|line| !line.trim().is_empty());
    for line in lines.by_ref().take(LINES_MAX) {
        let _ = writeln!(text, "    | {}", plain(line));
    }
    if lines.next().is_some() {
        let _ = writeln!(text, "    | ...");
    }
    if post.media > 0 {
        let _ = writeln!(text, "    with {} pictures or other media", post.media);
    }
    text
}

/// A stranger's words as a terminal may have them: one line, bounded, nothing that moves the cursor or turns what stands behind them.
fn plain(words: &str) -> String {
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain: String = words.chars().take(LINE_CHARS_MAX).filter(is_shown).collect();
    if plain.len() < words.len() && words.chars().count() > LINE_CHARS_MAX {
        plain.push_str("...");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Micros, Network, Uid};

    fn post(native: &str, text: &str) -> Waiting {
        Waiting {
            id: Uid::new("onsite", native).id(),
            state: "held".into(),
            why: "waits for a moderator".into(),
            network: Some(Network::Onsite),
            source: "onsite".into(),
            when: Micros(1_795_189_320_000_000),
            author: "person:0011".into(),
            name: "Ana".into(),
            handle: String::new(),
            text: text.into(),
            cover: None,
            media: 0,
            url: None,
            reply_to: None,
        }
    }

    #[test]
    fn a_post_is_named_by_id_address_anchor_or_beginning() {
        let (one, other) = (post("one", ""), post("other", ""));
        let id = one.id.to_string();
        for text in [
            id.clone(),
            format!("https://live.example.org/fest/posts/{id}"),
            format!("https://live.example.org/fest/posts/{id}/"),
            format!("/fest#i-{id}"),
            id.to_ascii_uppercase(),
        ] {
            assert_eq!(short(&text), id, "{text}");
        }
        let known = [one.clone(), other];
        assert_eq!(by_beginning(&id[..4], &known).unwrap(), one.id);
        for (bad, want) in [(&id[..3], "at least 4"), ("zzzz", "is no post"), ("", "is no post")] {
            assert!(by_beginning(bad, &known).unwrap_err().to_string().contains(want), "{bad}");
        }
        let twice = [one.clone(), one];
        assert!(by_beginning(&id[..4], &twice).unwrap_err().to_string().contains("write more"));
    }

    #[test]
    fn words_of_strangers_cannot_move_the_cursor_or_fill_the_screen() {
        let text = format!("\x1b[2Jone\rtwo\u{9b}2J\u{2067}\n{}\n{}", "x".repeat(500), "line\n".repeat(50));
        let said = describe(&post("one", &text), &TimeZone::UTC);
        assert!(!said.contains(['\x1b', '\r', '\u{9b}', '\u{2067}']), "{said}");
        assert!(said.lines().count() <= 10 && said.lines().all(|line| line.len() < 200), "{said}");
        assert!(said.contains("2026-11-20 15:42  On site  Ana (person:0011)"), "{said}");
    }
}
