//! What a table of steady runs does not show: bursts, the highest rate, clients that do not read, that come and go, that all come
//! back at once, that are more than one process can hold, and what viewers cost the store. Each is measured by itself
//! (`bench fanout --scenario NAME`), tells its aims, and counts what was lost, doubled, out of order or torn.

mod burst;
mod churn;
mod highest;
mod many;
mod reads;
mod reconnect;
mod slow;
mod stuck;

use std::path::PathBuf;

use clap::ValueEnum;

use super::check::Faults;
use super::control::Report;
use super::options::Options;
use super::peer::{Mode, Server, Start};
use super::peers;
use super::rounds::Cores;
use super::run::Run;
use crate::figures::{Aim, Figures};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Eight messages at once, against one at a time
    Burst,
    /// The highest rate at which 99 of 100 deliveries take less than a second, in steps of a tenth, against Nchan
    Highest,
    /// 100 clients that never read among 1,000 that do
    Slow,
    /// A twentieth of the clients slow, another twentieth coming and going
    Churn,
    /// Everybody comes back at once with 200 messages missed, against nginx with the same bytes as a file
    Reconnect,
    /// 19,000 connections in one process and 30,000 in two workers, against Nchan
    Many,
    /// How often the store is read for each message, before few viewers and before many
    Reads,
}

/// What all scenarios are told.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The release build of ours.
    product: PathBuf,
    cores: Cores,
    modes: Vec<Mode>,
    /// Connections, where the scenario does not say how many.
    connections: usize,
    /// See [`Start::bytes`].
    bytes: usize,
    /// Of which medians are taken.
    rounds: usize,
}

/// Measures the scenarios that are asked for, and tells their figures.
///
/// # Errors
/// When a server or a generator cannot be started or fails; a missed aim is told and is no error.
pub(crate) async fn all(options: &Options, cores: &Cores) -> anyhow::Result<()> {
    let setting = Setting {
        product: options.bin.clone(),
        cores: cores.clone(),
        modes: options.modes.clone(),
        connections: options.connections as usize,
        bytes: usize::from(options.bytes),
        rounds: usize::from(options.rounds),
    };
    let mut figures = Figures::begin();
    for scenario in &options.scenario {
        measure(*scenario, &setting, &mut figures).await?;
    }
    figures.end();
    Ok(())
}

async fn measure(scenario: Scenario, setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    if let Some(missing) = peers::missing(Server::Halley, &setting.product) {
        figures.skip(&format!("{scenario:?}"), &missing);
        return Ok(());
    }
    match scenario {
        Scenario::Burst => burst::measure(setting, figures).await,
        Scenario::Highest => highest::measure(setting, figures).await,
        Scenario::Slow => slow::measure(setting, figures).await,
        Scenario::Churn => churn::measure(setting, figures).await,
        Scenario::Reconnect => reconnect::measure(setting, figures).await,
        Scenario::Many => many::measure(setting, figures).await,
        Scenario::Reads => reads::measure(setting, figures).await,
    }
}

impl Setting {
    fn start(&self, mode: Mode, connections: usize, threads: usize) -> Start {
        let (bytes, cores) = (self.bytes, self.cores.server.clone());
        Start { mode, connections, bytes, threads, cores, product: self.product.clone() }
    }

    /// A server of its own with all its subscribers.
    async fn begin(&self, server: Server, start: &Start) -> anyhow::Result<Run> {
        Run::begin(server, start, self.cores.generator).await
    }

    /// Ours, and Nchan where it is installed.
    fn servers(&self, figures: &mut Figures) -> Vec<Server> {
        match peers::missing(Server::Nchan, &self.product) {
            None => vec![Server::Halley, Server::Nchan],
            Some(missing) => {
                figures.skip("the comparison with Nchan", &missing);
                vec![Server::Halley]
            }
        }
    }
}

/// What went wrong over several runs.
#[derive(Debug, Default)]
struct Sound {
    faults: Faults,
    broken: u64,
}

impl Sound {
    fn note(&mut self, report: &Report) {
        self.faults.add(report.faults);
    }

    /// Connections that were not to end and did.
    fn note_broken(&mut self, report: &Report) {
        self.broken += report.broken.values().sum::<u64>();
        for (why, count) in &report.broken {
            println!("  {count} connections broke: {why}");
        }
    }

    fn tell(&self, name: &str, figures: &mut Figures) {
        let Faults { lost, doubled, out_of_order, torn } = self.faults;
        let none = Aim::AtMost(0.0);
        figures.tell(&format!("  {name}: lost"), lost as f64, "", none);
        figures.tell(
            &format!("  {name}: doubled, out of order or torn"),
            (doubled + out_of_order + torn) as f64,
            "",
            none,
        );
        figures.tell(&format!("  {name}: connections that broke"), self.broken as f64, "", none);
    }
}

/// The middle value; of an even number, the lower one of the middle. Nothing of nothing.
fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Of what was measured in the same rounds, the middle one of all `ours / theirs`: what else the machine did fell on both.
fn share(ours: &[f64], theirs: &[f64]) -> f64 {
    let shares: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    median(&shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_value_is_one_that_was_measured() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.0);
        assert!(median(&[]).is_nan());
        assert_eq!(share(&[1.0, 9.0, 4.0], &[2.0, 3.0, 2.0]), 2.0);
    }
}
