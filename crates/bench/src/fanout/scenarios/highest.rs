//! The highest rate at which 99 of 100 deliveries take less than a second.
//!
//! A ladder in long steps finds the region, one in steps of a tenth the rung. Both servers climb in every round, one after the other.

use std::time::Duration;

use super::{Setting, Sound, median, share};
use crate::fanout::peer::{Mode, Server};
use crate::fanout::run::{Plan, Run};
use crate::figures::{Aim, Figures};

/// Messages a second on the lowest rung; no server of these is beyond it at 10,000 connections.
const LOWEST: f64 = 2.0;
const LONG_STEP: f64 = 1.5;
const STEP: f64 = 1.1;
const STEPS_MAX: usize = 40;
const SECONDS: f64 = 4.0;
const P99_MS_MAX: f64 = 1000.0;
/// An overloaded server must have delivered all before the next rung.
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let servers = setting.servers(figures);
    for mode in &setting.modes {
        let mut highest: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
        let mut sound = Sound::default();
        for _ in 0..setting.rounds {
            for (server, highest) in servers.iter().zip(&mut highest) {
                let rate = climb(setting, *mode, *server, &mut sound).await?;
                println!("  {}, {}: {rate:.1} messages/s", server.name(), mode.name());
                highest.push(rate);
            }
        }
        for (server, rates) in servers.iter().zip(&highest) {
            let rate = median(rates);
            let name = format!("{}, {}: highest rate with p99 < 1 s", server.name(), mode.name());
            figures.tell(&name, rate * setting.connections as f64, "deliveries/s", Aim::None);
        }
        if let [ours, theirs] = &highest[..] {
            let name = format!("{}: highest rate, of Nchan's", mode.name());
            figures.tell(&name, share(ours, theirs), "x", Aim::AtLeast(least(*mode)));
        }
        sound.tell(mode.name(), figures);
    }
    Ok(())
}

/// How many times Nchan's rate is aimed at.
fn least(mode: Mode) -> f64 {
    match mode {
        Mode::Events => 1.4,
        Mode::WebSocket => 1.2,
        Mode::Poll => 1.1,
    }
}

/// Messages a second on the highest rung that holds; 0 when not even the lowest does.
async fn climb(setting: &Setting, mode: Mode, server: Server, sound: &mut Sound) -> anyhow::Result<f64> {
    let mut run = setting.begin(server, &setting.start(mode, setting.connections, 1)).await?;
    let mut holding = 0.0;
    let (mut rate, mut step) = (LOWEST, LONG_STEP);
    for _ in 0..STEPS_MAX {
        if holds(&mut run, rate, sound).await? {
            holding = rate;
        } else if step == STEP || holding == 0.0 {
            break;
        } else {
            (rate, step) = (holding, STEP);
        }
        rate *= step;
    }
    run.end().await?;
    Ok(holding)
}

async fn holds(run: &mut Run, rate: f64, sound: &mut Sound) -> anyhow::Result<bool> {
    let measured = run.measure(&Plan { wait: WAIT_MAX, ..Plan::steady(rate, SECONDS) }).await?;
    sound.note(&measured.report);
    println!(
        "    {rate:>7.1} messages/s: p99 {:.0} ms, {:.2} us/delivery",
        measured.ms(0.99),
        measured.us_per_delivery()
    );
    Ok(measured.report.faults.is_none() && measured.ms(0.99) < P99_MS_MAX)
}
