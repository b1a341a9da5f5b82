//! The servers and the browser that tests start: found, or installed from Debian when we may.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::run_limited;

const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);
/// Debian keeps PostgreSQL's programs out of PATH, one directory per major version.
const POSTGRES_ROOT: &str = "/usr/lib/postgresql";

/// One Debian package and how its presence is seen.
struct Needed {
    package: &'static str,
    sign: Sign,
}

enum Sign {
    Program(&'static str),
    File(&'static str),
    /// Modules of Python, which Debian packs apart from the interpreter.
    Modules(&'static str),
}

const NEEDED: [Needed; 10] = [
    Needed { package: "redis-server", sign: Sign::Program("redis-server") },
    Needed { package: "postgresql", sign: Sign::Program("initdb") },
    Needed { package: "chromium", sign: Sign::Program("chromium") },
    Needed { package: "nginx", sign: Sign::Program("nginx") },
    Needed { package: "curl", sign: Sign::Program("curl") },
    Needed { package: "node-ws", sign: Sign::File("/usr/share/nodejs/ws/package.json") },
    // For the judges of pages, feeds and API: see `judges`.
    Needed { package: "default-jre-headless", sign: Sign::Program("java") },
    Needed { package: "npm", sign: Sign::Program("npm") },
    Needed { package: "python3-venv", sign: Sign::Modules("venv, ensurepip") },
    Needed {
        package: "fonts-noto-core",
        sign: Sign::File("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    },
];

/// Makes the packages present if it may, and returns the names of those still missing.
pub(crate) fn provide(may_install: bool) -> Vec<&'static str> {
    let missing = missing();
    if missing.is_empty() {
        return missing;
    }
    let has_apt = find("apt-get").is_some();
    if !(may_install && has_apt && is_root()) {
        println!("ci: MISSING {}: install with `apt-get install {}`", missing.join(", "), missing.join(" "));
        return missing;
    }
    println!("ci: installing {}", missing.join(" "));
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&missing);
    let is_done = apt_get(&["update"]) && apt_get(&install);
    let still_missing = self::missing();
    if !is_done || !still_missing.is_empty() {
        println!("ci: MISSING after apt-get: {}", still_missing.join(", "));
    }
    still_missing
}

/// PATH with the directories in which Debian keeps the servers.
pub(crate) fn path_with_servers() -> OsString {
    let paths = search_path();
    std::env::join_paths(&paths).unwrap_or_else(|_| std::env::var_os("PATH").unwrap_or_default())
}

fn apt_get(args: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args([
        "-q",
        "-o",
        "DPkg::Lock::Timeout=60",
        "-o",
        "Acquire::http::Timeout=30",
        "-o",
        "Acquire::Retries=2",
    ]);
    match run_limited(command.args(args), INSTALL_LIMIT) {
        Ok(ran) => ran.succeeded,
        Err(error) => {
            println!("ci: apt-get: {error:#}");
            false
        }
    }
}

fn missing() -> Vec<&'static str> {
    let is_missing = |needed: &&Needed| match needed.sign {
        Sign::Program(name) => find(name).is_none(),
        Sign::File(path) => !Path::new(path).exists(),
        Sign::Modules(names) => !python_has(names),
    };
    NEEDED.iter().filter(is_missing).map(|needed| needed.package).collect()
}

fn python_has(modules: &str) -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", &format!("import {modules}")]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

fn find(program: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|dir| dir.join(program)).find(|path| path.is_file())
}

fn search_path() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    dirs.push(PathBuf::from("/usr/sbin"));
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(POSTGRES_ROOT)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    dirs.extend(versions.into_iter().map(|(_, dir)| dir));
    dirs
}

/// Files under /proc/self belong to the user we run as.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
