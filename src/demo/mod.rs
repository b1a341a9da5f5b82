//! `perihelion demo`: an invented conference, spoken by fake networks in their real wire formats into the real product.
//! Everything from the sockets on is what `up` runs; invented are only what is said ([`compose`]) and the clock.

mod compose;
mod course;
mod dice;
mod drafts;
mod elsewhere;
mod lines;
mod photos;
mod player;
mod progress;
mod publisher;
mod script;
mod stage;
mod state;
mod stewards;
#[cfg(test)]
mod tests;
mod times;
mod visitors;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result};
use chassis::Shutdown;
use chassis::clock::Clock;
use url::Url;

use crate::cli::DemoArgs;
use crate::config::{self, Config};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::ledgers;
use crate::runtime::Fate;
use crate::wiring::{self, Up};
use elsewhere::Note;
use player::Networks;
use stage::Programme;
pub(crate) use stage::schedule_json;
use state::{Home, State};
use stewards::Stewards;
use visitors::Visitors;

/// The port that is tried first when none is asked for, and how many after it.
const PORT: u16 = 8080;
const PORTS_TRIED: u16 = 40;
/// How often it is noted how far the conference is.
const REMEMBER_EVERY: Duration = Duration::from_secs(1);

/// Starts everything; it belongs to the fate's shutdown.
pub(crate) async fn start(args: DemoArgs, fate: Fate) -> Result<(), Failure> {
    let shutdown = fate.shutdown().clone();
    let home = Home::take(&args.data_dir, args.restart)?;
    let programme = Programme::read()?;
    let conference = compose::compose(&programme.really, &programme.zone);
    let notes = programme.notes();
    let state = home.remembered(edition(&conference, &notes, &programme))?;
    let site = free_address(args.port)?;

    let networks = Networks::open(state.ports, &shutdown).await?;
    let ports = networks.ports().context("the fake networks")?;
    let state = State { ports, ..state };
    let timeline = programme.timeline(args.speed)?;
    let whole = timeline.length();
    let clock = Clock::rehearsal(timeline, state.played);
    let pictures = format!("http://127.0.0.1:{}", ports.pictures);
    let blog = format!("http://127.0.0.1:{}", ports.blog);
    let scenes = script::scenes(&conference, &notes, &pictures, &blog);
    let (mut player, photos) = networks.into_player(scenes, clock.clone());
    player.catch_up();
    let later = programme.revision.applied(stage::schedule_json())?;
    let at = programme.revision.at;
    let publishes = publisher::routes(clock.clone(), stage::schedule_json(), later.clone(), at);
    shutdown.spawn(photos::serve(photos, publishes, shutdown.clone()));

    let event = write_event(&home, state).context("the demo's event.toml")?;
    let config = settings(&home, site, ports.hooks, free_port()?)?;
    let parts = Up { clock: clock.clone(), env: stage::env, event: Some(event), media_from_loopback: true };
    let bound = wiring::up(&config, parts, &fate).await?;
    shutdown.spawn(player.run(shutdown.clone()));

    let address = config.site.address(bound);
    let visitors =
        Visitors::new(notes, &address, ports.hooks, &programme, clock.clone()).context("the visitors")?;
    shutdown.spawn(visitors.run(shutdown.clone()));
    let stewards = stewards(&config, &programme, later, clock.clone(), &address).await?;
    shutdown.spawn(stewards.run(shutdown.clone()));
    welcome(&address, &args, state.played, whole);
    shutdown.spawn(keep(home, state, clock.clone(), args, shutdown.clone()));
    shutdown.spawn(progress::show(address, clock, programme, shutdown.clone()));
    Ok(())
}

/// Changes when any word or time of the conference does.
fn edition(conference: &compose::Conference, notes: &[(i64, Note)], programme: &Programme) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for post in &conference.posts {
        (post.at, post.author, &post.text).hash(&mut hasher);
    }
    format!("{notes:?} {:?} {:?}", programme.presses, programme.revision).hash(&mut hasher);
    hasher.finish()
}

/// Those who say what is really on, with what opens the product's doors to them.
async fn stewards(
    config: &Config,
    programme: &Programme,
    later: String,
    clock: Clock,
    site: &Url,
) -> Result<Stewards, Failure> {
    let token = DataDir::open(&config.data_dir)?.intake_token(None)?;
    let held = ledgers::find(&config.data_dir, stage::SLUG).await?;
    let talks = programme.talks.iter();
    Ok(Stewards {
        presses: programme.presses.clone(),
        revision: programme.revision.clone(),
        later,
        titles: talks.filter_map(|talk| Some((talk.code.clone()?, talk.title.clone()))).collect(),
        intake: wiring::http_intake(config, token.clone())?,
        eid: held.context("the demo's event was not made")?.eid,
        site: site.clone(),
        token,
        clock,
    })
}

/// A port that nobody listens on; free until the product takes it, a moment later.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(listener.context("a port of this machine")?.port())
}

/// The asked port, or the first free one of those that are usual.
fn free_address(port: Option<u16>) -> Result<SocketAddr, Failure> {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = port {
        return TcpListener::bind(address(port)).map(|_| address(port)).map_err(|error| {
            Failure::Asked(format!(
                "cannot listen on port {port}: {error}; leave --port away and the demo finds a free one"
            ))
        });
    }
    (PORT..PORT + PORTS_TRIED).map(address).find(|a| TcpListener::bind(a).is_ok()).ok_or_else(|| {
        Failure::Asked(format!(
            "no port from {PORT} to {} is free: name one with --port",
            PORT + PORTS_TRIED - 1
        ))
    })
}

/// Settings of `up`, from nothing but what the demo says.
fn settings(home: &Home, site: SocketAddr, hooks_port: u16, intake_port: u16) -> Result<Config, Failure> {
    let data_dir = toml::Value::String(home.path().display().to_string());
    let text = format!(
        "data_dir = {data_dir}\n[site]\nlisten = \"{site}\"\n[nozzle]\nlisten = \"127.0.0.1:{intake_port}\"\nhooks_listen = \"127.0.0.1:{hooks_port}\"\n\
         [halley]\nlisten = \"127.0.0.1:0\"\n[strainer]\nlisten = \"127.0.0.1:0\"\n"
    );
    Ok(config::of_text(&text)?)
}

/// Puts the event's files into the data directory.
fn write_event(home: &Home, state: State) -> std::io::Result<std::path::PathBuf> {
    home.remember(&state)?;
    fs::write(home.path().join("handles.csv"), stage::handles_csv())?;
    let path = home.path().join("event.toml");
    fs::write(&path, stage::event_toml(state.ports))?;
    Ok(path)
}

/// Notes every second how far the conference is, and says at the end how to go on.
async fn keep(home: Home, mut state: State, clock: Clock, args: DemoArgs, shutdown: Shutdown) {
    let mut is_warned = false;
    while !shutdown.is_triggered() {
        tokio::select! {
            () = tokio::time::sleep(REMEMBER_EVERY) => {}
            () = shutdown.triggered() => {}
        }
        state.played = clock.played();
        if let Err(error) = home.remember(&state)
            && !std::mem::replace(&mut is_warned, true)
        {
            eprintln!(
                "\nperihelion: cannot note how far the demo is ({error}); a second start will go on from earlier"
            );
        }
    }
    let dir = match args.is_usual_dir() {
        true => String::new(),
        false => format!(" --data-dir {}", home.path().display()),
    };
    eprintln!("\nStopped. `perihelion demo{dir}` goes on from here, with --restart it begins anew.");
}

fn welcome(address: &Url, args: &DemoArgs, played: i64, whole: i64) {
    let page = address.join(stage::SLUG).unwrap_or_else(|_| address.clone());
    let minutes = (whole - played).max(0) as f64 / 60e6 / args.speed;
    println!(
        "Marginalia 2026: two days, two rooms, {} posts, all invented.\n\n    {page}\n",
        elsewhere::said_in_all()
    );
    let (stage, tray) =
        (format!("{address}admin/{}/stage", stage::SLUG), format!("{address}admin/{}/file", stage::SLUG));
    println!(
        "Behind the scenes, for whoever opened the owner's link: the stage {stage}\nand the posts to sort {tray}\n"
    );
    match played {
        _ if played >= whole => println!("The conference is over; its pages stay. --restart plays it again."),
        0 => println!(
            "It plays {}x as fast as life and takes {minutes:.0} minutes. Ctrl-C stops it; a second start goes on.",
            args.speed
        ),
        _ => println!("It goes on where it stopped; {minutes:.0} minutes are left. --restart begins anew."),
    }
}
