//! What was measured, against what is aimed at, printed as it comes.

use std::time::Instant;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
    /// Only told, for comparison.
    None,
}

/// Prints figures.
pub(crate) struct Figures {
    began: Instant,
    measured: usize,
    missed: usize,
    skipped: usize,
}

impl Figures {
    /// Prints the head: the machine and its load.
    pub(crate) fn begin() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!("{cores} cores, load average {}", load());
        println!("{:<64} {:>14}  {:<14} load", "", "measured", "aim");
        Self { began: Instant::now(), measured: 0, missed: 0, skipped: 0 }
    }

    /// Prints one figure.
    pub(crate) fn tell(&mut self, name: &str, value: f64, unit: &str, aim: Aim) {
        let (aim_shown, is_met) = match aim {
            Aim::AtLeast(least) => (format!(">= {} {unit}", rounded(least)), value >= least),
            Aim::AtMost(most) => (format!("<= {} {unit}", rounded(most)), value <= most),
            Aim::None => (String::new(), true),
        };
        self.measured += 1;
        self.missed += usize::from(!is_met);
        let mark = if is_met { "" } else { "  MISSED" };
        println!("{name:<64} {:>14}  {aim_shown:<14} {}{mark}", format!("{} {unit}", rounded(value)), load());
    }

    /// Says that something could not be measured.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        self.skipped += 1;
        println!("SKIPPED: {what}: {why}");
    }

    /// Prints the sum.
    pub(crate) fn end(self) {
        let seconds = self.began.elapsed().as_secs();
        println!(
            "{} figures in {seconds} s, {} aims missed, {} skipped; load average {}",
            self.measured,
            self.missed,
            self.skipped,
            load()
        );
    }
}

/// The machine's load over the last minute, 5 and 15 minutes.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn rounded(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}
