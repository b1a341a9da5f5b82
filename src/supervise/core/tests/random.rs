//! Whatever happens, in whatever order: what must never be is not.

use proptest::prelude::*;

use super::super::super::status::State;
use super::super::*;
use super::FOUR;
use super::world::World;

const OTHER: &str = "[[process]]\nname = \"nozzle\"\ncommand = [\"perihelion\", \"nozzle\"]\nenv = { A = \"b\" }\n\
    [[process]]\nname = \"halley\"\ncommand = [\"perihelion\", \"halley\"]\noverlap = true\n\
    scale = { min = 2, max = 4, metric = \"delay_seconds\", target = 1.0 }\n\
    [[process]]\nname = \"strainer\"\ncommand = [\"perihelion\", \"strainer\"]\n";
const NAMES: [&str; 4] = ["nozzle", "halley", "site", "strainer"];

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Pass(f64),
    Ready(usize),
    Dies(usize, i32),
    ToldEnds(usize),
    Asked(usize, What),
    Late(f64),
    Heavy(usize),
    Replanned(bool),
}

fn event() -> impl Strategy<Value = Event> {
    let what = prop_oneof![Just(What::Start), Just(What::Stop), Just(What::Restart), Just(What::Roll)];
    prop_oneof![
        3 => (0.0..12.0).prop_map(Event::Pass),
        6 => (0_usize..8).prop_map(Event::Ready),
        2 => ((0_usize..8), prop_oneof![4 => Just(1), 1 => Just(3)]).prop_map(|(n, code)| Event::Dies(n, code)),
        4 => (0_usize..8).prop_map(Event::ToldEnds),
        2 => ((0_usize..4), what).prop_map(|(n, what)| Event::Asked(n, what)),
        1 => (0.0..6.0).prop_map(Event::Late),
        1 => (0_usize..8).prop_map(Event::Heavy),
        1 => any::<bool>().prop_map(Event::Replanned),
    ]
}

fn nth(world: &World, n: usize) -> Option<RunId> {
    world.alive.keys().nth(n % world.alive.len().max(1)).copied()
}

fn apply(world: &mut World, event: &Event) {
    match event {
        Event::Pass(seconds) => world.pass(*seconds),
        Event::Ready(n) => drop(nth(world, *n).map(|run| world.ready(run))),
        Event::Dies(n, code) => drop(nth(world, *n).map(|run| world.end(run, *code))),
        Event::ToldEnds(n) => {
            let told: Vec<RunId> =
                world.alive.iter().filter(|(_, a)| a.is_told).map(|(run, _)| *run).collect();
            if let Some(run) = told.get(n % told.len().max(1)) {
                world.end(*run, 0);
            }
        }
        Event::Asked(n, what) => drop(world.ask(NAMES[*n], *what)),
        Event::Late(value) => world.measure("halley", *value),
        Event::Heavy(n) => {
            if let Some(run) = nth(world, *n) {
                world.happen(|core, now, orders| core.sampled(run, 4 << 30, now, orders));
            }
        }
        Event::Replanned(is_other) => drop(world.replan(if *is_other { OTHER } else { FOUR })),
    }
}

/// What holds at every moment.
fn holds(world: &World) -> Result<(), TestCaseError> {
    for name in NAMES {
        let runs = world.alive(name);
        let Some(process) = world.core.process(name) else {
            prop_assert_eq!(runs, 0, "{} runs and nobody knows", name);
            continue;
        };
        if !process.plan.overlap {
            prop_assert!(runs <= 1, "{} of {} that must be alone", runs, name);
        }
        let known: usize = process.seats.iter().map(|seat| seat.runs().count()).sum();
        prop_assert_eq!(known, runs, "{}", name);
        for seat in &process.seats {
            let has_run = matches!(seat.state(), State::Starting | State::Ready | State::Stopping);
            prop_assert_eq!(seat.run().is_some(), has_run, "{} {:?}", name, seat.state());
            prop_assert!(seat.leaving().len() <= 8);
        }
        let serving = world.alive.values().filter(|alive| alive.name == name && !alive.is_told).count();
        prop_assert!(serving <= process.plan.instances_max() + 1, "{serving} of {name}: {process:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_alone_twice_nobody_is_forgotten_and_there_are_never_too_many(
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut world = World::new(FOUR);
        world.pass(0.0);
        for event in &events {
            apply(&mut world, event);
            holds(&world)?;
        }
        // When the dying stops and a person starts what was given up, everything is ready.
        for name in NAMES {
            drop(world.ask(name, What::Start));
        }
        for _ in 0..30 {
            world.told_end();
            world.all_ready();
            world.pass(13.0);
            holds(&world)?;
        }
        for process in &world.core.processes {
            prop_assert!(process.is_ready(), "{}: {:?}", process.plan.name, process);
            prop_assert!(!process.is_busy(), "{}: {:?}", process.plan.name, process.task);
        }
        // And the end comes, although nobody ends by himself.
        world.stop();
        world.pass(20.0);
        prop_assert!(world.core.is_over() && world.alive.is_empty());
    }

    #[test]
    fn while_nobody_dies_a_rolling_restart_always_leaves_somebody_ready(
        order in prop::collection::vec((any::<bool>(), 0_usize..8, 0.0..3.0), 1..80),
    ) {
        let mut world = World::new("[[process]]\nname = \"site\"\ncommand = [\"perihelion\", \"site\"]\noverlap = true\ninstances = 2\n");
        world.pass(0.0);
        world.all_ready();
        for (is_ready, n, seconds) in order {
            drop(world.ask("site", What::Roll));
            apply(&mut world, &if is_ready { Event::Ready(n) } else { Event::ToldEnds(n) });
            world.pass(seconds);
            let serving = world.alive.values().filter(|alive| alive.is_ready && !alive.is_told).count();
            prop_assert!(serving >= 2, "{:?}", world.alive);
        }
    }
}
