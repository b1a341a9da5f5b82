//! `perihelion moderate receipt`: who had a post taken away, and when it was gone from where, in lines for a terminal. The page behind the
//! door says the same in more words (`site::receipts`).

use std::fmt::Write;

use live::receipts::{Clean, CleanState, Receipt, What};
use model::{EventId, ItemId};
use nozzle::intake::ReceiptsAsked;

use crate::cli::ReceiptArgs;
use crate::failure::Failure;
use crate::reach::Reached;

/// Prints the receipts of one post, the newest first.
pub(super) async fn tell(reached: &Reached, eid: EventId, args: &ReceiptArgs) -> Result<(), Failure> {
    let id: ItemId = super::short(&args.id).parse().map_err(|_| {
        Failure::Asked(format!(
            "{:?} is no post: write its id of 12 characters, or the address of its page",
            args.id
        ))
    })?;
    let receipts = reached.intake.receipts(eid, &ReceiptsAsked::of(id)).await;
    let receipts = receipts.map_err(|why| Failure::Could(why.into()))?;
    if receipts.is_empty() {
        return Err(Failure::Asked(format!("{id} was never hidden or removed in {}", args.event)));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&receipts).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    for receipt in &receipts {
        print!("{}", lines(receipt));
    }
    Ok(())
}

fn lines(receipt: &Receipt) -> String {
    let mut text = String::new();
    let done = if receipt.what == What::Remove { "removed" } else { "hidden" };
    let undone = receipt.undone.map(|seq| format!(", shown again with entry {seq}")).unwrap_or_default();
    let at = jiff::Timestamp::from_microsecond(receipt.at.0)
        .map_or_else(|_| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let (way, role) = (receipt.asker.way.name(), &receipt.asker.role);
    let by = if role.is_empty() { way.to_owned() } else { format!("{way} of {role}") };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{} {done} {at}, entry {}, for {}, by {by}{undone}",
        receipt.id,
        receipt.seq,
        receipt.by.name()
    );
    for clean in &receipt.surfaces {
        let _ = writeln!(text, "  {:<14} {}", clean.surface.name(), state(clean));
    }
    text
}

fn state(clean: &Clean) -> String {
    let after = clean.after_ms.map_or_else(String::new, |ms| format!("after {:.1} s", ms as f64 / 1e3));
    let words = match clean.state {
        CleanState::Waiting => "not yet".to_owned(),
        CleanState::Clean => format!("clean {after}"),
        CleanState::Vacuumed => format!("in no row {after}; its bytes go as their room is used again"),
        CleanState::Refused => "unknown: the server does not let us".to_owned(),
        CleanState::Absent => "none here".to_owned(),
        CleanState::Kept => "kept, to be shown again".to_owned(),
    };
    let others = match clean.others_keep_ms {
        0 => String::new(),
        ms => format!(", caches of others up to {} s more", ms / 1_000),
    };
    let silent = match clean.silent {
        0 => String::new(),
        n => format!(", {n} of {} not heard of any more", n + clean.told),
    };
    format!("{words}{others}{silent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use live::receipts::{Asker, Surface, Way};
    use model::{GoneBy, Micros};

    #[test]
    fn a_receipt_is_a_line_and_one_for_each_surface() {
        let clean = |surface: Surface| Clean {
            surface,
            state: CleanState::Clean,
            after_ms: Some(420),
            others_keep_ms: surface.others_keep_ms(),
            told: 2,
            silent: u32::from(surface == Surface::Stream),
        };
        let receipt = Receipt {
            seq: 9,
            id: "k3f9q2m7xw4d".parse().unwrap(),
            what: What::Remove,
            by: GoneBy::Author,
            asker: Asker::from(Way::Page),
            at: Micros(1_795_189_320_000_000),
            undone: None,
            complete: true,
            surfaces: Surface::ALL.map(clean).to_vec(),
        };
        let said = lines(&receipt);
        assert!(
            said.starts_with("k3f9q2m7xw4d removed 2026-11-20 15:42:00 UTC, entry 9, for author, by page\n"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 14);
        assert!(said.contains("clean after 0.4 s, 1 of 3 not heard of any more"), "{said}");
        assert!(
            said.contains("  chunks         clean after 0.4 s, caches of others up to 3 s more"),
            "{said}"
        );
    }
}
