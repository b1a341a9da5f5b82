//! Eight messages at once, against the same eight one at a time: what is gathered must leave in one write.

use std::time::Duration;

use super::{Setting, Sound, median, share};
use crate::fanout::peer::{Mode, Server};
use crate::fanout::run::Plan;
use crate::figures::{Aim, Figures};

const AT_ONCE: u64 = 8;
const RATE: f64 = 4.0;
const SECONDS: f64 = 12.0;
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Of the cost of a message that comes alone.
const SHARE_MAX: f64 = 0.25;

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for mode in &setting.modes {
        for server in setting.servers(figures) {
            one(setting, *mode, server, figures).await?;
        }
    }
    Ok(())
}

/// Single messages and bursts in turn, on the same connections.
async fn one(setting: &Setting, mode: Mode, server: Server, figures: &mut Figures) -> anyhow::Result<()> {
    let single = Plan::steady(RATE, SECONDS);
    let bursts = Plan {
        times: single.times / AT_ONCE,
        every: single.every * AT_ONCE as u32,
        burst: AT_ONCE,
        wait: WAIT_MAX,
    };
    let mut run = setting.begin(server, &setting.start(mode, setting.connections, 1)).await?;
    let (mut alone, mut together, mut sound) = (Vec::new(), Vec::new(), Sound::default());
    for round in 0..setting.rounds {
        for (plan, costs) in [(&single, &mut alone), (&bursts, &mut together)] {
            let measured = run.measure(plan).await?;
            costs.push(measured.us_per_delivery());
            sound.note(&measured.report);
            if round + 1 == setting.rounds && plan.burst > 1 {
                sound.note_broken(&measured.report);
            }
        }
    }
    run.end().await?;
    let name = format!("{}, {}", server.name(), mode.name());
    let of_single = share(&together, &alone);
    figures.tell(&format!("{name}: CPU per delivery of a single message"), median(&alone), "us", Aim::None);
    figures.tell(&format!("{name}: of one of {AT_ONCE} at once"), median(&together), "us", Aim::None);
    let aim = if server == Server::Halley { Aim::AtMost(SHARE_MAX) } else { Aim::None };
    figures.tell(&format!("{name}: the share of the cost"), of_single, "x", aim);
    sound.tell(&name, figures);
    Ok(())
}
