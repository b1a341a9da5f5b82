//! The outside judges of what the site serves: vnu for HTML, axe for accessibility, feedparser for feeds, webvtt-parser for subtitles,
//! schemathesis for the API.
//! `cargo xtask judges` installs them; tests find them in the folder that `PERIHELION_JUDGES` names, else in `target/judges`. A judge that is
//! missing is a loud skip. What to judge, and what to make of it, is the tests' own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::skip_loudly;

/// Reads each feed that it is given and prints one line of JSON for it. Times come as RFC 3339, so that they can be compared.
const READ_FEEDS: &str = r#"
import feedparser, json, sys, time
def when(entry, name):
    at = entry.get(name + "_parsed")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", at) if at else None
for path in sys.argv[1:]:
    feed = feedparser.parse(open(path, "rb").read(), response_headers={
        "content-location": "https://feed.example.org/",
        "content-type": ("application/atom+xml" if path.endswith(".atom") else "application/rss+xml") + "; charset=utf-8"})
    print(json.dumps({
        "bozo": bool(feed.bozo), "why": repr(feed.get("bozo_exception")), "version": feed.version,
        "title": feed.feed.get("title"), "id": feed.feed.get("id"), "link": feed.feed.get("link"),
        "links": [dict(link) for link in feed.feed.get("links", [])], "updated": when(feed.feed, "updated"),
        "entries": [{
            "id": entry.get("id"), "title": entry.get("title"), "link": entry.get("link"), "author": entry.get("author"),
            "published": when(entry, "published"), "updated": when(entry, "updated"), "summary": entry.get("summary"),
            "content": [content.get("value") for content in entry.get("content", [])],
            "enclosures": [dict(enclosure) for enclosure in entry.get("enclosures", [])],
        } for entry in feed.entries],
    }))
"#;

/// Reads subtitles and prints what it makes of them. The parser's own list of entities lacks their semicolons.
const READ_CUES: &str = r#"
const [parser, path] = process.argv.slice(1);
const { WebVTTParser } = require(parser);
const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&lrm;": "\u200e", "&rlm;": "\u200f", "&nbsp;": "\u00a0" };
const said = new WebVTTParser(entities).parse(require("fs").readFileSync(path, "utf8"), "subtitles/captions/descriptions");
const node = ({ type, name, value, children }) => ({ type, name, value, children: children?.map(node) });
console.log(JSON.stringify({
  errors: said.errors.map(({ message, line }) => `line ${line}: ${message}`),
  cues: said.cues.map(({ id, startTime, endTime, tree }) => ({ id, from: startTime, to: endTime, nodes: tree.children.map(node) })),
}));
"#;

/// Holds answers to a document of OpenAPI 3.1 and prints what differs, a line each.
const HOLD_TO_DOCUMENT: &str = r##"
import json, jsonschema_rs, sys
told = json.load(open(sys.argv[1]))
document = told["document"]
def found(node):
    while "$ref" in node:
        at = document
        for part in node["$ref"][2:].split("/"):
            at = at[part.replace("~1", "/").replace("~0", "~")]
        node = at
    return node
for answer in told["answers"]:
    operation = document["paths"].get(answer["path"], {}).get(answer["method"])
    name = f'{answer["method"]} {answer["of"]}'
    if operation is None:
        print(f'{name}: the document does not tell of it')
        continue
    response = operation["responses"].get(str(answer["status"]))
    if response is None:
        print(f'{name}: the document tells of no {answer["status"]}')
        continue
    media = found(response).get("content", {}).get(answer["kind"])
    if media is None:
        print(f'{name}: the document tells of no {answer["kind"]} for {answer["status"]}')
        continue
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], "allOf": [media["schema"]]}
    for error in jsonschema_rs.validator_for(schema).iter_errors(answer["body"]):
        print(f'{name}: {"/".join(map(str, error.instance_path))}: {error.message[:300]}')
"##;

/// What vnu has against one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The file's name without its folder.
    pub file: String,
    /// What is wrong.
    pub message: String,
    /// The place, with what stands around it.
    pub extract: String,
}

/// Checks every file whose name ends in `.html` in a folder, in one run of vnu. None, said loudly, when it is not installed.
///
/// # Errors
/// When vnu does not run, or says nothing that can be read.
pub fn vnu(folder: &Path) -> Option<anyhow::Result<Vec<Complaint>>> {
    let jar = find("npm/node_modules/vnu-jar/build/dist/vnu.jar", "vnu (`cargo xtask judges`)")?;
    Some(vnu_with(&jar, folder))
}

fn vnu_with(jar: &Path, folder: &Path) -> anyhow::Result<Vec<Complaint>> {
    let mut java = Command::new("java");
    // One pass over a hundred pages is over before the better compiler would pay.
    java.args(["-Xss2m", "-XX:TieredStopAtLevel=1", "-jar"]).arg(jar);
    java.args(["--errors-only", "--exit-zero-always", "--stdout", "--format", "json"]).arg(folder);
    let said = output(&mut java)?;
    let said: Value = serde_json::from_slice(&said.stdout)
        .with_context(|| format!("vnu said: {}", String::from_utf8_lossy(&said.stderr)))?;
    let messages = said["messages"].as_array().context("vnu gives messages")?;
    let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    Ok(messages
        .iter()
        .map(|message| Complaint {
            file: text(message, "url").rsplit('/').next().unwrap_or_default().to_owned(),
            message: text(message, "message"),
            extract: format!("line {}: {}", message["lastLine"], text(message, "extract")),
        })
        .collect())
}

/// The script of axe, to be run in a page before [`AXE_RUN`]. None, said loudly, when it is not installed.
#[must_use]
pub fn axe() -> Option<String> {
    let path = find("npm/node_modules/axe-core/axe.min.js", "axe-core (`cargo xtask judges`)")?;
    Some(std::fs::read_to_string(path).expect("what is there can be read"))
}

/// An expression that gives axe's violations as an array of lines. Empty is good.
pub const AXE_RUN: &str = r#"axe.run(document, {resultTypes: ["violations"], elementRef: false, preload: false})
    .then(found => found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")} ${node.html.slice(0, 200)}`)))"#;

/// The same for the rules about colours alone.
pub const AXE_COLOURS: &str = r#"axe.run(document, {resultTypes: ["violations"], elementRef: false, preload: false, runOnly: ["color-contrast", "link-in-text-block"]})
    .then(found => found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")} ${node.html.slice(0, 200)}`)))"#;

/// Reads feeds with feedparser, as if they came over HTTP as Atom (a name that ends in `.atom`) or RSS: one value for each file, with `bozo`, `why`, `version`, `title`, `id`, `link`, `links`, `updated` and
/// `entries` (`id`, `title`, `link`, `author`, `published`, `updated`, `summary`, `content`, `enclosures`). None, said loudly, when it is
/// not installed.
///
/// # Errors
/// When it does not run.
pub fn feedparser(files: &[PathBuf]) -> Option<anyhow::Result<Vec<Value>>> {
    let python = find("python/bin/python", "feedparser (`cargo xtask judges`)")?;
    let read = || {
        let said = output(Command::new(python).args(["-c", READ_FEEDS]).args(files))?;
        ensure!(said.status.success(), "feedparser: {}", String::from_utf8_lossy(&said.stderr));
        let lines = std::str::from_utf8(&said.stdout)?.lines();
        let feeds = lines.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        ensure!(feeds.len() == files.len(), "feedparser read {} of {} feeds", feeds.len(), files.len());
        Ok(feeds)
    };
    Some(read())
}

/// Reads a file of WebVTT as a player does: `errors`, a line each, and `cues` (`id`, `from` and `to` in seconds, `nodes` of `type`, `name`,
/// `value` and `children`). None, said loudly, when the parser is not installed.
///
/// # Errors
/// When it does not run.
pub fn webvtt(file: &Path) -> Option<anyhow::Result<Value>> {
    let parser =
        find("npm/node_modules/webvtt-parser/parser.js", "the reader of subtitles (`cargo xtask judges`)")?;
    let read = || {
        let said = output(Command::new("node").args(["-e", READ_CUES]).arg(parser).arg(file))?;
        ensure!(said.status.success(), "webvtt-parser: {}", String::from_utf8_lossy(&said.stderr));
        Ok(serde_json::from_slice(&said.stdout)?)
    };
    Some(read())
}

/// Runs schemathesis with these arguments in `folder`, where it may write. Gives what it printed, and whether it found nothing. None,
/// said loudly, when it is not installed.
///
/// # Errors
/// When it does not run.
pub fn schemathesis(folder: &Path, arguments: &[&str]) -> Option<anyhow::Result<(bool, String)>> {
    let program = find("python/bin/schemathesis", "schemathesis (`cargo xtask judges`)")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    // It talks to the server under test only, whatever the machine's own settings are.
    command.envs([("NO_PROXY", "*"), ("NO_COLOR", "1"), ("COLUMNS", "160")]);
    let ran = output(&mut command).and_then(|said| match said.status.code() {
        Some(0 | 1) => Ok((
            said.status.success(),
            String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned(),
        )),
        _ => bail!(
            "schemathesis: {}{}",
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr)
        ),
    });
    Some(ran)
}

/// Holds answers to a document of OpenAPI 3.1: a file with `document` and `answers` (`path` as the document writes it, `method` in small
/// letters, `status`, `kind` of its content, `body`, and `of`, its name for people). Gives what differs. None, said loudly, when the
/// validator is not installed.
///
/// # Errors
/// When it does not run.
pub fn documented(file: &Path) -> Option<anyhow::Result<Vec<String>>> {
    let python = find("python/bin/python", "the validator of schemas (`cargo xtask judges`)")?;
    let hold = || {
        let said = output(Command::new(python).args(["-c", HOLD_TO_DOCUMENT]).arg(file))?;
        ensure!(said.status.success(), "the validator: {}", String::from_utf8_lossy(&said.stderr));
        Ok(String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect())
    };
    Some(hold())
}

/// Complaints that differ only in the page, told once with all its pages: a template's slip shows on every page.
#[must_use]
pub fn together(complaints: impl IntoIterator<Item = (String, String)>) -> String {
    let mut by_complaint: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (page, complaint) in complaints {
        by_complaint.entry(complaint).or_default().push(page);
    }
    let line =
        |(complaint, pages): (&String, &Vec<String>)| format!("{complaint}\n    {}\n", pages.join(", "));
    by_complaint.iter().map(line).collect()
}

fn output(command: &mut Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))
}

/// A file of the judges' folder.
fn find(file: &str, what: &str) -> Option<PathBuf> {
    let named = std::env::var_os("PERIHELION_JUDGES").filter(|named| !named.is_empty());
    let folder = named
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges"), PathBuf::from);
    let path = folder.join(file);
    if path.exists() {
        return Some(path);
    }
    skip_loudly(what);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vnu_names_the_slip_and_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let page = |body: &str| format!("<!DOCTYPE html><html lang=en><title>t</title><p>{body}</p></html>");
        std::fs::write(folder.path().join("good.html"), page("words")).unwrap();
        std::fs::write(folder.path().join("bad.html"), page("<img src=x>")).unwrap();
        let Some(complaints) = vnu(folder.path()) else { return };
        let complaints = complaints.unwrap();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].file == "bad.html" && complaints[0].message.contains("alt"), "{complaints:?}");
    }

    #[test]
    fn feedparser_tells_a_whole_feed_from_a_broken_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = [folder.path().join("good.rss"), folder.path().join("bad.rss")];
        let feed = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title><item><guid>a</guid>\
                    <pubDate>Mon, 01 Jun 2026 12:00:00 +0000</pubDate></item></channel></rss>";
        std::fs::write(&files[0], feed).unwrap();
        std::fs::write(&files[1], feed.replace("</item>", "")).unwrap();
        let Some(read) = feedparser(&files) else { return };
        let read = read.unwrap();
        assert_eq!((&read[0]["bozo"], &read[1]["bozo"]), (&Value::Bool(false), &Value::Bool(true)));
        assert_eq!(read[0]["entries"][0]["published"], "2026-06-01T12:00:00Z");
    }

    #[test]
    fn the_reader_of_subtitles_names_a_slip_and_undoes_entities() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cues.vtt");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            webvtt(&file).map(Result::unwrap)
        };
        let Some(good) = read("WEBVTT\n\na\n00:01.000 --> 00:02.500\n<v Ada>one &lt; two &amp; three\n")
        else {
            return;
        };
        assert_eq!(
            (&good["errors"], &good["cues"][0]["to"]),
            (&serde_json::json!([]), &serde_json::json!(2.5))
        );
        assert_eq!(good["cues"][0]["nodes"][0]["children"][0]["value"], "one < two & three");
        let bad = read("WEBVTT\n\n00:01.000 --> 00:02.500\na < b & c\n\n00:03 -> 00:04\nx\n").unwrap();
        assert!(bad["errors"].as_array().is_some_and(|errors| !errors.is_empty()), "{bad}");
    }

    #[test]
    fn one_slip_on_many_pages_is_told_once() {
        let told = together([("a".into(), "x".into()), ("b".into(), "x".into()), ("c".into(), "y".into())]);
        assert_eq!(told, "x\n    a, b\ny\n    c\n");
    }
}
