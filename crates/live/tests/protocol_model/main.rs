//! The protocol of the ledger and its tail, held against random faults: every configuration must keep every promise,
//! and every mutant (the protocol with one rule left out) must be caught breaking one.
//!
//! The rules under test are the real ones: [`live::follow`] and [`live::push`]. Around them stand small models of the
//! ledger, of Redis with its push script, of the archive, and of pages.
//!
//! `PERIHELION_SEEDS=2000 cargo test -p live --release --test protocol_model -- --nocapture` is the long run.

mod archive;
mod ledger;
mod nozzle;
mod readers;
mod rng;
mod tail;
mod verdict;
mod wills;
mod world;

use std::{collections::BTreeMap, time::Instant};
use world::World;

/// How long a claim lives, in model seconds.
const TTL: f64 = 3.0;
/// A reader looks at least this often, in model seconds.
const POLL: f64 = 0.8;
/// A ring's length.
const RING: usize = 60;

/// What may go wrong in a configuration.
#[derive(Clone, Copy, Default)]
struct Faults {
    nozzle: bool,
    redis: bool,
    postgres: bool,
    moderate: bool,
    recover: bool,
    intruder: bool,
    clone: bool,
}

impl Faults {
    fn of(words: &str) -> Self {
        let has = |word| words.split(' ').any(|w| w == word);
        Self {
            nozzle: has("nozzle"),
            redis: has("redis"),
            postgres: has("postgres"),
            moderate: has("moderate"),
            recover: has("recover"),
            intruder: has("intruder"),
            clone: has("clone"),
        }
    }
}

/// A rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    NoCompare,
    NoOverwrite,
    Backwards,
    NoBeat,
    CursorApart,
    IgnoreTrim,
    RecoverAt1,
    NoChain,
    NoOwner,
    NoGeneration,
    OldMask,
    NoFirst,
    NoCas,
    LastVoid,
    NoPlace,
    ShowAll,
    BackAll,
}

const ALL: &str = "nozzle redis postgres moderate";
const RECOVER: &str = "nozzle redis postgres moderate recover";
const INTRUDERS: &str = "nozzle redis postgres moderate intruder";
const CLONES: &str = "nozzle postgres moderate clone";

const CONFIGURATIONS: [(&str, &str); 8] = [
    ("calm", "moderate"),
    ("redis", "nozzle redis moderate"),
    ("postgres", "nozzle postgres moderate"),
    ("all", ALL),
    ("recover", RECOVER),
    ("intruders", INTRUDERS),
    ("clones", CLONES),
    ("everything", "nozzle redis postgres moderate recover intruder"),
];

/// Each mutant with the configuration in which it must fail.
const MUTANTS: [(Mutant, &str); 17] = [
    (Mutant::NoCompare, ALL),
    (Mutant::NoOverwrite, ALL),
    (Mutant::Backwards, ALL),
    (Mutant::NoBeat, ALL),
    (Mutant::CursorApart, ALL),
    (Mutant::IgnoreTrim, ALL),
    (Mutant::RecoverAt1, RECOVER),
    (Mutant::NoChain, CLONES),
    (Mutant::NoOwner, INTRUDERS),
    (Mutant::NoGeneration, RECOVER),
    (Mutant::OldMask, ALL),
    (Mutant::NoFirst, ALL),
    (Mutant::NoCas, ALL),
    (Mutant::LastVoid, ALL),
    (Mutant::NoPlace, INTRUDERS),
    (Mutant::ShowAll, ALL),
    (Mutant::BackAll, ALL),
];

/// Seeds of a configuration in the short run.
const SEEDS_SHORT: u64 = 12;
/// A mutant's seeds in the short run, which ends at the first one that catches it.
const MUTANT_SEEDS_SHORT: u64 = 400;

/// The long run's number of seeds, if one is asked for.
fn seeds_asked() -> Option<u64> {
    let text = std::env::var("PERIHELION_SEEDS").ok()?;
    Some(text.parse().expect("PERIHELION_SEEDS is a number of seeds"))
}

/// Runs one configuration; how many seeds failed. Ends after the first failure if `first` is all that matters.
fn campaign(name: &str, faults: &str, mutant: Option<Mutant>, seeds: u64, first: bool) -> u64 {
    let (began, mut failed, mut ran) = (Instant::now(), 0, 0);
    let mut why: BTreeMap<&str, u64> = BTreeMap::new();
    let mut tallies: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..seeds {
        let mut world = World::new(seed * 1_000_003 + 17, Faults::of(faults), mutant);
        let wrong = world.run().clone();
        ran += 1;
        if !wrong.is_empty() {
            failed += 1;
            if mutant.is_none() {
                println!("{name}: seed {seed} breaks {wrong:?}");
            }
        }
        for what in wrong {
            *why.entry(what).or_default() += 1;
        }
        for (what, n) in &world.tallies {
            *tallies.entry(what).or_default() += n;
        }
        if failed > 0 && first {
            break;
        }
    }
    println!("{name:<14} {failed:>5}/{ran} failed  {:.1}s  {why:?}", began.elapsed().as_secs_f64());
    if mutant.is_none() {
        println!("    {tallies:?}");
    }
    failed
}

#[test]
fn every_configuration_keeps_every_promise() {
    let seeds = seeds_asked().unwrap_or(SEEDS_SHORT);
    let failed: u64 =
        CONFIGURATIONS.iter().map(|(name, faults)| campaign(name, faults, None, seeds, false)).sum();
    assert_eq!(failed, 0, "runs broke a promise; the lines above name configuration and seed");
}

#[test]
fn every_mutant_is_caught() {
    let asked = seeds_asked();
    let seeds = asked.unwrap_or(MUTANT_SEEDS_SHORT);
    let survivors: Vec<Mutant> = MUTANTS
        .iter()
        .filter(|(mutant, faults)| {
            campaign(&format!("{mutant:?}"), faults, Some(*mutant), seeds, asked.is_none()) == 0
        })
        .map(|(mutant, _)| *mutant)
        .collect();
    assert!(survivors.is_empty(), "rules that no run needs: {survivors:?}");
}
