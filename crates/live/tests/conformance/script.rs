//! The push script on a real Redis, answer by answer.

use live::follow::Line;
use live::push::{Answer, Push, PushEntry, Word};
use live::redis::{RedisStore, Tail};
use model::{EventId, Seq};
use testkit::Redis;

struct Bench {
    server: Redis,
    tail: Tail,
}

async fn bench() -> Option<Bench> {
    let server = Redis::start().await?;
    let store = RedisStore::connect(&server.url()).await.unwrap();
    Some(Bench { tail: store.tail(EventId::from_random(1)), server })
}

fn chain(seq: Seq, epoch: &str) -> String {
    if seq == 0 { epoch.to_owned() } else { format!("c{seq}") }
}

/// A push of `n` entries behind `prev`.
fn push(epoch: &str, prev: Seq, n: Seq) -> Push {
    let entries = (prev + 1..=prev + n).map(|seq| PushEntry {
        chain: chain(seq, epoch),
        voids: Vec::new(),
        json: format!(r#"{{"seq":{seq},"words":"é{seq}"}}"#),
    });
    Push {
        me: "me".into(),
        life_ms: 10_000,
        epoch: epoch.parse().unwrap(),
        line: Line::default(),
        prev,
        tip: chain(prev, epoch),
        anew: false,
        trim: 0,
        entries: entries.collect(),
    }
}

fn anew(mut push: Push) -> Push {
    push.anew = true;
    push
}

impl Bench {
    async fn says(&self, push: Push) -> Answer {
        self.tail.push(&push).await.unwrap()
    }

    async fn word(&self, push: Push) -> Word {
        self.says(push).await.word
    }

    async fn entries(&self) -> (Seq, Vec<String>) {
        let page = self.tail.read(0, 1_000).await.unwrap().unwrap();
        (page.head.base, page.lines.iter().map(|l| String::from_utf8(l.json.to_vec()).unwrap()).collect())
    }
}

#[tokio::test]
async fn each_refusal_is_answered_with_the_tail_as_it_stands() {
    let Some(b) = bench().await else { return };
    assert_eq!(b.word(push("5.a", 0, 3)).await, Word::None);
    let ok = b.says(anew(push("5.a", 0, 3))).await;
    assert_eq!((ok.word, ok.base, ok.top, ok.tip.as_str()), (Word::Ok, 0, 3, "c3"));
    assert_eq!(b.word(push("5.a", 7, 1)).await, Word::Hole);
    assert_eq!(b.word(push("5.a", 0, 2)).await, Word::Ahead);
    assert_eq!(b.word(anew(push("5.b", 0, 2))).await, Word::Epoch, "equal generation, another log");
    assert_eq!(b.word(anew(push("4.b", 0, 2))).await, Word::Epoch, "lower generation");
    assert_eq!(b.word(push("6.b", 0, 2)).await, Word::Epoch, "higher generation, not asked to begin anew");
    let mut forked = push("5.a", 3, 1);
    forked.tip = "another".into();
    assert_eq!(b.word(forked).await, Word::Fork);
    let mut inside = push("5.a", 1, 4);
    inside.entries[1].chain = "another".into();
    assert_eq!(b.word(inside).await, Word::Fork, "the joint lies inside the batch");
    let mut other = push("5.a", 3, 1);
    other.me = "you".into();
    assert_eq!(b.word(other).await, Word::Owner);
    b.server.command(&["RPOP", "live:{00000001}:items"]).await.unwrap();
    let refused = b.says(push("5.a", 3, 1)).await;
    assert_eq!((refused.word, refused.epoch, refused.top), (Word::Torn, "5.a".parse().ok(), 3));
    assert_eq!(b.word(anew(push("6.b", 0, 2))).await, Word::Ok, "a higher generation begins anew");
    assert_eq!(b.entries().await.1.len(), 2);
}

#[tokio::test]
async fn a_push_that_arrives_twice_changes_nothing() {
    let Some(b) = bench().await else { return };
    b.says(anew(push("5.a", 0, 0))).await;
    let mut batch = push("5.a", 0, 4);
    batch.entries[3].voids = vec![2];
    for _ in 0..3 {
        assert_eq!(b.says(batch.clone()).await.top, 4);
    }
    assert_eq!(b.says(push("5.a", 4, 2)).await.top, 6);
    assert_eq!(b.word(batch).await, Word::Ahead, "a late second delivery");
    let (_, entries) = b.entries().await;
    assert_eq!(entries.len(), 6);
    assert_eq!(entries[1], r#"{"seq":2,"kind":"void"}"#);
    assert_eq!(entries[2], r#"{"seq":3,"words":"é3"}"#);
}

#[tokio::test]
async fn overwrites_reach_what_was_pushed_before_and_pass_over_what_was_trimmed() {
    let Some(b) = bench().await else { return };
    b.says(anew(push("5.a", 0, 10))).await;
    let mut next = push("5.a", 10, 1);
    next.entries[0].voids = vec![1, 5, 10];
    next.trim = 4;
    let answer = b.says(next).await;
    assert_eq!((answer.base, answer.top), (4, 11));
    let mut next = push("5.a", 11, 1);
    next.entries[0].voids = vec![2, 6];
    // Never below what is trimmed already, and never beyond top.
    next.trim = 3;
    assert_eq!(b.says(next).await.base, 4);
    let mut beat = push("5.a", 12, 0);
    beat.trim = 13;
    assert_eq!(b.says(beat).await.base, 4);
    let (base, entries) = b.entries().await;
    assert_eq!((base, entries.len()), (4, 8));
    let voids: Vec<_> = entries.iter().filter(|e| e.contains("void")).cloned().collect();
    assert_eq!(voids, [5, 6, 10].map(|n| format!(r#"{{"seq":{n},"kind":"void"}}"#)));
    let page = b.tail.read(2, 2).await.unwrap().unwrap();
    assert_eq!((page.after, page.lines[0].seq, page.lines.len()), (4, 5, 2));
}

#[tokio::test]
async fn the_line_of_older_logs_travels_with_the_tail() {
    let Some(b) = bench().await else { return };
    let mut first = anew(push("5.a", 0, 2));
    first.line.carry("0.f".parse().unwrap(), 2);
    b.says(first.clone()).await;
    let page = b.tail.read(0, 10).await.unwrap().unwrap();
    assert_eq!(page.head.line, first.line);
}

#[tokio::test]
async fn a_long_read_is_cut_by_its_bytes() {
    let Some(b) = bench().await else { return };
    let mut long = anew(push("5.a", 0, 40));
    for entry in &mut long.entries {
        entry.json = "x".repeat(100_000);
    }
    b.says(long).await;
    let page = b.tail.read(0, 100).await.unwrap().unwrap();
    assert_eq!((page.lines.len(), page.head.top), (10, 40));
}

#[tokio::test]
async fn looks_over_another_connection_are_told_apart() {
    let Some(mut b) = bench().await else { return };
    let first = b.tail.look().await.unwrap();
    assert_eq!((b.tail.look().await.unwrap(), first.owner.clone()), (first.clone(), None));
    b.says(anew(push("5.a", 0, 1))).await;
    assert_eq!(b.tail.look().await.unwrap().owner.as_deref(), Some("me"));
    b.server.restart().await;
    let again = loop {
        if let Ok(look) = b.tail.look().await {
            break look;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_ne!(again.link, first.link);
}
