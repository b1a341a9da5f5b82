//! The whole supervisor in an invented world: processes that are numbers, time that passes at will.

mod random;
mod world;

use super::super::status::{State, TaskOutcome};
use super::*;
use world::World;

const FOUR: &str = "[[process]]\nname = \"nozzle\"\ncommand = [\"perihelion\", \"nozzle\"]\n\
    [[process]]\nname = \"halley\"\ncommand = [\"perihelion\", \"halley\"]\nafter = [\"nozzle\"]\noverlap = true\n\
    [[process]]\nname = \"site\"\ncommand = [\"perihelion\", \"site\"]\nafter = [\"halley\"]\noverlap = true\n";

fn states(world: &World, name: &str) -> Vec<State> {
    world.core.process(name).expect("known").seats.iter().map(|seat| seat.state()).collect()
}

fn outcome(world: &World, name: &str) -> (TaskOutcome, String) {
    let task = world.core.process(name).expect("known").task.clone().expect("a task");
    (task.outcome, task.says)
}

#[test]
fn processes_start_when_those_they_wait_for_are_ready() {
    let mut world = World::new(FOUR);
    world.pass(0.0);
    assert_eq!(world.started(), ["nozzle"]);
    assert_eq!(states(&world, "site"), [State::Pending]);
    let why = world.core.process("site").expect("known").seats[0].why().expect("told").to_owned();
    assert_eq!(why, "waits for halley to be ready");
    world.all_ready();
    assert_eq!(world.started(), ["nozzle", "halley"]);
    assert!(!world.core.is_up());
    world.all_ready();
    world.all_ready();
    assert_eq!(world.started(), ["nozzle", "halley", "site"]);
    assert!(world.core.is_up());
}

#[test]
fn one_that_is_given_up_or_slow_does_not_keep_others_from_starting() {
    let mut world = World::new(FOUR);
    world.pass(0.0);
    for _ in 0..5 {
        world.die("nozzle", 1);
        world.pass(11.0);
    }
    assert_eq!(states(&world, "nozzle"), [State::GivenUp]);
    assert_eq!(states(&world, "halley"), [State::Starting]);
    world.pass(30.0);
    assert_eq!(states(&world, "site"), [State::Starting], "halley was waited for long enough");
    world.all_ready();
    assert!(world.core.is_up(), "what is given up waits for a person, nobody waits for it");
}

#[test]
fn a_rolling_restart_keeps_one_ready_all_the_time_and_one_after_the_other() {
    let text = "[[process]]\nname = \"halley\"\ncommand = [\"perihelion\", \"halley\"]\noverlap = true\ninstances = 3\n";
    let mut world = World::new(text);
    world.pass(0.0);
    world.all_ready();
    world.ask("halley", What::Roll).expect("begun");
    assert!(world.ask("halley", What::Roll).expect_err("busy").contains("0 of 3 replaced"));
    for replaced in 0..3 {
        assert_eq!(outcome(&world, "halley"), (TaskOutcome::Doing, format!("{replaced} of 3 replaced")));
        assert_eq!(world.alive("halley"), 4);
        assert!(states(&world, "halley").iter().all(|state| *state == State::Ready));
        world.all_ready();
        world.told_end();
    }
    assert_eq!(outcome(&world, "halley"), (TaskOutcome::Done, "3 of 3 replaced".to_owned()));
    assert_eq!(world.alive("halley"), 3);
}

#[test]
fn what_cannot_overlap_is_stopped_before_it_is_started() {
    let mut world = World::new(FOUR);
    world.pass(0.0);
    world.all_ready();
    world.ask("nozzle", What::Roll).expect("begun");
    assert_eq!((world.alive("nozzle"), states(&world, "nozzle")), (1, vec![State::Stopping]));
    world.told_end();
    assert_eq!((world.alive("nozzle"), states(&world, "nozzle")), (1, vec![State::Starting]));
    assert_eq!(outcome(&world, "nozzle").0, TaskOutcome::Doing);
    world.all_ready();
    assert_eq!(outcome(&world, "nozzle").0, TaskOutcome::Done);
}

#[test]
fn a_rolling_restart_that_fails_says_why_and_goes_no_further() {
    let text = "[[process]]\nname = \"halley\"\ncommand = [\"perihelion\", \"halley\"]\noverlap = true\ninstances = 2\n";
    let mut world = World::new(text);
    world.pass(0.0);
    world.all_ready();
    world.ask("halley", What::Roll).expect("begun");
    let new = world.newest("halley");
    world.end(new, 1);
    let (outcome, says) = outcome(&world, "halley");
    assert_eq!(outcome, TaskOutcome::Failed);
    assert!(says.contains("the new one ended before it was ready: exit code 1; the old one stays"), "{says}");
    assert_eq!((world.alive("halley"), states(&world, "halley")), (2, vec![State::Ready; 2]));
}

#[test]
fn too_much_memory_sample_after_sample_ends_in_a_graceful_restart_that_says_so() {
    let text = "[[process]]\nname = \"site\"\ncommand = [\"perihelion\", \"site\"]\noverlap = true\nmemory_mb = 100\n";
    let mut world = World::new(text);
    world.pass(0.0);
    world.all_ready();
    for _ in 0..3 {
        world.sample("site", 120 << 20);
    }
    assert_eq!(world.alive("site"), 2);
    let task = world.core.process("site").expect("known").task.clone().expect("a task");
    assert_eq!(
        (task.what, task.why.as_deref()),
        (What::Roll, Some("its memory was 120 MiB, above memory_mb = 100, for 6 s"))
    );
    world.all_ready();
    world.told_end();
    let seat = &world.core.process("site").expect("known").seats[0];
    assert!(seat.last_end().expect("one").reason.contains("its memory was 120 MiB"));
}

#[test]
fn instances_come_at_once_when_it_is_late_and_go_slowly_when_it_is_calm() {
    let text = "[[process]]\nname = \"halley\"\ncommand = [\"perihelion\", \"halley\"]\noverlap = true\n\
                scale = { min = 1, max = 3, metric = \"delay_seconds\", target = 1.0 }\n";
    let mut world = World::new(text);
    world.pass(0.0);
    world.all_ready();
    world.measure("halley", 3.0);
    assert_eq!(world.alive("halley"), 2);
    world.all_ready();
    world.pass(10.0);
    world.measure("halley", 3.0);
    world.all_ready();
    world.pass(10.0);
    world.measure("halley", 3.0);
    assert_eq!(world.alive("halley"), 3, "never beyond max");
    world.measure("halley", 0.0);
    world.pass(299.0);
    world.measure("halley", 0.0);
    assert_eq!(world.ending(), 0);
    world.pass(1.0);
    world.measure("halley", 0.0);
    assert_eq!(states(&world, "halley"), [State::Ready, State::Ready, State::Stopping]);
    world.told_end();
    assert_eq!(states(&world, "halley").len(), 2);
}

#[test]
fn a_reload_starts_what_is_new_stops_what_is_gone_and_restarts_what_changed() {
    let mut world = World::new(FOUR);
    (0..3).for_each(|_| world.all_ready());
    let text = "[[process]]\nname = \"nozzle\"\ncommand = [\"perihelion\", \"nozzle\"]\nmemory_mb = 10\n\
        [[process]]\nname = \"strainer\"\ncommand = [\"perihelion\", \"strainer\"]\n\
        [[process]]\nname = \"site\"\ncommand = [\"perihelion\", \"site\"]\noverlap = true\nenv = { A = \"b\" }\n";
    let done = world.replan(text);
    assert_eq!(
        (&done.started[..], &done.stopped[..], &done.restarted[..], &done.adjusted[..]),
        (
            &["strainer".to_owned()][..],
            &["halley".to_owned()][..],
            &["site".to_owned()][..],
            &["nozzle".to_owned()][..]
        )
    );
    assert_eq!((world.alive("site"), world.alive("strainer"), world.alive("nozzle")), (2, 1, 1));
    assert_eq!(states(&world, "halley"), [State::Stopping]);
    world.all_ready();
    world.told_end();
    assert!(world.core.process("halley").is_none());
    let names: Vec<String> = world.core.processes.iter().map(|process| process.plan.name.clone()).collect();
    assert_eq!(names, ["nozzle", "strainer", "site"]);
    assert_eq!(world.replan(text).unchanged, names);
}

#[test]
fn a_stop_reaches_everybody_and_is_over_when_all_have_ended() {
    let mut world = World::new(FOUR);
    world.all_ready();
    world.all_ready();
    world.stop();
    assert!(!world.core.is_over());
    assert!(world.ask("site", What::Start).expect_err("refused").contains("stopping"));
    world.told_end();
    assert!(world.core.is_over());
    world.pass(1000.0);
    assert!(world.core.is_over(), "nothing is started any more");
}

#[test]
fn a_name_that_nobody_has_is_refused_with_those_that_there_are() {
    let mut world = World::new(FOUR);
    let why = world.ask("haley", What::Start).expect_err("refused");
    assert_eq!(why, "there is no process \"haley\"; there are: nozzle, halley, site");
}
