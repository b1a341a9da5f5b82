//! What Lighthouse makes of the pages, as a phone on a slow network sees them (its own preset): each page five times, the median counts.
//! `cargo xtask bench lighthouse` installs it at its pinned version first.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::process::Command;
use tokio::time::timeout;

use crate::figures::{Aim, Figures};
use crate::pages::server::{self, Server};

/// Names the folder of the outside judges.
const FOLDER_VARIABLE: &str = "PERIHELION_JUDGES";
const FOLDER: &str = "target/judges";
const PROGRAM: &str = "lighthouse/node_modules/lighthouse/cli/index.js";
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// A browser that asks nobody but the server.
const FLAGS: &str = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --no-proxy-server";
const RUNS: usize = 5;
/// Chromium loses its own trace now and then; such a run has judged nothing and is made again.
const TRIES_MAX: usize = 3;
/// How Lighthouse calls that.
const NOT_JUDGED: [&str; 3] = ["NO_NAVSTART", "NO_TRACING_STARTED", "NO_SCREENSHOTS"];
const RUN_MAX: Duration = Duration::from_secs(180);
const PERFORMANCE_MIN: f64 = 95.0;
const ACCESSIBILITY_MIN: f64 = 100.0;

/// What is read of a report.
#[derive(Debug, Deserialize)]
struct Report {
    categories: Categories,
    audits: std::collections::BTreeMap<String, Audit>,
}

#[derive(Debug, Deserialize)]
struct Categories {
    performance: Category,
    accessibility: Category,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Category {
    score: Option<f64>,
    audit_refs: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    id: String,
    weight: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    title: String,
    score: Option<f64>,
    display_value: Option<String>,
}

impl Category {
    /// Of a hundred.
    fn score(&self) -> anyhow::Result<f64> {
        Ok(self.score.context("Lighthouse could not judge")? * 100.0)
    }
}

impl Report {
    /// What costs points, in words.
    fn complaints(&self) -> Vec<String> {
        let all =
            self.categories.performance.audit_refs.iter().chain(&self.categories.accessibility.audit_refs);
        let weighty = all.filter(|reference| reference.weight > 0.0);
        let audits = weighty.filter_map(|reference| self.audits.get(&reference.id));
        let poor = audits.filter(|audit| audit.score.is_some_and(|score| score < 0.9));
        poor.map(|audit| format!("{} {}", audit.title, audit.display_value.as_deref().unwrap_or_default()))
            .collect()
    }
}

pub(crate) async fn measure(figures: &mut Figures, bin: &Path) -> anyhow::Result<()> {
    let program = folder().join(PROGRAM);
    let browser = BROWSERS.into_iter().find(|browser| Path::new(browser).exists());
    let missing = match browser {
        _ if !bin.exists() => Some(format!("{} is not built", bin.display())),
        None => Some("Chromium is missing: install it with `apt-get install chromium`".to_owned()),
        _ if !program.exists() => {
            Some("it is missing: install it with `cargo xtask judges --bench`".to_owned())
        }
        _ => None,
    };
    if let Some(missing) = missing {
        figures.skip("Lighthouse", &missing);
        return Ok(());
    }
    let server = Server::start(bin, None).await?;
    let pages =
        [("live page", server::live()), ("talk page", server::talk()), ("programme", server::programme())];
    for (name, path) in pages {
        let url = format!("http://{}{path}", server.address());
        let mut reports = Vec::new();
        for _ in 0..RUNS {
            reports.push(judged(&program, browser.unwrap_or_default(), &url).await?);
        }
        tell(figures, name, &reports)?;
    }
    server.stop().await
}

fn folder() -> PathBuf {
    let named = std::env::var_os(FOLDER_VARIABLE).filter(|named| !named.is_empty());
    named.map_or_else(|| PathBuf::from(FOLDER), PathBuf::from)
}

/// A report, or why the last of a few tries has none.
async fn judged(program: &Path, browser: &str, url: &str) -> anyhow::Result<Report> {
    for _ in 1..TRIES_MAX {
        match report(program, browser, url).await {
            Err(error) if NOT_JUDGED.iter().any(|name| error.to_string().contains(name)) => {
                println!("  once more: Chromium lost the trace of {url}");
            }
            told => return told,
        }
    }
    report(program, browser, url).await
}

async fn report(program: &Path, browser: &str, url: &str) -> anyhow::Result<Report> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("report.json");
    let mut command = Command::new("node");
    command.arg(program).arg(url).args(["--quiet", "--output=json", "--no-enable-error-reporting"]);
    command.args(["--only-categories=performance,accessibility", &format!("--chrome-flags={FLAGS}")]);
    command.arg(format!("--output-path={}", file.display())).env("CHROME_PATH", browser);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let run = timeout(RUN_MAX, command.output())
        .await
        .context("Lighthouse does not end")?
        .context("node is missing")?;
    ensure!(run.status.success(), "Lighthouse: {}", String::from_utf8_lossy(&run.stderr));
    Ok(serde_json::from_slice(&std::fs::read(&file)?)?)
}

fn tell(figures: &mut Figures, name: &str, reports: &[Report]) -> anyhow::Result<()> {
    let median = |of: fn(&Report) -> &Category| -> anyhow::Result<f64> {
        let mut scores =
            reports.iter().map(|report| of(report).score()).collect::<anyhow::Result<Vec<_>>>()?;
        scores.sort_by(f64::total_cmp);
        Ok(scores[scores.len() / 2])
    };
    let performance = median(|report| &report.categories.performance)?;
    let accessibility = median(|report| &report.categories.accessibility)?;
    let told = |what: &str| format!("Lighthouse, {name}: {what}, median of {RUNS}");
    figures.tell(&told("performance"), performance, "", Aim::AtLeast(PERFORMANCE_MIN));
    figures.tell(&told("accessibility"), accessibility, "", Aim::AtLeast(ACCESSIBILITY_MIN));
    for complaint in reports.last().map(Report::complaints).unwrap_or_default() {
        println!("  {complaint}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_and_what_costs_points_is_told() {
        let report: Report = serde_json::from_value(serde_json::json!({
            "categories": {
                "performance": {"score": 0.97, "auditRefs": [{"id": "lcp", "weight": 25}, {"id": "hint", "weight": 0}]},
                "accessibility": {"score": 1, "auditRefs": [{"id": "contrast", "weight": 7}]},
            },
            "audits": {
                "lcp": {"title": "Largest Contentful Paint", "score": 0.5, "displayValue": "2.9 s"},
                "hint": {"title": "A hint", "score": 0},
                "contrast": {"title": "Contrast", "score": null},
            },
        }))
        .expect("a report");
        assert_eq!(report.complaints(), ["Largest Contentful Paint 2.9 s"]);
        assert!((report.categories.performance.score().expect("judged") - 97.0).abs() < 1e-6);
        let mut figures = Figures::begin();
        tell(&mut figures, "a page", &[report]).expect("told");
    }
}
