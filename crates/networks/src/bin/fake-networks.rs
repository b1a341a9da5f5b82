//! Runs fake networks as a process of their own: `fake-networks SETTINGS.json`. Prints one JSON line per network,
//! `{"protocol":"x2","url":"http://127.0.0.1:4711"}`, once it listens, and runs until SIGINT or SIGTERM.

use std::process::ExitCode;

use networks::config::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-networks: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), networks::Error> {
    let Some(path) = std::env::args_os().nth(1) else {
        return Err(networks::Error::BadSettings("usage: fake-networks SETTINGS.json".into()));
    };
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|source| networks::Error::Io { what: "listen for SIGTERM".into(), source })?;
    let settings = Settings::read(path.as_ref())?;
    let shutdown = CancellationToken::new();
    let mut servers = Vec::new();
    for network in &settings.networks {
        let server = networks::serve(network.options()?, shutdown.clone()).await?;
        println!("{}", serde_json::json!({"protocol": network.protocol, "url": server.url()}));
        servers.push(server);
    }
    tokio::select! {
        _interrupted = tokio::signal::ctrl_c() => {}
        _told = terminate.recv() => {}
    }
    for server in servers {
        server.stop().await;
    }
    Ok(())
}
