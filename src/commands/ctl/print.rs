//! What `ctl` prints: tables for people, or the supervisor's own words as JSON.

use serde::Serialize;

use crate::supervise::status::{InstanceStatus, ProcessStatus, Status, TaskStatus};
use crate::supervise::wire::{Lines, Reloaded};

const HEAD: [&str; 8] = ["PROCESS", "STATE", "PID", "SINCE", "RESTARTS", "MEMORY", "CPU", ""];

pub(crate) fn status(status: &Status, as_json: bool) {
    if as_json {
        return json(status);
    }
    print!("{}", table(status));
}

pub(crate) fn task(name: &str, task: &TaskStatus, as_json: bool) {
    match as_json {
        true => json(task),
        false => println!("{name}: {}: {}", task.what, task.says),
    }
}

pub(crate) fn reloaded(done: &Reloaded, as_json: bool) {
    if as_json {
        return json(done);
    }
    let parts = [
        ("started", &done.started),
        ("stopped", &done.stopped),
        ("restarted", &done.restarted),
        ("adjusted", &done.adjusted),
        ("unchanged", &done.unchanged),
    ];
    for (word, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
        println!("{word}: {}", names.join(", "));
    }
}

pub(crate) fn logs(lines: &Lines, with_instance: bool, as_json: bool) {
    for line in &lines.lines {
        match (as_json, with_instance) {
            (true, _) => json(line),
            (false, true) => println!("{} | {}", line.instance, line.text),
            (false, false) => println!("{}", line.text),
        }
    }
}

fn json(value: &impl Serialize) {
    println!("{}", serde_json::to_string(value).expect("plain data"));
}

/// A line for each instance, columns as wide as they must be, and below it why, where there is something to say.
fn table(status: &Status) -> String {
    let mut rows = vec![(HEAD.map(str::to_owned), Vec::new())];
    for process in &status.processes {
        rows.extend(process.instances.iter().map(|instance| row(process, instance, status.now)));
    }
    let width = |n: usize| rows.iter().map(|(cells, _)| cells[n].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for (cells, notes) in &rows {
        let cells: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        notes.iter().for_each(|note| text.push_str(&format!("  {note}\n")));
    }
    text
}

fn row(process: &ProcessStatus, instance: &InstanceStatus, now: i64) -> ([String; 8], Vec<String>) {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let name = match process.instances.len() {
        1 => process.name.clone(),
        _ => format!("{}.{}", process.name, instance.instance),
    };
    let cpu = instance.history.last().map(|sample| format!("{:.0} %", sample.cpu * 100.0));
    let cells = [
        name,
        instance.state.word().to_owned(),
        or_dash(instance.pid.map(|pid| pid.to_string())),
        ago(now - instance.since),
        instance.restarts.to_string(),
        or_dash(instance.memory_bytes.map(|bytes| format!("{} MiB", bytes >> 20))),
        or_dash(cpu),
        instance.says.clone().unwrap_or_default(),
    ];
    let mut notes: Vec<String> = instance.why.iter().cloned().collect();
    if let Some(end) = &instance.last_end {
        notes.push(format!("last end {} ago: {}", ago(now - end.at), end.reason));
    }
    if instance.why.is_some() {
        let last = instance.last_end.iter().flat_map(|end| &end.lines);
        notes.extend(last.map(|line| format!("| {line}")));
    }
    (cells, notes)
}

fn ago(us: i64) -> String {
    let seconds = us.max(0) / 1_000_000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_instance_and_says_why() {
        let given: Status = serde_json::from_str(
            r#"{"now":200000000,"supervisor":{"pid":1,"version":"0.1.0","started":0,"file":"f","stopping":false},"processes":[
            {"name":"nozzle","wanted":1,"overlap":false,"after":[],"sockets":[],"memory_max_bytes":null,"scale":null,"task":null,"instances":[
              {"instance":1,"pid":null,"state":"given_up","why":"it died 5 times","since":20000000,"started":null,"restarts":4,
               "last_end":{"at":190000000,"pid":7,"code":1,"signal":null,"reason":"exit code 1","lines":["no room"]},
               "says":null,"memory_bytes":null,"cpu_seconds":null,"history":[],"ops_url":null,"log":"l"}]},
            {"name":"halley","wanted":1,"overlap":true,"after":[],"sockets":[],"memory_max_bytes":null,"scale":null,"task":null,"instances":[
              {"instance":1,"pid":12,"state":"ready","why":null,"since":199000000,"started":1,"restarts":0,"last_end":null,
               "says":"ready","memory_bytes":52428800,"cpu_seconds":1.0,"history":[{"at":1,"memory_bytes":1,"cpu":0.5}],"ops_url":null,"log":"l"}]}]}"#,
        )
        .expect("the form of the status");
        let expected = "PROCESS  STATE     PID  SINCE  RESTARTS  MEMORY  CPU\n\
                        nozzle   given up  -    3 min  4         -       -\n  it died 5 times\n  last end 10 s ago: exit code 1\n  | no room\n\
                        halley   ready     12   1 s    0         50 MiB  50 %  ready\n";
        assert_eq!(table(&given), expected);
    }
}
