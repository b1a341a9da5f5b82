//! The tables that a person reads; the README's is one of them.

use std::time::Duration;

use super::aims::Verdict;
use super::check::Faults;
use super::options::Options;
use super::outcome::{Outcome, Outcomes, Spread};
use super::peer::{Mode, Server};

/// One line for one run, as it ends.
pub(crate) fn line(run: &Outcome) -> String {
    let Faults { lost, doubled, out_of_order, torn } = run.faults;
    let mut line = format!(
        "round {} {:<4} {:<6} {:>6} held ({:.1} s), {:>6.0} B idle, {:>6.2} us/delivery, p50 {:.0} p99 {:.0} max {:.0} ms, gen {:.2}, load {:.1}",
        run.round,
        run.mode.name(),
        run.server.name(),
        run.held,
        run.connect_seconds,
        run.idle_bytes,
        run.us_per_delivery,
        run.p50_ms,
        run.p99_ms,
        run.max_ms,
        run.generator_cores,
        run.load,
    );
    if !run.is_faultless() {
        line += &format!("; FAULTS: {lost} lost, {doubled} twice, {out_of_order} out of order, {torn} torn");
        line.extend(run.broken.iter().map(|why| format!(", {why}")));
    }
    line
}

/// One row for each server and mode, in Markdown.
pub(crate) fn rows(all: &Outcomes, options: &Options) -> String {
    let mut text = String::from(
        "| conns | msg/s | server | mode | runs | held | idle B | then B | us/delivery (least-most) | p50 ms | p99 ms | p99.9 ms | max ms | lost/twice/order/torn | gen |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (mode, server) in order(all) {
        let runs: Vec<&Outcome> = all.of(mode, server).collect();
        let median =
            |figure: fn(&Outcome) -> f64| all.spread(mode, server, figure).map_or(f64::NAN, |s| s.median);
        let Some(cpu) = all.spread(mode, server, |run| run.us_per_delivery) else { continue };
        let mut faults = Faults::default();
        runs.iter().for_each(|run| faults.add(run.faults));
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {:.0} | {:.0} | {:.2} ({:.2}-{:.2}) | {:.0} | {:.0} | {:.0} | {:.0} | {}/{}/{}/{} | {:.2} |\n",
            options.connections,
            shown_rate(options),
            server.name(),
            mode.name(),
            runs.len(),
            runs.iter().map(|run| run.held).min().unwrap_or(0),
            median(|run| run.idle_bytes),
            median(|run| run.then_bytes),
            cpu.median,
            cpu.least,
            cpu.most,
            median(|run| run.p50_ms),
            median(|run| run.p99_ms),
            median(|run| run.p999_ms),
            median(|run| run.max_ms),
            faults.lost,
            faults.doubled,
            faults.out_of_order,
            faults.torn,
            median(|run| run.generator_cores),
        );
    }
    text
}

fn shown_rate(options: &Options) -> String {
    match options.burst {
        1 => options.rate.to_string(),
        burst => format!("{} x {burst}", options.rate),
    }
}

/// Ours beside the others, within each round.
pub(crate) fn ratios(all: &Outcomes) -> String {
    let mut text = String::from(
        "| mode | halley to | us/delivery (least-most) | p99 (least-most) | idle B (least-most) |\n|---|---|---|---|---|\n",
    );
    for (mode, server) in order(all).into_iter().filter(|(_, server)| *server != Server::Halley) {
        let ratio =
            |figure: fn(&Outcome) -> f64| all.ratio(mode, server, figure).map_or("-".to_owned(), shown);
        // The floor holds nothing for a connection: any ratio to that is noise.
        let idle = if server == Server::Raw { "-".to_owned() } else { ratio(|run| run.idle_bytes) };
        text += &format!(
            "| {} | {} | {} | {} | {idle} |\n",
            mode.name(),
            server.name(),
            ratio(|run| run.us_per_delivery),
            ratio(|run| run.p99_ms),
        );
    }
    text
}

fn shown(spread: Spread) -> String {
    format!("{:.2} ({:.2}-{:.2})", spread.median, spread.least, spread.most)
}

/// How exact a run's processor time can be, and whether the machine was busy otherwise.
pub(crate) fn resolution(all: &Outcomes, tick: Duration) -> String {
    let least = all.0.iter().map(|run| run.deliveries).min().unwrap_or(0).max(1);
    let load = Spread::of(all.0.iter().map(|run| run.load)).map_or(f64::NAN, |load| load.most);
    format!(
        "Processor time comes in ticks of {tick:?} for each process: {:.2} us/delivery in the shortest run. Load average at most {load:.1}; \
         what is above 2 is somebody else's work, and it is in the latencies.\n",
        tick.as_secs_f64() * 1e6 / least as f64
    )
}

/// The aims and what became of them.
pub(crate) fn verdicts(verdicts: &[Verdict], options: &Options) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        let mark = if verdict.is_met { "met" } else { "MISSED" };
        text += &format!(
            "{:<58} {:>9.2}  aim <= {:<8} {mark}\n",
            verdict.what, verdict.measured, verdict.at_most
        );
    }
    if !options.is_as_aimed() {
        text += "The aims are stated for 10,000 connections x 4 messages/s x 600 bytes, one core and three rounds: this run is another.\n";
    }
    text
}

/// Modes and servers in the order in which they ran first.
fn order(all: &Outcomes) -> Vec<(Mode, Server)> {
    let mut order = Vec::new();
    for run in &all.0 {
        let key = (run.mode, run.server);
        if !order.contains(&key) {
            order.push(key);
        }
    }
    order
}
