//! The table of processes: as the supervisor tells of them, with what can be asked of each; and those that it does not know (or all, where none
//! runs), as their records tell.

use super::{
    board::{Acts, Cell, Row, Section, Tone},
    gather::Facts,
    watch::{Minute, Seen},
    words,
};
use crate::{
    site::view::chart::spark,
    supervise::status::{InstanceStatus, ProcessStatus, State},
};
use model::Micros;
use std::collections::{BTreeMap, VecDeque};

const HEADS: &[&str] = &["Name", "State", "Up", "Memory", "Processor", "Restarts"];

/// The table.
pub(super) fn table(facts: &Facts) -> Section {
    let supervisor = facts.supervisor.as_ref();
    let mut rows: Vec<Row> = Vec::new();
    let mut pids = Vec::new();
    for process in supervisor.iter().flat_map(|status| &status.processes) {
        for (n, instance) in process.instances.iter().enumerate() {
            pids.extend(instance.pid);
            rows.push(supervised(facts, process, n, instance));
        }
    }
    rows.extend(
        by_process(&facts.seen)
            .into_iter()
            .filter(|all| !pids.contains(&all[0].record.pid))
            .map(|all| told(facts, &all)),
    );
    let about = match (supervisor, &facts.board_trouble) {
        (_, Some(trouble)) => format!("The live store does not tell who is there: {trouble}"),
        (Some(_), None) => "supervised: what ends is started again".to_owned(),
        (None, None) => "Nobody supervises them here. Start them with perihelion supervise to have them started again, stopped and \
                         restarted from this page, and to read their logs."
            .to_owned(),
    };
    let about = Cell::new("processes.about", "", about);
    Section {
        id: "processes",
        title: "Processes",
        about,
        heads: HEADS,
        rows,
        nothing: "Nobody has said anything yet.",
    }
}

/// One place of a supervised process.
fn supervised(facts: &Facts, process: &ProcessStatus, n: usize, instance: &InstanceStatus) -> Row {
    let key = format!("p.{}.{}", process.name, instance.instance);
    let name = if process.instances.len() > 1 {
        format!("{} {}", process.name, instance.instance)
    } else {
        process.name.clone()
    };
    let seen = instance.pid.and_then(|pid| facts.seen.iter().find(|seen| seen.record.pid == pid));
    let (words_of_state, tone) = state(instance, seen);
    let minutes =
        seen.map(|seen| seen.minutes.clone()).filter(|minutes| minutes.len() > 1).unwrap_or_else(|| {
            let minute = |sample: &crate::supervise::status::Sample| Minute {
                memory_bytes: sample.memory_bytes,
                cpu: sample.cpu,
            };
            instance.history.iter().map(minute).collect()
        });
    let cpu = instance.history.last().map(|sample| sample.cpu).or_else(|| seen.map(|seen| seen.cpu));
    let up = instance
        .pid
        .and(instance.started)
        .map(|at| words::length(words::since(facts.real_now.since(Micros(at)))));
    let task = process.task.as_ref().filter(|_| n == 0).map(|task| format!("{}: {}", task.what, task.says));
    let last = instance.last_end.as_ref().map(|end| {
        let lines: Vec<&str> = end.lines.iter().rev().take(3).rev().map(String::as_str).collect();
        format!("Last ended: {} {}", end.reason, lines.join(" / "))
    });
    let note = [instance.why.clone(), task, last.filter(|_| instance.restarts > 0 || tone == Tone::Bad)];
    let is_running = !matches!(instance.state, State::Stopped | State::GivenUp | State::Pending);
    let acts =
        (n == 0).then(|| Acts { process: process.name.clone(), is_running, is_rolling: process.overlap });
    Row {
        name,
        about: instance.pid.map_or_else(String::new, |pid| format!("process {pid}")),
        cells: cells(
            &key,
            (words_of_state, tone),
            up,
            (instance.memory_bytes, cpu),
            &minutes,
            instance.restarts,
        ),
        note: Cell::new(format!("{key}.note"), "", note.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        link: (n == 0).then(|| (format!("/admin/ops/log/{}", process.name), "Log")),
        acts,
        key,
    }
}

fn state(instance: &InstanceStatus, seen: Option<&Seen>) -> (String, Tone) {
    let tone = match instance.state {
        State::Ready => Tone::Ok,
        State::Pending | State::Starting | State::Stopping | State::BackingOff => Tone::Warn,
        State::GivenUp => Tone::Bad,
        State::Stopped => Tone::Off,
    };
    match seen.filter(|seen| !seen.silent.is_zero() && instance.state == State::Ready) {
        Some(seen) => (format!("Runs, and has said nothing for {}", words::length(seen.silent)), Tone::Warn),
        None => (capital(instance.state.word()), tone),
    }
}

/// One process by its records: one for each of its roles.
fn told(facts: &Facts, all: &[&Seen]) -> Row {
    let first = all[0];
    let record = &first.record;
    let roles: Vec<&str> = all.iter().map(|seen| seen.record.role.as_str()).collect();
    let key = format!("r.{}.{}", roles.join("-"), record.instance);
    let is_ready = all.iter().all(|seen| seen.record.ready);
    let (state, note) = match first.silent {
        silent if !silent.is_zero() => (
            (format!("Not heard from for {}", words::length(silent)), Tone::Bad),
            "It was killed, hangs, or cannot reach the live store.".to_owned(),
        ),
        _ if is_ready => (("Running".to_owned(), Tone::Ok), String::new()),
        _ => (("Not ready".to_owned(), Tone::Warn), "What it waits for is told by its /readyz.".to_owned()),
    };
    let up = first
        .silent
        .is_zero()
        .then(|| words::length(words::since(facts.real_now.since(Micros(record.started)))));
    Row {
        name: roles.join(", "),
        about: format!("{} {}", record.instance, record.version),
        cells: cells(&key, state, up, (record.memory, Some(first.cpu)), &first.minutes, first.before),
        note: Cell::new(format!("{key}.note"), "", note),
        key,
        ..Row::default()
    }
}

fn cells(
    key: &str,
    (state, tone): (String, Tone),
    up: Option<String>,
    (memory, cpu): (Option<u64>, Option<f64>),
    minutes: &VecDeque<Minute>,
    restarts: u64,
) -> Vec<Cell> {
    let key = |end: &str| format!("{key}.{end}");
    let memories: Vec<u64> = minutes.iter().map(|minute| minute.memory_bytes / 1024).collect();
    let shares: Vec<u64> = minutes.iter().map(|minute| (minute.cpu * 1000.0) as u64).collect();
    let most_memory = memories.iter().copied().max().unwrap_or(0);
    let most_cpu = shares.iter().copied().max().unwrap_or(0);
    vec![
        Cell::new(key("state"), HEADS[1], state).tone(tone),
        Cell::new(key("up"), HEADS[2], up.unwrap_or_default()),
        Cell::new(key("memory"), HEADS[3], memory.map(words::bytes).unwrap_or_default()).spark(
            spark(&memories, most_memory),
            format!("Memory, {} at most", words::bytes(most_memory * 1024)),
        ),
        Cell::new(key("cpu"), HEADS[4], cpu.map(words::share).unwrap_or_default()).spark(
            spark(&shares, most_cpu.max(100)),
            format!("Processor, {} at most", words::share(most_cpu as f64 / 1000.0)),
        ),
        Cell::new(key("restarts"), HEADS[5], restarts.to_string()),
    ]
}

/// The records of each process, in the order of the roles.
fn by_process(seen: &[Seen]) -> Vec<Vec<&Seen>> {
    let mut all: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for seen in seen {
        all.entry(&seen.record.instance).or_default().push(seen);
    }
    let mut all: Vec<Vec<&Seen>> = all.into_values().collect();
    let place = |role: &str| {
        ["nozzle", "halley", "strainer", "site"].iter().position(|known| *known == role).unwrap_or(9)
    };
    all.iter_mut().for_each(|roles| roles.sort_by_key(|seen| place(&seen.record.role)));
    all.sort_by_key(|roles| place(&roles[0].record.role));
    all
}

/// "ready" as it begins a cell.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
