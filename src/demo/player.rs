//! The fake networks, and the hand that lets the conference happen on them by the demo's clock.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use chassis::Shutdown;
use chassis::clock::Clock;
use networks::{Cut, Faults, Options, Protocol, Script, Server};
use tokio::net::TcpListener;

use super::lines::Net;
use super::script::{Scene, Site};
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

/// Bluesky's side: a connection that half closes, a frame that is none, messages twice.
fn bluesky_faults() -> Faults {
    Faults {
        seed: 77,
        drop_every: 900,
        cut: Cut::HalfClose,
        duplicates_percent: 3.0,
        garbage_every: 400,
        ..Faults::default()
    }
}

/// Photos are found late at times, and a page comes twice.
fn flickr_faults() -> Faults {
    Faults { seed: 5, late_percent: 10.0, duplicates_percent: 5.0, ..Faults::default() }
}

/// The networks and the picture host, listening.
pub(crate) struct Networks {
    mastodon: Server,
    x: Server,
    bluesky: Server,
    flickr: Server,
    blog: Server,
    pictures: TcpListener,
    /// A port that the product will listen on for webhooks.
    hooks: u16,
}

impl Networks {
    /// Listens, on the same ports as last time where these are free.
    ///
    /// # Errors
    /// When not even any other port can be had.
    pub(crate) async fn open(wanted: Ports, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let mastodon = serve(Protocol::Mastodon, mastodon_faults, wanted.mastodon, shutdown).await?;
        let x = serve(Protocol::XV2, x_faults, wanted.x, shutdown).await?;
        let bluesky = serve(Protocol::Bluesky, bluesky_faults, wanted.bluesky, shutdown).await?;
        let flickr = serve(Protocol::Flickr, flickr_faults, wanted.flickr, shutdown).await?;
        let blog = serve(Protocol::Feed, Faults::default, wanted.blog, shutdown).await?;
        let pictures = match TcpListener::bind(loopback(wanted.pictures)).await {
            Ok(listener) => listener,
            Err(_taken) => TcpListener::bind(loopback(0)).await?,
        };
        // Free until the product takes it, a moment later.
        let hooks = match TcpListener::bind(loopback(wanted.hooks)).await {
            Ok(listener) => listener.local_addr()?.port(),
            Err(_taken) => TcpListener::bind(loopback(0)).await?.local_addr()?.port(),
        };
        Ok(Self { mastodon, x, bluesky, flickr, blog, pictures, hooks })
    }

    /// Where they listen.
    pub(crate) fn ports(&self) -> std::io::Result<Ports> {
        Ok(Ports {
            mastodon: self.mastodon.addr().port(),
            x: self.x.addr().port(),
            bluesky: self.bluesky.addr().port(),
            flickr: self.flickr.addr().port(),
            blog: self.blog.addr().port(),
            hooks: self.hooks,
            pictures: self.pictures.local_addr()?.port(),
        })
    }

    /// Parts with the picture host's listener; the networks go to their player.
    pub(crate) fn into_player(self, scenes: Vec<Scene>, clock: Clock) -> (Player, TcpListener) {
        let Self { mastodon, x, bluesky, flickr, blog, pictures, .. } = self;
        (Player { mastodon, x, bluesky, flickr, blog, scenes: scenes.into(), clock }, pictures)
    }
}

async fn serve(
    protocol: Protocol,
    faults: fn() -> Faults,
    port: u16,
    shutdown: &Shutdown,
) -> Result<Server, networks::Error> {
    let options = || {
        let options = Options::new(protocol, Script::empty()).faults(faults());
        // A blog asks nobody who they are, nor does Bluesky.
        match protocol {
            Protocol::Feed | Protocol::Bluesky => options,
            _ => options.token(stage::token()),
        }
    };
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
    bluesky: Server,
    flickr: Server,
    blog: Server,
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
        for network in [self.mastodon, self.x, self.bluesky, self.flickr, self.blog] {
            network.stop().await;
        }
    }

    fn say(&self, scene: Scene) {
        let network = match scene.on {
            Site::Net(Net::Mastodon) => &self.mastodon,
            Site::Net(Net::X) => &self.x,
            Site::Net(Net::Bluesky) => &self.bluesky,
            Site::Flickr => &self.flickr,
            Site::Blog => &self.blog,
        };
        network.say(scene.what);
    }
}
