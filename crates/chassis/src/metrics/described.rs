//! What a metric is called and what it says: every daemon lists its own, so that each comes with `HELP` and `TYPE`, and those without labels
//! are there from the first scrape, at zero. A rule that asks for a counter which was never touched would otherwise stay silent for ever.

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counted by steps.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    kind: Kind,
    name: &'static str,
    help: &'static str,
    has_labels: bool,
}

impl Described {
    /// A counter.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { kind: Kind::Counter, name, help, has_labels: false }
    }

    /// A gauge.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { kind: Kind::Gauge, name, help, has_labels: false }
    }

    /// A histogram.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { kind: Kind::Histogram, name, help, has_labels: false }
    }

    /// The same, told apart by labels: there is none before something happens.
    #[must_use]
    pub const fn by_labels(self) -> Self {
        Self { has_labels: true, ..self }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    fn tell(&self) {
        match self.kind {
            Kind::Counter => ::metrics::describe_counter!(self.name, self.help),
            Kind::Gauge => ::metrics::describe_gauge!(self.name, self.help),
            Kind::Histogram => ::metrics::describe_histogram!(self.name, self.help),
        }
        if self.has_labels {
            return;
        }
        match self.kind {
            Kind::Counter => ::metrics::counter!(self.name).increment(0),
            Kind::Gauge => ::metrics::gauge!(self.name).increment(0.0),
            // Registered is enough: without a value it has its empty steps.
            Kind::Histogram => drop(::metrics::histogram!(self.name)),
        }
    }
}

/// Tells the recorder of these; call it after [`super::install`], where the daemon starts.
pub fn describe(all: &[Described]) {
    all.iter().for_each(Described::tell);
}
