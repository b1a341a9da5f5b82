//! The supervisor's hands: it starts and signals processes as `core.rs` orders, hears what becomes of them, and answers who asks. One task
//! on one thread, so that the kernel's promise to end the processes with their parent hangs on the main thread (`launch.rs`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chassis::{Part, Shutdown};
use nix::sys::signal::Signal;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::control::Asked;
use super::core::{Core, Order};
use super::end::End;
use super::launch::{self, Given};
use super::metrics::Gauge;
use super::notify::Ear;
use super::orphans::{Child, Record};
use super::plan::{Plan, ProcessPlan};
use super::process::What;
use super::run::{self, Paper, Started, Told};
use super::sample::{self, Usage};
use super::scribe::{Log, Scribe};
use super::seat::RunId;
use super::sockets::Sockets;
use super::status::{HISTORY_SAMPLES, SAMPLE_EVERY, Sample};
use super::tail::Tail;
use super::view;
use super::wire::{Answer, Reloaded, Request};
use crate::config::Config;

/// What happens faster than it is looked at waits here.
const TOLD_MAX: usize = 1024;
/// Nothing is due for so long at the longest: a clock that was set is of no matter.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// The listener for health and metrics of one instance, by the name under which it is handed down.
const OPS_SOCKET: &str = "ops";

/// What a supervisor stands on.
pub(crate) struct Ground {
    pub(crate) config: Config,
    /// The settings file, if one was named.
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) program: PathBuf,
    pub(crate) control: PathBuf,
    pub(crate) sockets: Sockets,
    pub(crate) record: Record,
    pub(crate) scribe: Scribe,
    /// Ready when everything was started.
    pub(crate) readiness: Part,
}

/// A run as the outside knows it.
pub(crate) struct Running {
    pub(crate) process: String,
    pub(crate) pid: u32,
    pub(crate) started: i64,
    pub(crate) says: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) history: VecDeque<Sample>,
    pub(crate) ops: Option<SocketAddr>,
    signals: mpsc::Sender<Signal>,
    birth: Option<u64>,
    stop_seconds: u64,
}

/// See the module.
pub(crate) struct Keeper {
    pub(crate) core: Core,
    pub(crate) plan: Plan,
    pub(crate) ground: Ground,
    pub(crate) runs: HashMap<RunId, Running>,
    pub(crate) started: i64,
    tails: BTreeMap<String, Arc<Mutex<Tail>>>,
    tell: mpsc::Sender<(RunId, Told)>,
    told: mpsc::Receiver<(RunId, Told)>,
    measure: mpsc::Sender<(String, Option<f64>, Gauge)>,
    measured: mpsc::Receiver<(String, Option<f64>, Gauge)>,
    /// What was measured so far; absent while a process is being asked.
    gauges: HashMap<String, Option<Gauge>>,
}

impl Keeper {
    pub(crate) fn new(plan: Plan, ground: Ground) -> Self {
        let (tell, told) = mpsc::channel(TOLD_MAX);
        let (measure, measured) = mpsc::channel(plan.processes.len().max(1));
        Self {
            core: Core::new(&plan, Instant::now()),
            plan,
            ground,
            runs: HashMap::new(),
            started: view::now_us(),
            tails: BTreeMap::new(),
            tell,
            told,
            measure,
            measured,
            gauges: HashMap::new(),
        }
    }

    /// Keeps the processes until `shutdown`, and returns when all have ended.
    pub(crate) async fn keep(
        mut self,
        mut asks: mpsc::Receiver<Asked>,
        mut hangups: tokio::signal::unix::Signal,
        shutdown: &Shutdown,
    ) {
        let mut samples = tokio::time::interval(SAMPLE_EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut insisted, mut orders) = (false, Vec::new());
        self.core.due(Instant::now(), &mut orders);
        self.carry_out(orders);
        while !self.core.is_over() {
            let mut orders = Vec::new();
            let due =
                self.core.next_due().map_or(IDLE_MAX, |due| due.saturating_duration_since(Instant::now()));
            tokio::select! {
                Some((run, told)) = self.told.recv() => self.hear(run, told, &mut orders),
                Some((request, answer)) = asks.recv() => {
                    let said = self.answer(request, &mut orders).await;
                    // Who asked may have gone.
                    let _gone = answer.send(said);
                }
                Some((process, value, gauge)) = self.measured.recv() => self.scale(&process, value, gauge, &mut orders),
                _ = samples.tick() => self.look(&mut orders),
                Some(()) = hangups.recv() => match self.reload(&mut orders).await {
                    Ok(done) => tracing::info!(?done, "supervisor.toml was read again"),
                    Err(why) => tracing::error!("nothing has changed: {why}"),
                },
                () = tokio::time::sleep(due.min(IDLE_MAX)) => {}
                () = shutdown.triggered(), if !self.core.is_stopping() => {
                    tracing::info!("every process is told to stop");
                    self.core.stop(Instant::now(), &mut orders);
                    self.ground.sockets.close();
                }
                () = shutdown.insisted(), if !insisted => {
                    insisted = true;
                    orders.extend(self.runs.keys().map(|run| Order::Kill(*run)));
                }
            }
            self.core.due(Instant::now(), &mut orders);
            self.carry_out(orders);
            if self.core.is_up() {
                self.ground.readiness.ready();
            }
        }
    }

    /// Does what was ordered, and what follows from it.
    fn carry_out(&mut self, mut orders: Vec<Order>) {
        let has_changed = !orders.is_empty();
        while !orders.is_empty() {
            for order in std::mem::take(&mut orders) {
                match order {
                    Order::Spawn { run, plan, instance } => {
                        if let Err(error) = self.spawn(run, &plan, instance) {
                            let why = format!("{error:#}");
                            tracing::error!(process.name = %plan.name, %why, "a process cannot be started");
                            self.core.ended(run, End::not_started(why), Instant::now(), &mut orders);
                        }
                    }
                    Order::Terminate(run) => self.signal(run, Signal::SIGTERM),
                    Order::Kill(run) => self.signal(run, Signal::SIGKILL),
                }
            }
        }
        if has_changed {
            self.record();
        }
    }

    fn spawn(&mut self, run: RunId, plan: &ProcessPlan, instance: usize) -> Result<()> {
        let ear = Ear::open().context("a socket for what it says of itself")?;
        let mut sockets = Vec::new();
        for (name, _) in &plan.sockets {
            sockets.push((name.clone(), self.ground.sockets.copy(name)?));
        }
        let mut ops = None;
        if plan.is_ours() {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("an address for its health")?;
            ops = Some(listener.local_addr()?);
            sockets.push((OPS_SOCKET.to_owned(), listener.into()));
        }
        let given = Given {
            sockets,
            notify: &ear.name,
            control: &self.ground.control,
            config: self.ground.config_file.as_deref(),
            program: &self.ground.program,
        };
        let command = launch::command(plan, given)?;
        let log = Log { path: self.plan.logs_dir.join(plan.log_name(instance)), plan: plan.log.clone() };
        let tail = self.tails.entry(plan.name.clone()).or_default().clone();
        let scribe = self.ground.scribe.clone();
        let paper = Paper { run, instance, scribe, log: Arc::new(log), tail };
        let Started { pid, signals } = run::start(command, ear, &plan.ready, paper, self.tell.clone())?;
        tracing::info!(process.name = %plan.name, process.instance = instance, process.pid = pid, "a process was started");
        let running = Running {
            process: plan.name.clone(),
            pid,
            started: view::now_us(),
            says: None,
            usage: Usage::default(),
            history: VecDeque::new(),
            ops,
            signals,
            birth: sample::birth(pid),
            stop_seconds: plan.rules.stop_wait.as_secs(),
        };
        self.runs.insert(run, running);
        Ok(())
    }

    fn signal(&self, run: RunId, signal: Signal) {
        if let Some(running) = self.runs.get(&run)
            && let Err(error) = running.signals.try_send(signal)
        {
            // It is ending this moment; its end is on its way to us.
            tracing::debug!(process.name = %running.process, process.pid = running.pid, %error, "a signal comes too late");
        }
    }

    fn record(&self) {
        let children: Vec<Child> = self
            .runs
            .values()
            .filter_map(|running| {
                let (name, stop_seconds) = (running.process.clone(), running.stop_seconds);
                Some(Child { name, pid: running.pid, birth: running.birth?, stop_seconds })
            })
            .collect();
        if let Err(error) = self.ground.record.write(&children) {
            tracing::warn!(%error, "the list of processes cannot be written: a supervisor that follows a crash would not wait for them");
        }
    }

    fn hear(&mut self, run: RunId, told: Told, orders: &mut Vec<Order>) {
        let now = Instant::now();
        match told {
            Told::Note(note) => {
                self.core.alive(run, now);
                if let (Some(running), Some(status)) = (self.runs.get_mut(&run), note.status) {
                    running.says = Some(status).filter(|status| !status.is_empty());
                }
                if note.is_ready {
                    self.core.ready(run, now, orders);
                }
            }
            Told::Ended(end) => {
                let Some(running) = self.runs.remove(&run) else { return };
                let (name, pid) = (running.process, running.pid);
                tracing::info!(process.name = %name, process.pid = pid, process.end = %end, "a process ended");
                self.core.ended(run, end, now, orders);
                let given_up = self.core.process(&name).and_then(|process| {
                    process
                        .seats
                        .iter()
                        .find_map(|seat| seat.why().filter(|_| seat.state() == super::status::State::GivenUp))
                });
                if let Some(why) = given_up {
                    tracing::error!(process.name = %name, "given up: {why}");
                }
                self.record();
            }
        }
    }

    /// Looks at what every run uses, and has those asked that are scaled.
    fn look(&mut self, orders: &mut Vec<Order>) {
        let (now, at) = (Instant::now(), view::now_us());
        let mut memory = Vec::new();
        for (run, running) in &mut self.runs {
            let Some(usage) = sample::usage(running.pid) else { continue };
            let since_us = running.history.back().map_or(running.started, |last| last.at);
            let passed =
                Duration::from_micros(u64::try_from(at - since_us).unwrap_or(0).max(1)).as_secs_f64();
            let cpu = ((usage.cpu_seconds - running.usage.cpu_seconds) / passed).max(0.0);
            running.usage = usage;
            running.history.push_back(Sample { at, memory_bytes: usage.memory_bytes, cpu });
            if running.history.len() > HISTORY_SAMPLES {
                running.history.pop_front();
            }
            memory.push((*run, usage.memory_bytes));
        }
        for (run, bytes) in memory {
            self.core.sampled(run, bytes, now, orders);
        }
        for plan in self.plan.processes.clone() {
            self.ask_how_late(&plan);
        }
    }

    fn ask_how_late(&mut self, plan: &ProcessPlan) {
        let Some(rule) = plan.scale.clone() else { return };
        let Some(mut gauge) =
            self.gauges.entry(plan.name.clone()).or_insert_with(|| Some(Gauge::default())).take()
        else {
            return;
        };
        let of_process = self.runs.iter().filter(|(_, running)| running.process == plan.name);
        let instances: Vec<(RunId, String)> =
            of_process.filter_map(|(run, running)| Some((*run, view::url(running.ops?)))).collect();
        let (measure, name) = (self.measure.clone(), plan.name.clone());
        tokio::spawn(async move {
            let value = gauge.ask(&rule.metric, rule.quantile, &instances).await;
            // Nobody hears it once the supervisor has ended.
            let _over = measure.send((name, value, gauge)).await;
        });
    }

    fn scale(&mut self, process: &str, value: Option<f64>, gauge: Gauge, orders: &mut Vec<Order>) {
        self.gauges.insert(process.to_owned(), Some(gauge));
        if let Some(change) = self.core.measured(process, value, Instant::now(), orders) {
            tracing::info!(process.name = process, instances = change.to, why = %change.why, "the number of instances changes");
        }
    }

    async fn answer(&mut self, request: Request, orders: &mut Vec<Order>) -> Answer {
        let now = Instant::now();
        let begun = match request {
            Request::Status => return Answer::Status(Box::new(view::status(self))),
            Request::Logs(logs) => match self.tails.get(&logs.process) {
                Some(tail) => {
                    let tail = tail.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    return Answer::Logs(tail.read(&logs));
                }
                None if self.core.process(&logs.process).is_some() => return Answer::Logs(Default::default()),
                None => Err(self.core.unknown(&logs.process)),
            },
            Request::Reload => match self.reload(orders).await {
                Ok(done) => return Answer::Reloaded(done),
                Err(why) => Err(why),
            },
            Request::Start { process } => self.core.ask(&process, What::Start, None, now, orders),
            Request::Stop { process } => self.core.ask(&process, What::Stop, None, now, orders),
            Request::Restart { process, rolling } => {
                let what = if rolling { What::Roll } else { What::Restart };
                self.core.ask(&process, what, None, now, orders)
            }
        };
        match begun {
            Ok(task) => Answer::Begun { task },
            Err(why) => Answer::Refused { why },
        }
    }

    /// Reads supervisor.toml again. Nothing changes when something in it cannot be.
    async fn reload(&mut self, orders: &mut Vec<Order>) -> Result<Reloaded, String> {
        if self.core.is_stopping() {
            return Err("the supervisor is stopping".to_owned());
        }
        let config =
            crate::config::load(self.ground.config_file.as_deref()).map_err(|bad| view::lines(&bad))?;
        let plan = Plan::read(&self.plan.file, &config).map_err(|bad| view::lines(&bad))?;
        self.ground.sockets.open(&plan.sockets).await.map_err(|error| format!("{error:#}"))?;
        self.ground.config = config;
        let done = self.core.replan(&plan, Instant::now(), orders);
        self.ground.sockets.keep(&plan.sockets);
        self.plan = plan;
        Ok(done)
    }

    pub(crate) fn socket_address(&self, name: &str) -> Option<SocketAddr> {
        self.ground.sockets.address(name)
    }
}
