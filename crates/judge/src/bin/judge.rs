//! `judge`: compares journals with frames, export and page; prints every fault; exit status 1 if there is one.

use anyhow::Result;
use clap::Parser;
use judge::{
    Alive, Fault, by_network, compare_dom, compare_export, compare_frames, public_after, read_dom,
    read_export, read_frames, read_journal,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares what was seen with what was said.
#[derive(Parser)]
struct Arguments {
    /// Journals of the fake networks.
    #[arg(long, required = true)]
    journal: Vec<PathBuf>,
    /// Address at which a blog is read, when one of the journals is a blog's.
    #[arg(long)]
    feed: Option<String>,
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

/// What was looked at, how many items of each network it holds, and what must not be about it.
struct Finding {
    name: String,
    counts: BTreeMap<String, usize>,
    faults: Vec<Fault>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut alive = Alive::new();
    for journal in &arguments.journal {
        alive.extend(read_journal(journal, arguments.feed.as_deref())?);
    }
    println!("{} items exist", alive.len());
    let findings = findings(&arguments, &alive)?;
    for finding in &findings {
        println!("{}: {} faults", finding.name, finding.faults.len());
        finding.faults.iter().take(FAULTS_SHOWN_MAX).for_each(|fault| println!("  {fault}"));
    }
    print_table(&alive, &findings);
    let is_all = arguments.items.is_none_or(|n| n == alive.len());
    let good = is_all && findings.iter().all(|finding| finding.faults.is_empty());
    println!("{}", if good { "nothing lost, nothing twice" } else { "NOT as it was said" });
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn findings(arguments: &Arguments, alive: &Alive) -> Result<Vec<Finding>> {
    let mut all = Vec::new();
    let mut found = |path: &PathBuf, counts, faults| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        all.push(Finding { name, counts, faults });
    };
    for path in &arguments.frames {
        let frames = read_frames(path)?;
        found(path, by_network(alive, &public_after(&frames)), compare_frames(alive, &frames));
    }
    for path in &arguments.export {
        let lines = read_export(path)?;
        let counts = by_network(alive, lines.iter().map(|line| &line.id));
        found(path, counts, compare_export(alive, &lines));
    }
    for path in &arguments.dom {
        let frames = arguments.frames.first().map(|f| read_frames(f)).transpose()?.unwrap_or_default();
        let ids = read_dom(path)?;
        found(path, by_network(alive, &ids), compare_dom(alive, &frames, &ids));
    }
    Ok(all)
}

/// How many items of each network exist and were seen where. A page keeps its newest items only.
fn print_table(alive: &Alive, findings: &[Finding]) {
    let exist = by_network(alive, alive.keys());
    print!("{:<12}{:>8}", "network", "exist");
    findings.iter().for_each(|finding| print!("{:>16}", finding.name));
    println!();
    for (network, exist) in &exist {
        print!("{network:<12}{exist:>8}");
        findings.iter().for_each(|finding| print!("{:>16}", finding.counts.get(network).unwrap_or(&0)));
        println!();
    }
}
