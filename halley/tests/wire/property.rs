//! For any sequence of entries and any disconnects, each transport delivers every entry exactly once, in order.

use halley::Config;
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    clients::{Sse, Ws, poll},
    stage::Stage,
};

/// What happens between two looks.
#[derive(Debug, Clone)]
struct Act {
    posts: usize,
    remove: Option<prop::sample::Index>,
    /// How many entries each client leaves unread, and whether it loses its connection.
    lag: [usize; 3],
    cut: [bool; 3],
}

fn act() -> impl Strategy<Value = Act> {
    let remove = prop::option::weighted(0.3, any::<prop::sample::Index>());
    (0..90_usize, remove, prop::array::uniform3(0..40_usize), any::<[bool; 3]>())
        .prop_map(|(posts, remove, lag, cut)| Act { posts, remove, lag, cut })
}

enum Line {
    Ws(Option<Box<Ws>>),
    Sse(Option<Box<Sse>>),
    Poll,
}

/// A client that keeps its position like a browser's script.
struct Client {
    line: Line,
    got: Vec<Value>,
}

impl Client {
    fn has(&self) -> u64 {
        self.got.len() as u64
    }

    /// Reads until it has everything up to `seq`.
    async fn read_to(&mut self, stage: &Stage, seq: u64) {
        while self.has() < seq {
            let at = stage.at(self.has());
            match &mut self.line {
                Line::Ws(open) => {
                    if open.is_none() {
                        let mut ws = Ws::open(stage, Some(&at)).await;
                        assert_eq!(ws.object().await["hello"]["after"], self.got.len());
                        *open = Some(Box::new(ws));
                    }
                    let object = open.as_mut().expect("opened above").object().await;
                    self.got.extend(object.get("seq").is_some().then_some(object));
                }
                Line::Sse(open) => {
                    if open.is_none() {
                        let mut sse = Sse::open(stage, None, Some(&at)).await;
                        assert_eq!(sse.event().await.data["hello"]["after"], self.got.len());
                        *open = Some(Box::new(sse));
                    }
                    let event = open.as_mut().expect("opened above").event().await;
                    self.got.extend(event.id.is_some().then_some(event.data));
                }
                Line::Poll => {
                    let (status, page) = poll(stage, Some(&at)).await;
                    assert_eq!((status, &page["after"]), (200, &self.got.len().into()));
                    self.got.extend(page["entries"].as_array().expect("entries").iter().cloned());
                    assert_eq!(page["next"], self.got.len());
                }
            }
        }
    }

    fn lose_connection(&mut self) {
        match &mut self.line {
            Line::Ws(open) => *open = None,
            Line::Sse(open) => *open = None,
            Line::Poll => {}
        }
    }
}

async fn play(acts: &[Act]) {
    let stage = Stage::with(Config { ring_entries_max: 64, ..Config::default() }).await;
    let mut clients =
        [Line::Ws(None), Line::Sse(None), Line::Poll].map(|line| Client { line, got: Vec::new() });
    let mut top = 0;
    for act in acts {
        if act.posts > 0 {
            top = stage.many(act.posts).await;
        }
        if let Some(index) = act.remove.filter(|_| top > 0) {
            top = stage.remove(vec![index.index(usize::try_from(top).expect("few")) as u64 + 1]).await;
        }
        // A position is only resumed by a halley that has got as far.
        stage.seen(top).await;
        for (n, client) in clients.iter_mut().enumerate() {
            client.read_to(&stage, top.saturating_sub(act.lag[n] as u64)).await;
            if act.cut[n] {
                client.lose_connection();
            }
        }
    }
    for client in &mut clients {
        client.read_to(&stage, top).await;
        let seqs: Vec<u64> =
            client.got.iter().map(|entry| entry["seq"].as_u64().expect("a number")).collect();
        assert_eq!(seqs, (1..=top).collect::<Vec<_>>());
    }
    stage.shutdown.trigger();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_exactly_once_in_order_on_every_transport(acts in prop::collection::vec(act(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(play(&acts));
    }
}
