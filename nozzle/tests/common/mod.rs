//! What the tests of the whole nozzle begin with: a nozzle on embedded stores in a folder of its own.

use chassis::clock::Clock;
use chassis::{Readiness, Secret, Shutdown};
use nozzle::{Config, Live, Nozzle, Parts};
use tempfile::TempDir;

/// Opens the events of a folder. `env` is where their sources find secrets.
pub(crate) async fn open(
    dir: &TempDir,
    shutdown: &Shutdown,
    clock: Clock,
    env: fn(&str) -> Option<String>,
) -> Nozzle {
    let config = Config {
        data_dir: dir.path().to_owned(),
        listen: "127.0.0.1:0".into(),
        hooks: Default::default(),
        token: Secret::new("t".into()),
        version: "test".into(),
    };
    let parts =
        Parts { live: Live::Embedded(Default::default()), clock, readiness: Readiness::default(), env };
    Nozzle::open(config, parts, shutdown.clone()).await.unwrap()
}
