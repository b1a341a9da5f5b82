//! More connections than usual: as many as one process may have files, and more than that in two workers.

use std::time::Duration;

use super::{Setting, Sound, median, share};
use crate::fanout::peer::{Mode, Server};
use crate::fanout::run::Plan;
use crate::figures::{Aim, Figures};

/// Connections and the processes (of Nchan: workers) that hold them.
const CROWDS: [(usize, usize); 2] = [(19_000, 1), (30_000, 2)];
const RATE: f64 = 2.0;
const SECONDS: f64 = 10.0;
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Of Nchan's p99.
const P99_SHARE_MAX: f64 = 0.85;

/// What one server showed in all rounds.
#[derive(Default)]
struct Shown {
    held: Vec<f64>,
    p99_ms: Vec<f64>,
    idle_bytes: Vec<f64>,
    us: Vec<f64>,
}

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for mode in &setting.modes {
        for (connections, workers) in CROWDS {
            crowd(setting, *mode, connections, workers, figures).await?;
        }
    }
    Ok(())
}

async fn crowd(
    setting: &Setting,
    mode: Mode,
    connections: usize,
    workers: usize,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let servers = setting.servers(figures);
    let mut shown: Vec<Shown> = servers.iter().map(|_| Shown::default()).collect();
    let mut sound = Sound::default();
    let start = setting.start(mode, connections, workers);
    for _ in 0..setting.rounds {
        for (server, shown) in servers.iter().zip(&mut shown) {
            let mut run = setting.begin(*server, &start).await?;
            let measured = run.measure(&Plan { wait: WAIT_MAX, ..Plan::steady(RATE, SECONDS) }).await?;
            shown.held.push(measured.report.held as f64);
            shown.p99_ms.push(measured.ms(0.99));
            shown.idle_bytes.push(run.idle_bytes_each);
            shown.us.push(measured.us_per_delivery());
            if *server == Server::Halley {
                sound.note(&measured.report);
                sound.note_broken(&measured.report);
            }
            run.end().await?;
        }
    }
    let name = format!("{connections} {} in {workers}", mode.name());
    for (server, shown) in servers.iter().zip(&shown) {
        let each = format!("{name}, {}", server.name());
        let aim = if *server == Server::Halley { Aim::AtLeast(connections as f64) } else { Aim::None };
        figures.tell(&format!("{each}: held"), median(&shown.held), "", aim);
        figures.tell(&format!("{each}: p99"), median(&shown.p99_ms), "ms", Aim::None);
        figures.tell(&format!("{each}: idle memory each"), median(&shown.idle_bytes), "B", Aim::None);
        figures.tell(&format!("{each}: CPU per delivery"), median(&shown.us), "us", Aim::None);
    }
    if let [ours, theirs] = &shown[..] {
        let of_nchan = share(&ours.p99_ms, &theirs.p99_ms);
        figures.tell(&format!("{name}: p99, of Nchan's"), of_nchan, "x", Aim::AtMost(P99_SHARE_MAX));
    }
    sound.tell(&name, figures);
    Ok(())
}
