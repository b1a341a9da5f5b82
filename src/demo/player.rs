//! The fake networks, and the hand that lets the conference happen on them by the demo's clock.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use chassis::Shutdown;
use chassis::clock::Clock;
use networks::{Faults, Options, Protocol, Script, Server};
use tokio::net::TcpListener;

use super::lines::Net;
use super::script::Scene;
use super::stage;
use super::state::Ports;

/// Mastodon's side: a connection dropped in the middle of a message, some messages twice, a silence.
fn mastodon_faults() -> Faults {
    Faults {
        seed: 26,
        drop_every: 210,
        half_message: true,
        down_ms: 800,
        duplicates_percent: 3.0,
        split_chunks: true,
        stall_every: 120,
        stall_ms: 5_000,
        ..Faults::default()
    }
}

/// X's side: the same at other moments, a garbled line now and then, and messages out of order.
fn x_faults() -> Faults {
    Faults {
        seed: 62,
        drop_every: 260,
        duplicates_percent: 4.0,
        late_percent: 1.0,
        split_chunks: true,
        garbage_every: 140,
        stall_every: 190,
        stall_ms: 4_000,
        ..Faults::default()
    }
}

/// Both networks and the picture host, listening.
pub(crate) struct Networks {
    mastodon: Server,
    x: Server,
    pictures: TcpListener,
}

impl Networks {
    /// Listens, on the same ports as last time where these are free.
    ///
    /// # Errors
    /// When not even any other port can be had.
    pub(crate) async fn open(wanted: Ports, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let mastodon = serve(Protocol::Mastodon, mastodon_faults, wanted.mastodon, shutdown).await?;
        let x = serve(Protocol::XV2, x_faults, wanted.x, shutdown).await?;
        let pictures = match TcpListener::bind(loopback(wanted.pictures)).await {
            Ok(listener) => listener,
            Err(_taken) => TcpListener::bind(loopback(0)).await?,
        };
        Ok(Self { mastodon, x, pictures })
    }

    /// Where they listen.
    pub(crate) fn ports(&self) -> std::io::Result<Ports> {
        Ok(Ports {
            mastodon: self.mastodon.addr().port(),
            x: self.x.addr().port(),
            pictures: self.pictures.local_addr()?.port(),
        })
    }

    /// Parts with the picture host's listener; the networks go to their player.
    pub(crate) fn into_player(self, scenes: Vec<Scene>, clock: Clock) -> (Player, TcpListener) {
        let player = Player { mastodon: self.mastodon, x: self.x, scenes: scenes.into(), clock };
        (player, self.pictures)
    }
}

async fn serve(
    protocol: Protocol,
    faults: fn() -> Faults,
    port: u16,
    shutdown: &Shutdown,
) -> Result<Server, networks::Error> {
    let options = || Options::new(protocol, Script::empty()).token(stage::token()).faults(faults());
    match networks::serve(options().listen(loopback(port)), shutdown.token()).await {
        Err(_taken) if port != 0 => networks::serve(options(), shutdown.token()).await,
        served => served,
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Lets things happen when their time has come.
pub(crate) struct Player {
    mastodon: Server,
    x: Server,
    scenes: VecDeque<Scene>,
    clock: Clock,
}

impl Player {
    /// Lets everything happen whose time is past. After a second start this is what an earlier run has shown; the
    /// product finds it by its own backfill and knows it already.
    pub(crate) fn catch_up(&mut self) {
        let now = self.clock.now();
        while let Some(scene) = self.scenes.pop_front_if(|scene| scene.at <= now) {
            self.say(scene);
        }
    }

    /// Plays the rest, then keeps the networks open until `shutdown`.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        while let Some(next) = self.scenes.front() {
            tokio::select! {
                () = self.clock.sleep_until(next.at) => self.catch_up(),
                () = shutdown.triggered() => break,
            }
        }
        shutdown.triggered().await;
        self.mastodon.stop().await;
        self.x.stop().await;
    }

    fn say(&self, scene: Scene) {
        match scene.net {
            Net::Mastodon => self.mastodon.say(scene.what),
            Net::X => self.x.say(scene.what),
        }
    }
}
