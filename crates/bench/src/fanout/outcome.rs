//! What one run showed, in the words of the tables.

use serde::{Deserialize, Serialize};

use super::check::Faults;
use super::peer::{Mode, Server};
use super::run::Measured;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// From 1.
    pub(crate) round: u16,
    pub(crate) mode: Mode,
    pub(crate) server: Server,
    /// Connections that were asked for, and that were served to the end.
    pub(crate) wanted: usize,
    pub(crate) held: usize,
    /// To connect them all.
    pub(crate) connect_seconds: f64,
    /// Why the others were not.
    pub(crate) broken: Vec<String>,
    /// See [`super::run::Run::idle_bytes_each`].
    pub(crate) idle_bytes: f64,
    /// The same after traffic.
    pub(crate) then_bytes: f64,
    /// The server's memory without any connection.
    pub(crate) empty_bytes: u64,
    pub(crate) deliveries: u64,
    pub(crate) us_per_delivery: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
    pub(crate) faults: Faults,
    pub(crate) generator_cores: f64,
    pub(crate) publisher_late_ms: f64,
    /// The machine's load average when the run ended.
    pub(crate) load: f64,
}

impl Outcome {
    /// What the measurement adds to what is known of the run.
    pub(crate) fn of(measured: &Measured, round: u16, mode: Mode, server: Server) -> Self {
        let report = &measured.report;
        Self {
            round,
            mode,
            server,
            wanted: 0,
            held: report.held,
            connect_seconds: 0.0,
            broken: report.broken.iter().map(|(why, count)| format!("{count} x {why}")).collect(),
            idle_bytes: 0.0,
            then_bytes: 0.0,
            empty_bytes: 0,
            deliveries: report.deliveries,
            us_per_delivery: measured.us_per_delivery(),
            p50_ms: measured.ms(0.5),
            p99_ms: measured.ms(0.99),
            p999_ms: measured.ms(0.999),
            max_ms: measured.ms(1.0),
            faults: report.faults,
            generator_cores: measured.generator_cores(),
            publisher_late_ms: measured.publisher_late.as_secs_f64() * 1e3,
            load: super::account::load(),
        }
    }

    /// Whether everybody was served and got everything once and in order.
    pub(crate) fn is_faultless(&self) -> bool {
        self.held == self.wanted && self.faults.is_none()
    }
}

/// The middle one, the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of all these; `None` of nothing. Of an even number the mean of the middle two.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = values.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let (least, most) = (*all.first()?, *all.last()?);
        let median = f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2]);
        Some(Self { median, least, most })
    }
}

/// All runs, and what is asked of them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcomes(pub(crate) Vec<Outcome>);

impl Outcomes {
    /// All runs of one server in one mode.
    pub(crate) fn of(&self, mode: Mode, server: Server) -> impl Iterator<Item = &Outcome> {
        self.0.iter().filter(move |run| run.mode == mode && run.server == server)
    }

    /// One figure over the rounds.
    pub(crate) fn spread(
        &self,
        mode: Mode,
        server: Server,
        figure: impl Fn(&Outcome) -> f64,
    ) -> Option<Spread> {
        Spread::of(self.of(mode, server).map(figure))
    }

    /// One figure of ours divided by another server's of the same round.
    pub(crate) fn ratio(&self, mode: Mode, to: Server, figure: impl Fn(&Outcome) -> f64) -> Option<Spread> {
        let pairs = self.of(mode, Server::Halley).filter_map(|ours| {
            let theirs = self.of(mode, to).find(|theirs| theirs.round == ours.round)?;
            Some(figure(ours) / figure(theirs))
        });
        Spread::of(pairs.filter(|ratio| ratio.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_the_ends() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(spread(&[4.0, 1.0]), Some(Spread { median: 2.5, least: 1.0, most: 4.0 }));
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let run = |round, server, us_per_delivery| Outcome {
            us_per_delivery,
            ..Outcome::of(&Measured::default(), round, Mode::Events, server)
        };
        let (ours, theirs) = (Server::Halley, Server::Nchan);
        // The machine was slow in round 2: for both.
        let all = Outcomes(vec![
            run(1, ours, 5.0),
            run(1, theirs, 10.0),
            run(2, theirs, 100.0),
            run(2, ours, 60.0),
        ]);
        let ratio = all.ratio(Mode::Events, theirs, |run| run.us_per_delivery);
        assert_eq!(ratio, Some(Spread { median: 0.55, least: 0.5, most: 0.6 }));
        assert_eq!(all.ratio(Mode::Poll, theirs, |run| run.us_per_delivery), None);
    }
}
