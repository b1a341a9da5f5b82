//! `perihelion archive rebuild`: the archive of an event, folded again from its ledger.

use crate::config::Config;
use crate::failure::Failure;
use crate::{ledgers, wiring};

use super::event::unknown;

/// Replaces what the archive holds of an event; readers see the old rows until the new ones are complete.
pub(crate) async fn rebuild(config: &Config, slug: &str) -> Result<(), Failure> {
    let Some(held) = ledgers::find(&config.data_dir, slug).await? else {
        return Err(unknown(config, slug).await?);
    };
    let archive = wiring::archive(config)?;
    let cursor = strainer::rebuild(&*archive, held.view).await.map_err(anyhow::Error::from)?;
    println!("archived {slug} anew, up to {}", cursor.position);
    Ok(())
}
