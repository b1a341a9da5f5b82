//! `perihelion schedule import`: a schedule by hand, checked whole before anything of it is imported.

use std::path::Path;

use nozzle::intake::Ask;

use crate::config::Config;
use crate::event_file::{ask, read_schedule};
use crate::failure::Failure;
use crate::ledgers;
use crate::reach::{Reached, event_id};

use super::event::{print_outcome, unknown};

/// Imports a schedule into an event.
pub(crate) async fn import(config: &Config, slug: &str, file: &Path) -> Result<(), Failure> {
    let held = ledgers::find(&config.data_dir, slug).await?;
    let timezone = held.and_then(|held| Some(held.fold.event?.timezone)).unwrap_or_else(|| "UTC".to_owned());
    let bytes = read_schedule(file, &timezone)?;
    let Some(eid) = event_id(config, slug).await? else { return Err(unknown(config, slug).await?) };
    let reached = Reached::nozzle(config).await?;
    let asked = ask(&*reached.intake, eid, Ask::Schedule(bytes)).await;
    if let Ok(outcome) = &asked {
        print_outcome(&format!("imported {} into {slug}", file.display()), outcome, &reached);
    }
    reached.leave().await;
    asked.map(drop)
}
