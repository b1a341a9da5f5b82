//! For any log (appends, words taken back, another log in its place) and any clients (slow, leaving, asking twice, talking nonsense): every
//! entry exactly once, in order, and none of another log.

use std::time::Duration;

use chassis::Ending;
use proptest::prelude::*;
use tokio::{sync::watch, task::JoinSet};

use super::{
    clients::{Client, Line},
    rig::{Hall, eventually},
};

/// What happens to the log.
#[derive(Debug, Clone)]
enum Act {
    Append { count: u64, bytes: usize },
    Void(prop::sample::Index),
    Replace,
    Pause(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (1..80_u64, 0..700_usize).prop_map(|(count, bytes)| Act::Append { count, bytes }),
        2 => (1..20_u64, 2000..6000_usize).prop_map(|(count, bytes)| Act::Append { count, bytes }),
        3 => any::<prop::sample::Index>().prop_map(Act::Void),
        1 => Just(Act::Replace),
        8 => (0..40_u64).prop_map(Act::Pause),
    ]
}

fn line() -> impl Strategy<Value = (Line, bool, u64)> {
    (prop_oneof![Just(Line::Ws), Just(Line::Sse), Just(Line::Poll)], any::<bool>(), any::<u64>())
}

async fn play(acts: &[Act], lines: &[(Line, bool, u64)]) {
    let hall = Hall::open(2).await;
    let (told, end) = watch::channel(None);
    let mut clients = JoinSet::new();
    for (line, is_slow, seed) in lines {
        clients.spawn(Client::new(hall.address, *line, *is_slow, *seed).follow(end.clone()));
    }
    for act in acts {
        match act {
            Act::Append { count, bytes } => hall.append(*count, *bytes),
            Act::Void(index) => match hall.top().1 {
                0 => {}
                top => hall.void(index.index(usize::try_from(top).expect("few")) as u64 + 1),
            },
            Act::Replace => hall.replace(),
            Act::Pause(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        }
    }
    hall.append(1, 0);
    told.send_replace(Some(hall.top()));
    while let Some(ended) = clients.join_next().await {
        ended.expect("exactly once, in order");
    }
    eventually("nobody is counted any more", || hall.gate.open() == 0).await;
    hall.shutdown.trigger();
    assert_eq!(hall.shutdown.finish().await, Ending::Clean);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_exactly_once_in_order_whatever_clients_and_logs_do(
        acts in prop::collection::vec(act(), 1..20),
        lines in prop::collection::vec(line(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(play(&acts, &lines));
    }
}
