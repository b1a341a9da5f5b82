//! The archive equals a fold of the ledger from zero.

use crate::product::Product;
use live::ledger::LedgerView;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// The one ledger of a product.
pub(crate) fn ledger_file(product: &Product) -> PathBuf {
    let folder = product.place.path().join("data/live");
    let files = std::fs::read_dir(&folder)
        .expect("the ledgers' folder is there")
        .filter_map(Result::ok)
        .map(|f| f.path());
    let mut ledgers: Vec<PathBuf> = files.filter(|f| f.extension().is_some_and(|e| e == "sqlite")).collect();
    assert_eq!(ledgers.len(), 1, "{ledgers:?}");
    ledgers.remove(0)
}

/// Compares the archive with the log at a moment when both stand at the same entry, then ends every process politely.
pub(crate) async fn check(product: &mut Product) {
    let view =
        LedgerView::open(&ledger_file(product)).await.expect("the ledger can be read beside its nozzle");
    let event = view.eid().await.expect("the ledger names its event");
    let settings = archive::Settings {
        url: product.servers.as_ref().map_or("embedded".to_owned(), |s| s.archive_url.clone()),
        data_dir: product.place.path().join("data"),
        statement_cache: true,
    };
    let archive = archive::open(&settings).expect("the archive's address is good");
    let deadline = Instant::now() + LIMIT;
    loop {
        let truth = view.fold().await.expect("the ledger folds");
        let archived = archive.snapshot(event, u32::MAX).await.expect("the archive answers");
        if let Some((_, archived)) = archived.filter(|(_, a)| a.top() == truth.top()) {
            let differences = archive::compare(&truth, &archived);
            let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
            assert!(told.is_empty(), "the archive is not the fold of its log:\n{}", told.join("\n"));
            break;
        }
        assert!(
            Instant::now() < deadline,
            "the archive does not reach entry {}:\n{}",
            truth.top(),
            product.output()
        );
        tokio::time::sleep(PAUSE).await;
    }
    product.stop().await;
}
