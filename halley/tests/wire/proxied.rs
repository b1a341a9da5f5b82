//! halley behind nginx, as many will run it: with connections kept to it, and nothing set for streams but the upgrade.

use std::process::Command;
use std::time::Duration;

use testkit::{Process, Proxy, free_port, skip_loudly};
use tokio::net::TcpStream;

use crate::{
    clients::{Heard, Sse, Ws, seqs},
    stage::{Stage, eventually},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// An nginx in front of one upstream; killed when dropped.
struct Nginx {
    address: String,
    _process: Process,
    _dir: tempfile::TempDir,
}

impl Nginx {
    /// Starts it, or skips loudly where none is installed.
    async fn start(upstream: &str) -> Option<Self> {
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let Some(program) = program else {
            skip_loudly("nginx");
            return None;
        };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let address = format!("127.0.0.1:{}", free_port());
        let here = dir.path().display();
        // One process, so that nothing is left of it when it is killed.
        let settings = format!(
            r#"
            daemon off; master_process off; pid {here}/pid; {user}
            events {{ worker_connections 256; }}
            http {{
                access_log off;
                client_body_temp_path {here}/a; proxy_temp_path {here}/b; fastcgi_temp_path {here}/c;
                uwsgi_temp_path {here}/d; scgi_temp_path {here}/e;
                map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
                upstream halley {{ server {upstream}; keepalive 16; }}
                server {{
                    listen {address};
                    location / {{
                        proxy_pass http://halley;
                        proxy_http_version 1.1;
                        proxy_set_header Host $http_host;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                    }}
                }}
            }}
            "#,
            // Its workers would not be let into our folder.
            user = if nix::unistd::Uid::effective().is_root() { "user root;" } else { "" },
        );
        std::fs::write(dir.path().join("nginx.conf"), settings).expect("settings");
        let mut command = Command::new(program);
        command.arg("-p").arg(dir.path()).args(["-c", "nginx.conf", "-e", "stderr"]);
        let process = Process::start(command).expect("nginx starts");
        eventually("nginx listens", async || TcpStream::connect(&address).await.is_ok()).await;
        Some(Self { address, _process: process, _dir: dir })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nginx_everything_comes_once_and_in_order_on_every_way() {
    const ENTRIES: u64 = 300;
    let mut stage = Stage::start().await;
    let counted = Proxy::start(stage.address.parse().expect("bound")).await.expect("a proxy");
    let Some(nginx) = Nginx::start(&counted.address().to_string()).await else { return };
    stage.address.clone_from(&nginx.address);
    let at = stage.at(0);
    let mut ws = Ws::open(&stage, Some(&at)).await;
    let mut sse = Sse::open(&stage, Some(&at), None).await;
    ws.object().await;
    sse.event().await;
    let before = counted.connections();
    let from_ws = async {
        for seq in 1..=ENTRIES {
            assert_eq!(ws.object().await["seq"], seq);
        }
    };
    let from_sse = async {
        for seq in 1..=ENTRIES {
            assert_eq!(sse.event().await.data["seq"], seq);
        }
    };
    let from_polls = async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let mut all = Vec::new();
        while all.len() < ENTRIES as usize {
            let url = stage.url(&format!("poll?after={}", stage.at(all.len() as u64)));
            let answer = client.get(url).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            all.extend(seqs(&answer.json::<serde_json::Value>().await.expect("JSON")["entries"]));
        }
        assert!(all.iter().copied().eq(1..=ENTRIES), "{all:?}");
    };
    let posting = async {
        for n in 0..ENTRIES {
            stage.post("through and through").await;
            tokio::time::sleep(Duration::from_millis(n % 5)).await;
        }
    };
    tokio::join!(from_ws, from_sse, from_polls, posting);
    assert!(
        counted.connections() <= before + 2,
        "{} connections for one who polls",
        counted.connections() - before
    );

    stage.shutdown.trigger();
    assert!(ws.object().await["bye"]["retry_ms"].is_u64());
    let Heard::Closed(Some(frame)) = ws.hear().await else { panic!("a close with a code") };
    assert_eq!(u16::from(frame.code), 1012);
    assert!(sse.event().await.data["bye"]["retry_ms"].is_u64());
    assert!(
        sse.ended_well().await,
        "a body without length or chunks ends with its connection, and that is no error"
    );
}
