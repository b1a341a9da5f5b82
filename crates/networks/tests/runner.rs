//! The stand-alone runner: a process of its own, fed from a file, with its journal in a file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use networks::{originals, read_journal};

#[test]
fn the_runner_speaks_a_script_and_writes_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let post = r##"{"after_ms":0,"what":{"post":{"id":"955570716073750529","created_at":1516660787000000,"author":{"id":"1","handle":"ada"},"text":"one #rustfest"}}}"##;
    std::fs::write(at("script.jsonl"), post).unwrap();
    let settings = serde_json::json!({"networks": [{
        "protocol": "mastodon", "script": at("script.jsonl"), "pace": "clock", "journal": at("journal.jsonl"),
        "faults": {"seed": 3, "drop_every": 5},
    }]});
    std::fs::write(at("settings.json"), settings.to_string()).unwrap();
    let mut runner = Command::new(env!("CARGO_BIN_EXE_fake-networks"))
        .arg(at("settings.json"))
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(runner.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let address = said["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let mut answer = String::new();
    while !answer.contains("one ") {
        let mut socket = TcpStream::connect(&address).unwrap();
        let request = "GET /api/v1/timelines/tag/rustfest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        socket.write_all(request.as_bytes()).unwrap();
        answer.clear();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    runner.kill().unwrap();
    runner.wait().unwrap();
    let lines = read_journal(&at("journal.jsonl")).unwrap();
    let uid = "mastodon:https://pixels.example/users/ada/statuses/955570716073750529";
    assert_eq!(originals(&lines).into_iter().collect::<Vec<_>>(), [uid]);
    assert!(lines.iter().any(|l| l.kind == "sent" && l.uid == uid && l.via.as_deref() == Some("rest")));
}

#[test]
fn settings_that_cannot_work_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    for (text, want) in [
        ("{\"networks\":[],\"x\":1}", "unknown field"),
        ("{\"networks\":[{\"protocol\":\"x2\"}]}", "exactly one"),
    ] {
        std::fs::write(&file, text).unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_fake-networks")).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains(want), "{said}");
    }
}
