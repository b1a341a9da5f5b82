//! From the keys of supervisor.toml to a plan, with a sentence and a line for everything that cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::Secret;
use model::event::Places;

use super::file::{LogFile, PlanFile, Problem, ProcessFile, ScaleFile, env_lines, is_variable};
use super::{
    DOWN_SECONDS, FINAL_CODES, INSTANCES_MAX, LOG_FILES, LOG_MB, LogPlan, OURSELVES, PROCESSES_MAX, Plan,
    ProcessPlan, QUANTILE, READY_WAIT, Ready, STOP_WAIT,
};
use crate::bounded;
use crate::config::Config;
use crate::supervise::scale::Rule;
use crate::supervise::seat::Rules;

const ENV_FILE_BYTES_MAX: u64 = 64 * 1024;
const NAME_CHARS_MAX: usize = 32;
const SECONDS_MAX: u64 = 3600;
const LOG_FILES_MAX: usize = 100;
const LOG_MB_MAX: u64 = 10_000;
const LIST: &str = "process";

/// Reads and checks the text of a supervisor.toml at `path`.
pub(super) fn plan(text: &str, path: &Path, config: &Config) -> Result<Plan, Vec<Problem>> {
    let places = Places::of(text).map_err(|bad| {
        bad.0.iter().map(|problem| Problem::at(path, problem.line, &problem.what)).collect::<Vec<_>>()
    })?;
    let file: PlanFile = toml::from_str(text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        vec![Problem::at(path, line, error.message().trim_end().replace('\n', ", "))]
    })?;
    let base = path.parent().unwrap_or(Path::new("/"));
    let mut check = Check { path, base, places, problems: Vec::new(), sockets: sockets_of(config) };
    check.named_sockets(&file);
    let processes: Vec<Arc<ProcessPlan>> =
        file.process.iter().enumerate().map(|(n, process)| Arc::new(check.process(n, process))).collect();
    check.together(&processes);
    let logs_dir = file.logs_dir.map_or_else(|| config.data_dir.join("logs"), |dir| base.join(dir));
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let wanted = processes.iter().flat_map(|process| process.sockets.iter().cloned());
    let sockets = wanted.collect();
    let logs_dir = std::path::absolute(&logs_dir).unwrap_or(logs_dir);
    Ok(Plan { file: path.to_path_buf(), logs_dir, processes, sockets })
}

/// The sockets of our own roles, as perihelion.toml has them.
fn sockets_of(config: &Config) -> BTreeMap<String, SocketAddr> {
    let known = [
        ("site", config.site.listen),
        ("halley", config.halley.listen),
        ("nozzle", config.nozzle.listen),
        ("hooks", config.nozzle.hooks_listen),
        ("strainer", config.strainer.listen),
    ];
    known.map(|(name, address)| (name.to_owned(), address)).into()
}

struct Check<'a> {
    path: &'a Path,
    base: &'a Path,
    places: Places<'a>,
    problems: Vec<Problem>,
    sockets: BTreeMap<String, SocketAddr>,
}

impl Check<'_> {
    fn say(&mut self, n: usize, key: &str, what: impl std::fmt::Display) {
        let line = self.places.line_in(LIST, n, key);
        self.problems.push(Problem::at(self.path, line, what));
    }

    fn named_sockets(&mut self, file: &PlanFile) {
        for (name, address) in &file.sockets {
            match address.parse() {
                Ok(address) if is_name(name) => {
                    self.sockets.insert(name.clone(), address);
                }
                Ok(_) => {
                    let line = self.places.line_of("sockets");
                    self.problems.push(Problem::at(self.path, line, wrong_name(name)));
                }
                Err(_) => {
                    let line = self.places.line_of("sockets");
                    let what = format!(
                        "socket {name:?}: an IP address and a port are wanted, such as \"127.0.0.1:8080\""
                    );
                    self.problems.push(Problem::at(self.path, line, what));
                }
            }
        }
        if file.process.is_empty() {
            self.problems.push(Problem::whole(self.path, "it has no [[process]]: nothing would run"));
        }
        if file.process.len() > PROCESSES_MAX {
            self.problems
                .push(Problem::whole(self.path, format!("at most {PROCESSES_MAX} processes can be kept")));
        }
    }

    fn process(&mut self, n: usize, file: &ProcessFile) -> ProcessPlan {
        if !is_name(&file.name) {
            self.say(n, "name", wrong_name(&file.name));
        }
        let is_ours = file.command.first().is_some_and(|program| program == OURSELVES);
        let dir = file.dir.as_ref().map(|dir| self.base.join(dir));
        self.command(n, file, is_ours, dir.as_deref());
        self.user(n, file);
        let scale = file.scale.as_ref().map(|scale| self.scale(n, file, scale));
        let instances = self.instances(n, file);
        ProcessPlan {
            name: file.name.clone(),
            command: file.command.clone(),
            env: self.env(n, file),
            dir,
            user: file.user.clone(),
            after: file.after.clone(),
            sockets: self.handed(n, file),
            ready: self.ready(n, file, is_ours),
            overlap: file.overlap,
            instances,
            scale,
            memory_max: file.memory_mb.map(|mb| self.within(n, "memory_mb", mb, 1, 1 << 30) << 20),
            rules: Rules {
                stop_wait: self.seconds(n, "stop_seconds", file.stop_seconds, STOP_WAIT),
                ready_wait: self.seconds(n, "ready_seconds", file.ready_seconds, READY_WAIT),
                watchdog: file
                    .watchdog_seconds
                    .map(|seconds| self.seconds(n, "watchdog_seconds", Some(seconds), STOP_WAIT)),
                final_codes: file.do_not_restart.clone().unwrap_or(FINAL_CODES.into()),
            },
            log: self.log(n, file.log.as_ref()),
        }
    }

    fn command(&mut self, n: usize, file: &ProcessFile, is_ours: bool, dir: Option<&Path>) {
        let Some(program) = file.command.first().filter(|program| !program.is_empty()) else {
            return self.say(
                n,
                "command",
                "a program and its arguments are wanted, such as [\"perihelion\", \"site\"]",
            );
        };
        if file.command.iter().any(|word| word.contains('\0')) {
            self.say(n, "command", "words of a command hold no NUL");
        }
        if !is_ours && !can_be_found(program, dir.unwrap_or(Path::new("."))) {
            self.say(n, "command", format!("there is no program {program:?} here that can be run"));
        }
        if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
            self.say(n, "dir", format!("{} is no directory", dir.display()));
        }
    }

    fn user(&mut self, n: usize, file: &ProcessFile) {
        let Some(name) = &file.user else { return };
        match nix::unistd::User::from_name(name) {
            Ok(Some(user)) => {
                let us = nix::unistd::geteuid();
                if user.uid != us && !us.is_root() {
                    self.say(n, "user", format!("only root can start a process as {name:?}"));
                }
            }
            Ok(None) => self.say(n, "user", format!("there is no user {name:?} on this system")),
            Err(error) => self.say(n, "user", format!("the user {name:?} cannot be looked up: {error}")),
        }
    }

    fn env(&mut self, n: usize, file: &ProcessFile) -> BTreeMap<String, Secret<String>> {
        let mut env = BTreeMap::new();
        for name in &file.env_files {
            let path = self.base.join(name);
            match bounded::read_text(&path, ENV_FILE_BYTES_MAX) {
                Ok(text) => match env_lines(&text) {
                    Ok(lines) => env.extend(lines),
                    Err(line) => {
                        let what = format!("{}, line {line}: NAME=value is wanted", path.display());
                        self.say(n, "env_files", what);
                    }
                },
                Err(error) => self.say(n, "env_files", format!("{} cannot be read: {error}", path.display())),
            }
        }
        if let Some(name) = file.env.keys().find(|name| !is_variable(name)) {
            self.say(n, "env", format!("{name:?} cannot name a variable"));
        }
        env.extend(file.env.clone());
        if env.values().any(|value| value.contains('\0')) {
            self.say(n, "env", "values of variables hold no NUL");
        }
        env.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
    }

    fn handed(&mut self, n: usize, file: &ProcessFile) -> Vec<(String, SocketAddr)> {
        let mut handed = Vec::new();
        for name in &file.sockets {
            match self.sockets.get(name) {
                Some(address) => handed.push((name.clone(), *address)),
                None => {
                    let known: Vec<&str> = self.sockets.keys().map(String::as_str).collect();
                    let known = known.join(", ");
                    self.say(
                        n,
                        "sockets",
                        format!("there is no socket {name:?} in [sockets]; known: {known}"),
                    );
                }
            }
        }
        handed
    }

    fn ready(&mut self, n: usize, file: &ProcessFile, is_ours: bool) -> Ready {
        let usual = if is_ours { Ready::Notify } else { Ready::Started };
        let Some(text) = &file.ready else { return usual };
        let tcp = text.strip_prefix("tcp://").and_then(|address| address.parse().ok());
        match (text.as_str(), tcp, text.parse::<url::Url>()) {
            ("notify", _, _) => Ready::Notify,
            ("started", _, _) => Ready::Started,
            (_, Some(address), _) => Ready::Tcp(address),
            (_, None, Ok(url)) if url.scheme() == "http" && url.has_host() => Ready::Http(url),
            _ => {
                let allowed =
                    "\"notify\", \"started\", \"http://127.0.0.1:9000/readyz\" or \"tcp://127.0.0.1:6379\"";
                self.say(n, "ready", format!("{text:?} is none of {allowed}"));
                usual
            }
        }
    }

    fn instances(&mut self, n: usize, file: &ProcessFile) -> usize {
        let count = file.instances.unwrap_or(1);
        if file.scale.is_some() && file.instances.is_some() {
            self.say(n, "instances", "a process has instances or scale, not both");
        }
        if !(1..=INSTANCES_MAX).contains(&count) {
            self.say(n, "instances", format!("1 to {INSTANCES_MAX} instances can be kept"));
        }
        if count > 1 && !file.overlap {
            self.say(n, "instances", "several instances run side by side: say overlap = true as well");
        }
        count
    }

    fn scale(&mut self, n: usize, file: &ProcessFile, scale: &ScaleFile) -> Rule {
        let is_bounded = scale.min >= 1 && scale.min <= scale.max && scale.max <= INSTANCES_MAX;
        let quantile = scale.quantile.unwrap_or(QUANTILE);
        let is_metric = !scale.metric.is_empty()
            && scale.metric.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
        if !is_bounded {
            self.say(n, "scale", format!("min and max are wanted with 1 <= min <= max <= {INSTANCES_MAX}"));
        } else if !is_metric {
            self.say(n, "scale", format!("{:?} is no metric's name", scale.metric));
        } else if !(scale.target.is_finite() && scale.target > 0.0) {
            self.say(n, "scale", "target must be above 0, in the metric's own unit");
        } else if !(quantile > 0.0 && quantile < 1.0) {
            self.say(n, "scale", "quantile lies between 0 and 1, such as 0.99");
        } else if scale.max > 1 && !file.overlap {
            self.say(n, "scale", "several instances run side by side: say overlap = true as well");
        }
        Rule {
            min: scale.min,
            max: scale.max,
            metric: scale.metric.clone(),
            quantile,
            target: scale.target,
            down_wait: Duration::from_secs(scale.down_seconds.unwrap_or(DOWN_SECONDS)),
        }
    }

    fn log(&mut self, n: usize, log: Option<&LogFile>) -> LogPlan {
        let mb = log.and_then(|log| log.mb).unwrap_or(LOG_MB);
        let files = log.and_then(|log| log.files).unwrap_or(LOG_FILES);
        if files > LOG_FILES_MAX {
            self.say(n, "log", format!("at most {LOG_FILES_MAX} files are kept"));
        }
        LogPlan { bytes_max: self.within(n, "log", mb, 1, LOG_MB_MAX) << 20, files }
    }

    fn seconds(&mut self, n: usize, key: &str, given: Option<u64>, usual: Duration) -> Duration {
        given.map_or(usual, |seconds| Duration::from_secs(self.within(n, key, seconds, 1, SECONDS_MAX)))
    }

    fn within(&mut self, n: usize, key: &str, given: u64, min: u64, max: u64) -> u64 {
        if !(min..=max).contains(&given) {
            self.say(n, key, format!("{key}: a whole number from {min} to {max} is wanted"));
        }
        given.clamp(min, max)
    }

    /// What concerns several processes.
    fn together(&mut self, processes: &[Arc<ProcessPlan>]) {
        let mut seen = BTreeSet::new();
        for (n, process) in processes.iter().enumerate() {
            if !seen.insert(&process.name) {
                self.say(n, "name", format!("there are two processes {:?}", process.name));
            }
            for other in &process.after {
                if !processes.iter().any(|process| process.name == *other) {
                    self.say(n, "after", format!("there is no process {other:?} to wait for"));
                }
            }
            if waits_for_itself(&process.name, processes) {
                self.say(
                    n,
                    "after",
                    format!("{:?} waits for itself, by way of what it waits for", process.name),
                );
            }
        }
    }
}

fn waits_for_itself(name: &str, processes: &[Arc<ProcessPlan>]) -> bool {
    let after =
        |name: &str| processes.iter().find(|process| process.name == name).map(|process| &process.after);
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = after(name).into_iter().flatten().collect();
    while let Some(other) = next.pop() {
        if reached.insert(other) {
            next.extend(after(other).into_iter().flatten());
        }
    }
    reached.iter().any(|other| *other == name)
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn wrong_name(name: &str) -> String {
    format!(
        "{name:?} cannot be a name: a small letter, then up to {} small letters, digits and dashes",
        NAME_CHARS_MAX - 1
    )
}

/// As the system will look for it: by its path, or in `PATH`.
fn can_be_found(program: &str, dir: &Path) -> bool {
    if program.contains('/') {
        return dir.join(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir: PathBuf| dir.join(program)).any(|file| file.is_file())
}
