//! The archive is a fold of the log, whatever the batches.

use archive::{Cursor, Lines, Query, Scope, compare};
use async_trait::async_trait;
use model::{
    Counts, CountsEntry, Entry, FilingEntry, Fold, Gap, Gone, GoneBy, Item, ItemCounts, Kind, Micros, Move,
    Notice, Retain, RowState, ScheduleEntry, Seq, StageEntry, TalkId, Tally, TallyCounts,
};

use crate::common::{
    World, batch, cursor, entry, event, filed, gone, id, item, item_entry, plain_post, post, unsorted, words,
};
use crate::dice::Dice;

/// A log of all kinds of entries as the sequencer writes one, with its voids not yet applied.
fn random_log(dice: &mut Dice, entries: u64) -> Vec<Entry> {
    // Each item's state: (first, every seq that held its words), none once removed.
    let mut items: Vec<Option<(Seq, Vec<Seq>)>> = Vec::new();
    let mut log = Vec::new();
    for seq in 1..=entries {
        let known = items.len() as u64;
        let n = dice.below(known.max(1)) as usize;
        let live = items.get_mut(n).and_then(Option::as_mut);
        let kind = match (dice.below(20), live) {
            (0..=2, Some((first, at))) => {
                let mut voids = vec![seq];
                std::mem::swap(at, &mut voids);
                let mut item = item(n as u64, &format!("edited under {seq}"));
                item.retain = if dice.below(9) == 0 { Retain::Live } else { Retain::Archive };
                Kind::Edit(item_entry(*first, voids, item, unsorted()))
            }
            (3, Some((first, at))) => Kind::Hide(gone(n as u64, *first, std::mem::take(at))),
            (4, Some((first, at))) => {
                at.push(seq);
                Kind::Show(item_entry(*first, Vec::new(), item(n as u64, "shown again"), filed("t2", "side")))
            }
            (5, Some((first, at))) => {
                let kind = Kind::Remove(gone(n as u64, *first, std::mem::take(at)));
                items[n] = None;
                kind
            }
            (6 | 7, _) => random_counts(dice, known),
            (8 | 9, _) => random_moves(dice, known),
            (10, _) => random_event_entry(dice, seq),
            _ => {
                items.push(Some((seq, vec![seq])));
                let mut item = item(known, &format!("words under {seq}"));
                item.retain = if dice.below(9) == 0 { Retain::Live } else { Retain::Archive };
                let filing = if dice.below(2) == 0 { filed("t1", "main") } else { unsorted() };
                Kind::Post(item_entry(seq, Vec::new(), item, filing))
            }
        };
        log.push(entry(seq, kind));
    }
    log
}

fn random_counts(dice: &mut Dice, known: u64) -> Kind {
    let counts = Counts { boosts: dice.below(90) as u32, likes: dice.below(9) as u32, replies: 0 };
    // One id beyond the known: counts of an item that we never had.
    let ids = (0..5).map(|_| id(dice.below(known + 1)));
    Kind::Counts(CountsEntry { counts: ids.map(|id| ItemCounts { id, counts }).collect() })
}

fn random_moves(dice: &mut Dice, known: u64) -> Kind {
    let ids: Vec<_> = (0..5).map(|_| id(dice.below(known + 1))).collect();
    Kind::Filing(FilingEntry {
        moves: ids.into_iter().map(|id| Move { id, filing: filed("t3", "main") }).collect(),
    })
}

fn random_event_entry(dice: &mut Dice, seq: Seq) -> Kind {
    let room = if dice.below(2) == 0 { "main" } else { "side" };
    let minute = Micros(Micros::MINUTE * dice.below(5) as i64);
    match dice.below(6) {
        0 => Kind::Stage(StageEntry {
            room: room.into(),
            talk: Some(TalkId("t1".into())),
            since: minute,
            undone: false,
        }),
        1 => Kind::Notice { notice: Notice { text: format!("Lunch {seq}"), until: None } },
        2 => Kind::Schedule(ScheduleEntry { version: format!("v{seq}"), ..ScheduleEntry::default() }),
        3 => {
            let counts = TallyCounts { received: seq, ..TallyCounts::default() };
            Kind::Tally { tally: Tally { source: room.into(), minute, counts } }
        }
        4 => Kind::Gap {
            gap: Gap {
                id: format!("g{}", dice.below(3)),
                source: room.into(),
                from: minute,
                to: None,
                reason: format!("The stream broke ({seq})."),
                count: None,
                closed: false,
            },
        },
        _ => Kind::Talk {
            talk: Box::new(crate::common::talk(&format!("t{}", dice.below(4)), &format!("Talk {seq}"))),
        },
    }
}

/// The ledger: the log with every void applied.
fn ledger(log: &[Entry]) -> Vec<Entry> {
    let mut lines = log.to_vec();
    for entry in log {
        for seq in entry.voids() {
            lines[*seq as usize - 1] = Entry::void(*seq);
        }
    }
    lines
}

fn fold(lines: &[Entry]) -> Fold {
    let mut fold = Fold::default();
    for line in lines {
        fold.apply(line);
    }
    fold
}

async fn assert_equals(world: &World, lines: &[Entry]) {
    let (at, archived) = world.archive.snapshot(event(), u32::MAX).await.unwrap().unwrap();
    let differences = compare(&fold(lines), &archived);
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(at, cursor(lines.len() as Seq));
}

pub(crate) async fn archive_equals_a_fold_of_the_ledger_from_zero(world: &World) {
    let mut dice = Dice(20_260_601);
    let log = random_log(&mut dice, 700);
    let mut written = 0;
    while written < log.len() {
        let size = (1 + dice.below(90) as usize).min(log.len() - written);
        let mut entries = log[written..written + size].to_vec();
        if dice.below(4) == 0 {
            // A batch that was read late holds lines that are void already.
            let voided = ledger(&log);
            entries = voided[written..written + size].to_vec();
        }
        world.write(event(), entries).await;
        written += size;
    }
    assert_equals(world, &ledger(&log)).await;
}

/// A ledger for `rebuild`, in chunks; fails at `fails_at`.
pub(crate) struct Chunks {
    lines: Vec<Entry>,
    next: usize,
    fails_at: Option<usize>,
}

impl Chunks {
    pub(crate) fn of(lines: Vec<Entry>) -> Self {
        Self { lines, next: 0, fails_at: None }
    }
}

#[async_trait]
impl Lines for Chunks {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, Box<dyn std::error::Error + Send + Sync>> {
        if self.fails_at.is_some_and(|at| self.next >= at) {
            return Err("the disk is gone".into());
        }
        let chunk: Vec<Entry> = self.lines.iter().skip(self.next).take(100).cloned().collect();
        self.next += chunk.len();
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    fn cursor(&self) -> Cursor {
        cursor(self.next as Seq)
    }
}

pub(crate) async fn rebuild_replaces_what_was_there_at_once(world: &World) {
    // An archive of some other past, with more rows and another order.
    world
        .write(event(), (1..=50).map(|n| post(n, item(1_000 + n, "stale words"), unsorted())).collect())
        .await;
    let lines = ledger(&random_log(&mut Dice(5), 350));
    let rebuilt = Chunks { lines: lines.clone(), next: 0, fails_at: None };
    let at = world.archive.rebuild(event(), Box::new(rebuilt)).await.unwrap();
    assert_eq!(at, cursor(350));
    assert_equals(world, &lines).await;
    let stale = Query::new(words("stale"));
    assert!(world.archive.items(event(), &stale).await.unwrap().is_empty());
    world.write(event(), vec![plain_post(351)]).await;
}

pub(crate) async fn failed_rebuild_leaves_the_old_archive(world: &World) {
    let old = vec![plain_post(1), plain_post(2)];
    world.write(event(), old.clone()).await;
    let lines = ledger(&random_log(&mut Dice(6), 300));
    let broken = Chunks { lines, next: 0, fails_at: Some(200) };
    let error = world.archive.rebuild(event(), Box::new(broken)).await.unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    assert_equals(world, &old).await;
}

pub(crate) async fn removed_words_are_in_no_column(world: &World) {
    let secret = |n| post(n, item(n, "zanzibar appointment"), filed("t1", "main"));
    world.write(event(), (1..=4).map(secret).collect()).await;
    assert!(world.all_item_text().await.contains("zanzibar"));
    let edited = item(3, "nothing to see");
    world
        .write(
            event(),
            vec![
                entry(5, Kind::Remove(gone(1, 1, vec![1]))),
                entry(6, Kind::Hide(gone(2, 2, vec![2]))),
                entry(7, Kind::Edit(item_entry(3, vec![3], edited, unsorted()))),
                entry(8, Kind::Remove(gone(4, 4, vec![4]))),
            ],
        )
        .await;
    let left = world.all_item_text().await;
    assert!(!left.contains("zanzibar") && !left.contains("pixels.example/1\""), "{left}");
    let zanzibar = Query::new(words("zanzibar"));
    assert!(world.archive.items(event(), &zanzibar).await.unwrap().is_empty());
    let row = world.archive.item(event(), id(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.item, row.first, row.last), (RowState::Removed, None, 1, 5));
}

pub(crate) async fn items_that_live_only_are_never_stored(world: &World) {
    let mut fleeting = item(1, "only for today");
    fleeting.retain = Retain::Live;
    let mut later = item(2, "kept at first");
    world.write(event(), vec![post(1, fleeting, unsorted()), post(2, later.clone(), unsorted())]).await;
    assert!(world.archive.item(event(), id(1)).await.unwrap().is_none());
    later.retain = Retain::Live;
    world.write(event(), vec![entry(3, Kind::Edit(item_entry(2, vec![2], later, unsorted())))]).await;
    assert!(world.archive.item(event(), id(2)).await.unwrap().is_none());
    assert!(!world.all_item_text().await.contains("kept at first"));
}

pub(crate) async fn what_its_network_hides_loses_its_words_and_comes_back_with_them(world: &World) {
    let away = |seq, voids| entry(seq, Kind::Hide(Gone { by: GoneBy::Network, ..gone(1, 1, voids) }));
    let said = |retain| Item { retain, ..item(1, "zanzibar") };
    let show =
        |seq, retain| entry(seq, Kind::Show(item_entry(1, Vec::new(), said(retain), filed("t1", "main"))));
    let zanzibar = Query::new(words("zanzibar"));
    let log = vec![post(1, said(Retain::Archive), unsorted()), away(2, vec![1]), show(3, Retain::Archive)];
    world.write(event(), vec![log[0].clone()]).await;
    world.write(event(), vec![log[1].clone()]).await;
    let row = world.archive.item(event(), id(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.by, row.item), (RowState::Hidden, Some(GoneBy::Network), None));
    assert!(!world.all_item_text().await.contains("zanzibar"));
    assert!(world.archive.items(event(), &zanzibar).await.unwrap().is_empty());

    world.write(event(), vec![log[2].clone()]).await;
    assert_eq!(world.archive.items(event(), &zanzibar).await.unwrap().len(), 1, "back, and found");
    assert_equals(world, &log).await;

    // The author asks not to be kept while the account is away: it comes back for the live page alone.
    world.write(event(), vec![away(4, vec![3])]).await;
    world.write(event(), vec![show(5, Retain::Live)]).await;
    assert!(world.archive.item(event(), id(1)).await.unwrap().is_none());
    assert!(world.archive.items(event(), &zanzibar).await.unwrap().is_empty());
    assert!(!world.all_item_text().await.contains("zanzibar"));
}

pub(crate) async fn difference_is_told(world: &World) {
    world.write(event(), vec![plain_post(1), plain_post(2)]).await;
    world.sql(&format!("UPDATE item SET last = 9 WHERE id = '{}'", id(1))).await;
    world.sql(&format!("DELETE FROM item WHERE id = '{}'", id(2))).await;
    let (_, archived) = world.archive.snapshot(event(), u32::MAX).await.unwrap().unwrap();
    let differences = compare(&fold(&[plain_post(1), plain_post(2)]), &archived);
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert!(
        differences.iter().any(|d| d.to_string().contains("the archive holds nothing")),
        "{differences:?}"
    );
}

pub(crate) async fn nul_and_odd_characters_are_kept(world: &World) {
    let mut odd = item(1, "nul \u{0} quote ' back \\ slash \" \u{202e}rtl\u{1f680} {}$1%");
    odd.author.id = "a\u{0}b'\\".into();
    let mut filing = filed("t'1\\", "r\u{0}oom");
    filing.reasons = vec!["'; DROP TABLE item; --".into()];
    let entries = vec![post(1, odd, filing), plain_post(2)];
    world.archive.write(batch(event(), None, entries.clone())).await.unwrap();
    assert_equals(world, &entries).await;
    let by_talk = Query::new(Scope::Talk(TalkId("t'1\\".into())));
    assert_eq!(world.archive.items(event(), &by_talk).await.unwrap().len(), 1);
}
