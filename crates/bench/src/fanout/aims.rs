//! What a fan-out run is to show, and whether it did.

use super::outcome::{Outcome, Outcomes};
use super::peer::{Mode, Server};

/// One aim and what was measured.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    /// In the unit that `what` names.
    pub(crate) measured: f64,
    pub(crate) at_most: f64,
    pub(crate) is_met: bool,
}

/// The ratios and bytes that are aimed at in one mode.
struct Aims {
    mode: Mode,
    cpu_to_nchan: f64,
    cpu_to_raw: Option<f64>,
    p99_to_nchan: f64,
    idle_bytes: f64,
}

const ALL: [Aims; 3] = [
    Aims {
        mode: Mode::Events,
        cpu_to_nchan: 0.70,
        cpu_to_raw: Some(1.08),
        p99_to_nchan: 0.70,
        idle_bytes: 2_500.0,
    },
    Aims {
        mode: Mode::WebSocket,
        cpu_to_nchan: 0.80,
        cpu_to_raw: Some(1.08),
        p99_to_nchan: 0.85,
        idle_bytes: 2_500.0,
    },
    Aims { mode: Mode::Poll, cpu_to_nchan: 0.90, cpu_to_raw: None, p99_to_nchan: 0.95, idle_bytes: 3_000.0 },
];

/// Every aim that these runs say something about.
pub(crate) fn verdicts(all: &Outcomes) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = ALL.iter().flat_map(|aims| aims.verdicts(all)).collect();
    if all.0.iter().any(|run| run.server == Server::Halley) {
        let ours = || all.0.iter().filter(|run| run.server == Server::Halley);
        let faults = ours().map(|run| {
            let Outcome { faults, wanted, held, .. } = run;
            faults.lost
                + faults.doubled
                + faults.out_of_order
                + faults.torn
                + wanted.saturating_sub(*held) as u64
        });
        verdicts.push(Verdict::new(
            "lost, twice, out of order, torn or not held, all runs".to_owned(),
            faults.sum::<u64>() as f64,
            0.0,
        ));
    }
    verdicts
}

impl Aims {
    fn verdicts(&self, all: &Outcomes) -> Vec<Verdict> {
        let name = self.mode.name();
        let ratio = |what: &str, to: Server, at_most: f64, figure: fn(&Outcome) -> f64| {
            let measured = all.ratio(self.mode, to, figure)?.median;
            Some(Verdict::new(format!("{name}: {what} / {}", to.name()), measured, at_most))
        };
        let cpu = |run: &Outcome| run.us_per_delivery;
        let idle = all.spread(self.mode, Server::Halley, |run| run.idle_bytes);
        [
            ratio("us/delivery", Server::Nchan, self.cpu_to_nchan, cpu),
            self.cpu_to_raw.and_then(|at_most| ratio("us/delivery", Server::Raw, at_most, cpu)),
            ratio("p99", Server::Nchan, self.p99_to_nchan, |run| run.p99_ms),
            idle.map(|idle| {
                Verdict::new(format!("{name}: idle bytes for each connection"), idle.median, self.idle_bytes)
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Verdict {
    /// Of something that is to be at most so much.
    pub(crate) fn new(what: String, measured: f64, at_most: f64) -> Self {
        Self { what, measured, at_most, is_met: measured <= at_most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::check::Faults;
    use crate::fanout::run::Measured;

    fn run(server: Server, us_per_delivery: f64) -> Outcome {
        let blank = Outcome::of(&Measured::default(), 1, Mode::Events, server);
        Outcome { us_per_delivery, p99_ms: 10.0, idle_bytes: 400.0, ..blank }
    }

    #[test]
    fn aims_are_judged_by_what_was_measured_only() {
        let all = Outcomes(vec![run(Server::Halley, 8.0), run(Server::Raw, 8.0)]);
        let what: Vec<(String, bool)> = verdicts(&all).into_iter().map(|v| (v.what, v.is_met)).collect();
        let told = [
            ("sse: us/delivery / raw", true),
            ("sse: idle bytes for each connection", true),
            ("lost, twice, out of order, torn or not held, all runs", true),
        ];
        assert_eq!(what, told.map(|(what, is_met)| (what.to_owned(), is_met)));
    }

    #[test]
    fn a_ratio_above_the_aim_and_a_single_fault_are_missed_aims() {
        let torn = Outcome { faults: Faults { torn: 1, ..Faults::default() }, ..run(Server::Halley, 8.0) };
        let all = Outcomes(vec![torn, run(Server::Nchan, 10.0)]);
        let missed: Vec<String> = verdicts(&all).into_iter().filter(|v| !v.is_met).map(|v| v.what).collect();
        let told = [
            "sse: us/delivery / nchan",
            "sse: p99 / nchan",
            "lost, twice, out of order, torn or not held, all runs",
        ];
        assert_eq!(missed, told);
    }
}
