//! From the supervisor's mind to what is told of it (`status.rs`): moments become times, runs become instances.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Instant;

use super::keeper::Keeper;
use super::process::{Process, Task};
use super::seat::{LastEnd, Run, Seat};
use super::status::{
    EndStatus, InstanceStatus, ProcessStatus, ScaleStatus, SocketStatus, State, Status, SupervisorStatus,
    TaskStatus,
};

pub(crate) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Everything that is wrong, a line each.
pub(crate) fn lines(problems: &[impl Display]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Tells moments as times.
#[derive(Clone, Copy)]
struct Clock {
    now: Instant,
    now_us: i64,
}

impl Clock {
    fn time(self, moment: Instant) -> i64 {
        let ago = self.now.saturating_duration_since(moment);
        self.now_us - i64::try_from(ago.as_micros()).unwrap_or(0)
    }
}

/// Everything about everybody.
pub(crate) fn status(keeper: &Keeper) -> Status {
    let clock = Clock { now: Instant::now(), now_us: now_us() };
    Status {
        now: clock.now_us,
        supervisor: SupervisorStatus {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: keeper.started,
            file: keeper.plan.file.display().to_string(),
            stopping: keeper.core.is_stopping(),
        },
        processes: keeper.core.processes.iter().map(|process| of_process(keeper, process, clock)).collect(),
    }
}

fn of_process(keeper: &Keeper, process: &Process, clock: Clock) -> ProcessStatus {
    let plan = &process.plan;
    let address = |(name, address): &(String, SocketAddr)| SocketStatus {
        name: name.clone(),
        address: keeper.socket_address(name).unwrap_or(*address).to_string(),
    };
    ProcessStatus {
        name: plan.name.clone(),
        wanted: process.wanted(),
        overlap: plan.overlap,
        after: plan.after.clone(),
        sockets: plan.sockets.iter().map(address).collect(),
        memory_max_bytes: plan.memory_max,
        scale: plan.scale.as_ref().map(|rule| ScaleStatus {
            min: rule.min,
            max: rule.max,
            metric: rule.metric.clone(),
            target: rule.target,
            value: process.scale_value,
            why: process.scale_why.clone(),
        }),
        task: process.task.as_ref().map(|task| of_task(task, clock)),
        instances: (1..)
            .zip(&process.seats)
            .flat_map(|(number, seat)| of_seat(keeper, process, number, seat, clock))
            .collect(),
    }
}

fn of_task(task: &Task, clock: Clock) -> TaskStatus {
    TaskStatus {
        id: task.id,
        what: task.what.words().to_owned(),
        why: task.why.clone(),
        begun: clock.time(task.begun),
        outcome: task.outcome,
        says: task.says.clone(),
    }
}

/// The place itself, and beside it what comes and what goes.
fn of_seat(
    keeper: &Keeper,
    process: &Process,
    number: usize,
    seat: &Seat,
    clock: Clock,
) -> Vec<InstanceStatus> {
    let one = |run: Option<&Run>, state: State, why: Option<&str>, since: Instant| {
        let running = run.and_then(|run| keeper.runs.get(&run.id));
        InstanceStatus {
            instance: number,
            pid: running.map(|running| running.pid),
            state,
            why: why.map(ToOwned::to_owned),
            since: clock.time(since),
            started: running.map(|running| running.started),
            restarts: seat.restarts(),
            last_end: seat.last_end().map(|last| of_end(last, clock)),
            says: running.and_then(|running| running.says.clone()),
            memory_bytes: running.map(|running| running.usage.memory_bytes).filter(|bytes| *bytes > 0),
            cpu_seconds: running.map(|running| running.usage.cpu_seconds),
            history: running.map(|running| running.history.iter().copied().collect()).unwrap_or_default(),
            ops_url: running.and_then(|running| running.ops).map(url),
            log: keeper.plan.logs_dir.join(process.plan.log_name(number)).display().to_string(),
        }
    };
    let mut instances = vec![one(seat.run(), seat.state(), seat.why(), seat.since())];
    instances.extend(
        seat.coming()
            .map(|run| one(Some(run), State::Starting, Some("takes over once it is ready"), run.began)),
    );
    instances.extend(
        seat.leaving().iter().map(|run| {
            one(Some(run), State::Stopping, Some("finishes what it has begun"), run.told_to_end())
        }),
    );
    instances
}

fn of_end(last: &LastEnd, clock: Clock) -> EndStatus {
    EndStatus {
        at: clock.time(last.at),
        pid: last.end.pid,
        code: last.end.code,
        signal: last.end.signal,
        reason: last.reason.clone(),
        lines: last.end.lines.clone(),
    }
}
