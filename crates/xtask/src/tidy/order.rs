//! The one-way order of our crates, and the few doors through which some third-party crates come in.
//! The order is the map of `ARCHITECTURE.md`; a new crate must be added here on purpose.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::TextFile;

/// Who may depend on whom in the product itself. Everything not listed is refused.
const ORDER: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("chassis", &[]),
    ("networks", &[]),
    ("scour", &[]),
    ("live", &["model", "scour"]),
    ("archive", &["model", "scour"]),
    // The replay source speaks a recording through a fake network, so that it comes in by the real way.
    ("nozzle", &["model", "live", "chassis", "networks"]),
    ("halley", &["model", "live", "chassis"]),
    ("strainer", &["model", "live", "archive", "chassis"]),
    ("testkit", &["model", "live", "archive", "chassis", "networks"]),
    // The end-to-end tests' judge shares no code with what it judges.
    ("judge", &[]),
    // What invents labelled posts knows talks, and not the rules that are judged by them (`apart`).
    ("labelled", &["model"]),
    ("xtask", &[]),
    ("bench", &["model", "live", "archive", "chassis", "nozzle", "halley", "testkit"]),
    (
        "perihelion",
        &["model", "live", "archive", "chassis", "networks", "nozzle", "halley", "strainer", "labelled"],
    ),
];
/// Tests may also lean on these; never on another daemon.
const FOR_TESTS: &[&str] = &["model", "live", "archive", "chassis", "networks", "testkit"];
/// Third-party crates that stay behind one wall, so that each can be replaced in one place.
const WALLS: &[(&str, &[&str])] = &[
    ("fred", &["live", "testkit"]),
    ("chromiumoxide", &["testkit", "perihelion"]),
    ("html5ever", &["model"]),
    ("clap", &["perihelion", "judge", "xtask", "bench"]),
];

/// Checks every manifest of the tree.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let manifests = files.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    manifests.flat_map(|file| manifest(file).unwrap_or_else(|finding| vec![finding])).collect()
}

fn manifest(file: &TextFile) -> Result<Vec<Finding>, Finding> {
    let table: toml::Table =
        file.text.parse().map_err(|error| Finding::new(&file.path, 0, format!("is not TOML: {error}")))?;
    let Some(name) =
        table.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str())
    else {
        return Ok(Vec::new()); // a workspace without a package of its own
    };
    let order: BTreeMap<_, _> = ORDER.iter().copied().collect();
    let Some(allowed) = order.get(name) else {
        let message =
            format!("crate `{name}` has no place in the order: add it to xtask's tidy/order.rs and the map");
        return Ok(vec![Finding::new(&file.path, 0, message)]);
    };
    let mut findings = Vec::new();
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        let for_tests: &[&str] = if section == "dev-dependencies" { FOR_TESTS } else { &[] };
        for dependency in
            table.get(section).and_then(|table| table.as_table()).into_iter().flat_map(|t| t.keys())
        {
            let is_ours = order.contains_key(dependency.as_str());
            let may = allowed.contains(&dependency.as_str()) || for_tests.contains(&dependency.as_str());
            if is_ours && !may {
                let message =
                    format!("`{name}` may not depend on `{dependency}` ({section}): the order is one way");
                findings.push(Finding::new(&file.path, 0, message));
            }
            findings.extend(wall(file, name, dependency));
        }
    }
    Ok(findings)
}

fn wall(file: &TextFile, name: &str, dependency: &str) -> Option<Finding> {
    let (_, inside) = WALLS.iter().find(|(behind, _)| *behind == dependency)?;
    (!inside.contains(&name)).then(|| {
        let message = format!("`{dependency}` stays behind {}: use what they offer", inside.join(", "));
        Finding::new(&file.path, 0, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, section: &str, dependency: &str) -> Vec<Finding> {
        let text = format!("[package]\nname = \"{name}\"\n\n[{section}]\n{dependency}.workspace = true\n");
        check(&[TextFile { path: format!("{name}/Cargo.toml"), text }])
    }

    #[test]
    fn order_of_the_map_passes() {
        assert_eq!(findings("live", "dependencies", "model"), []);
        assert_eq!(findings("strainer", "dependencies", "archive"), []);
        assert_eq!(findings("live", "dev-dependencies", "testkit"), []);
        assert_eq!(findings("model", "dependencies", "serde"), []);
    }

    #[test]
    fn arrow_against_the_order_is_found() {
        assert!(findings("model", "dependencies", "live")[0].message.contains("may not depend on `live`"));
        assert_eq!(findings("chassis", "dependencies", "model").len(), 1);
        assert_eq!(findings("live", "build-dependencies", "archive").len(), 1);
    }

    #[test]
    fn daemons_never_depend_on_each_other_not_even_in_tests() {
        assert_eq!(findings("halley", "dependencies", "nozzle").len(), 1);
        assert_eq!(findings("halley", "dev-dependencies", "nozzle").len(), 1);
    }

    #[test]
    fn test_kit_stays_out_of_the_product() {
        assert_eq!(findings("perihelion", "dependencies", "testkit").len(), 1);
        assert_eq!(findings("perihelion", "dev-dependencies", "testkit"), []);
    }

    #[test]
    fn redis_client_stays_behind_its_wall() {
        assert!(findings("halley", "dependencies", "fred")[0].message.contains("stays behind live"));
        assert_eq!(findings("live", "dependencies", "fred"), []);
    }

    #[test]
    fn unknown_crate_and_broken_manifest_are_found() {
        assert!(findings("surprise", "dependencies", "serde")[0].message.contains("no place in the order"));
        let broken = TextFile { path: "x/Cargo.toml".to_owned(), text: "[package".to_owned() };
        assert!(check(&[broken])[0].message.contains("is not TOML"));
    }
}
