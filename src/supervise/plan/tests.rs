//! supervisor.toml: what it may say, and what is said of what it may not.

use super::*;
use crate::config;

fn read(text: &str) -> Result<Plan, Vec<String>> {
    let config = config::of_text("").expect("defaults are settings");
    let path = std::path::Path::new("/nowhere/supervisor.toml");
    Plan::of_text(text, path, &config).map_err(|bad| bad.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn refused(text: &str, line: usize, part: &str) {
    let said = read(text).expect_err("refused").join("\n");
    let place = format!("/nowhere/supervisor.toml, line {line}: ");
    assert!(said.contains(&place) && said.contains(part), "{said}");
}

fn process(keys: &str) -> String {
    format!("[[process]]\nname = \"one\"\ncommand = [\"perihelion\", \"site\"]\n{keys}\n")
}

#[test]
fn the_file_that_comes_with_the_program_is_a_plan_of_all_four_roles() {
    let plan = read(include_str!("../../../supervisor.toml")).expect("it is whole");
    let names: Vec<&str> = plan.processes.iter().map(|process| process.name.as_str()).collect();
    assert_eq!(names, ["nozzle", "halley", "strainer", "site"]);
    assert!(plan.process("halley").expect("there").overlap && plan.process("site").expect("there").overlap);
    assert!(!plan.process("nozzle").expect("there").overlap, "two nozzles cannot hold one ledger");
    let sockets: Vec<&str> = plan.sockets.keys().map(String::as_str).collect();
    assert_eq!(sockets, ["halley", "hooks", "nozzle", "site", "strainer"]);
}

#[test]
fn defaults_are_those_of_our_own_roles() {
    let plan = read(&process("")).expect("a plan");
    let one = plan.process("one").expect("there");
    assert_eq!((one.ready.clone(), one.instances_max(), one.overlap), (Ready::Notify, 1, false));
    assert_eq!(one.rules.final_codes, [2, 3]);
    assert_eq!(one.log_name(1), "one.log");
    let other = read("[[process]]\nname = \"a\"\ncommand = [\"sh\"]\n").expect("a plan");
    assert_eq!(other.process("a").expect("there").ready, Ready::Started);
}

#[test]
fn wrong_keys_and_values_are_told_with_their_line_and_what_is_allowed() {
    refused("[[process]]\nname = \"a\"\ncomand = [\"sh\"]\n", 3, "unknown field `comand`");
    refused("[[process]]\nname = \"A b\"\ncommand = [\"sh\"]\n", 2, "cannot be a name");
    refused("[[process]]\nname = \"a\"\ncommand = []\n", 3, "a program and its arguments");
    refused("[[process]]\nname = \"a\"\ncommand = [\"no-such-program\"]\n", 3, "there is no program");
    refused(&process("after = [\"two\"]"), 4, "no process \"two\" to wait for");
    refused(&process("after = [\"one\"]"), 4, "waits for itself");
    refused(&process("sockets = [\"sight\"]"), 4, "known: halley, hooks");
    refused(&process("ready = \"soon\""), 4, "tcp://");
    refused(&process("stop_seconds = 0"), 4, "from 1 to 3600");
    refused(&process("instances = 2"), 4, "overlap = true");
    refused(&process("user = \"nobody-has-this-name\""), 4, "there is no user");
    refused(&process("dir = \"nowhere\""), 4, "is no directory");
    refused(&process("scale = { min = 3, max = 2, metric = \"m\", target = 1.0 }"), 4, "1 <= min <= max");
    refused(&format!("{}{}", process(""), process("")), 6, "two processes");
    refused("[sockets]\nx = \"here\"\n", 1, "an IP address and a port");
    assert!(read("").expect_err("empty").join("").contains("no [[process]]"));
}

#[test]
fn a_circle_of_waits_is_found() {
    let circle = "[[process]]\nname = \"a\"\ncommand = [\"sh\"]\nafter = [\"b\"]\n\
                  [[process]]\nname = \"b\"\ncommand = [\"sh\"]\nafter = [\"a\"]\n";
    refused(circle, 4, "\"a\" waits for itself");
    refused(circle, 8, "\"b\" waits for itself");
}

#[test]
fn env_files_come_before_env_and_never_print() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::write(dir.path().join("secrets"), "# tokens\nexport TOKEN='canary-1'\nOTHER=a=b\n\n")
        .expect("written");
    let config = config::of_text("").expect("defaults are settings");
    let text = process("env_files = [\"secrets\"]\nenv = { OTHER = \"x\" }");
    let path = dir.path().join("supervisor.toml");
    let plan = Plan::of_text(&text, &path, &config).expect("a plan");
    let env = &plan.process("one").expect("there").env;
    assert_eq!((env["TOKEN"].expose().as_str(), env["OTHER"].expose().as_str()), ("canary-1", "x"));
    assert!(!format!("{plan:?}").contains("canary"));
    std::fs::write(dir.path().join("secrets"), "canary-2 without a name\n").expect("written");
    let said = Plan::of_text(&text, &path, &config).expect_err("refused")[0].to_string();
    assert!(said.contains("secrets, line 1: NAME=value") && !said.contains("canary"), "{said}");
}

#[test]
fn only_what_a_running_process_cannot_take_asks_for_a_restart() {
    let plan = |keys: &str| read(&process(keys)).expect("a plan").processes[0].clone();
    let plain = plan("");
    assert!(
        plain.runs_the_same_as(&plan("memory_mb = 5\nstop_seconds = 3\nlog = { mb = 1 }\noverlap = true"))
    );
    assert!(!plain.runs_the_same_as(&plan("env = { A = \"b\" }")));
    assert!(!plain.runs_the_same_as(&plan("sockets = [\"site\"]")));
    assert!(!plain.runs_the_same_as(&plan("watchdog_seconds = 9")));
}
