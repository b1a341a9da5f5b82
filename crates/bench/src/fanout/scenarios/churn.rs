//! A twentieth of the clients reads only now and then, another twentieth goes away and comes back each second: nothing may be lost
//! or doubled for anybody.

use std::time::Duration;

use super::{Setting, Sound};
use crate::fanout::peer::Server;
use crate::fanout::run::Plan;
use crate::figures::{Aim, Figures};

/// One of so many is slow; one of so many goes and comes back each second.
const ONE_OF: usize = 20;
/// How often the slow ones read.
const READ_EVERY: Duration = Duration::from_secs(2);
const RATE: f64 = 4.0;
const SECONDS: f64 = 20.0;
/// The slow ones and those that come back may take so long for the last message.
const WAIT_MAX: Duration = Duration::from_secs(20);

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for mode in &setting.modes {
        let mut run = setting.begin(Server::Halley, &setting.start(*mode, setting.connections, 1)).await?;
        let (mut sound, mut reopened) = (Sound::default(), 0);
        let part = setting.connections.div_ceil(ONE_OF);
        run.crew.slow(part, Some(READ_EVERY)).await?;
        for round in 0..setting.rounds {
            run.crew.churn(u32::try_from(part)?).await?;
            let plan = Plan { wait: WAIT_MAX, ..Plan::steady(RATE, SECONDS) };
            let measured = run.measure(&plan).await?;
            run.crew.churn(0).await?;
            sound.note(&measured.report);
            reopened += measured.report.reopened;
            if round + 1 == setting.rounds {
                sound.note_broken(&measured.report);
            }
        }
        run.end().await?;
        let name = format!("{}, {part} slow", mode.name());
        figures.tell(&format!("{name}: came back"), reopened as f64, "times", Aim::AtLeast(1.0));
        sound.tell(&name, figures);
    }
    Ok(())
}
