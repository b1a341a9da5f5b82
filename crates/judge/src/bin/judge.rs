//! `judge`: compares journals with frames, export and page; prints every fault; exit status 1 if there is one.

use anyhow::Result;
use clap::Parser;
use judge::{
    Fault, compare_dom, compare_export, compare_frames, read_dom, read_export, read_frames, read_journal,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares what was seen with what was said.
#[derive(Parser)]
struct Arguments {
    /// Journals of the fake networks.
    #[arg(long, required = true)]
    journal: Vec<PathBuf>,
    /// Files of raw frames, one for each client.
    #[arg(long)]
    frames: Vec<PathBuf>,
    /// Files of exported lines.
    #[arg(long)]
    export: Vec<PathBuf>,
    /// Files of ids on a page, top to bottom.
    #[arg(long)]
    dom: Vec<PathBuf>,
    /// How many items must exist, where that is known.
    #[arg(long)]
    items: Option<usize>,
}

const FAULTS_SHOWN_MAX: usize = 20;

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut alive = BTreeSet::new();
    for journal in &arguments.journal {
        alive.extend(read_journal(journal)?);
    }
    println!("{} items exist", alive.len());
    let mut good = arguments.items.is_none_or(|n| n == alive.len());
    let mut report = |what: &PathBuf, faults: Vec<Fault>| {
        println!("{}: {} faults", what.display(), faults.len());
        faults.iter().take(FAULTS_SHOWN_MAX).for_each(|f| println!("  {f}"));
        good &= faults.is_empty();
    };
    for path in &arguments.frames {
        report(path, compare_frames(&alive, &read_frames(path)?));
    }
    for path in &arguments.export {
        report(path, compare_export(&alive, &read_export(path)?));
    }
    for path in &arguments.dom {
        let frames = arguments.frames.first().map(|f| read_frames(f)).transpose()?.unwrap_or_default();
        report(path, compare_dom(&alive, &frames, &read_dom(path)?));
    }
    println!("{}", if good { "nothing lost, nothing twice" } else { "NOT as it was said" });
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
