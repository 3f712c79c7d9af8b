//! Every connector folder is complete.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tree;

const FOLDER: &str = "crates/nodes/connectors";

fn read(file: &str) -> Value {
    serde_json::from_str(&tree::text(file).unwrap()).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_connector_has_the_same_files_and_no_others() {
    let expected = ["fixtures", "icon.svg", "manifest.json", "script.rhai"];
    for connector in tree::names_in(FOLDER) {
        assert_eq!(tree::names_in(&format!("{FOLDER}/{connector}")), expected, "{connector}");
        assert_eq!(read(&format!("{FOLDER}/{connector}/manifest.json"))["name"], connector.as_str());
        let icon = tree::text(&format!("{FOLDER}/{connector}/icon.svg")).unwrap();
        let harmless = icon.contains("<svg") && !icon.contains("<script") && !icon.contains("href");
        assert!(harmless, "{connector}: the icon is a plain SVG drawing");
    }
}

#[test]
fn every_operation_has_a_fixture_that_succeeds_and_one_that_fails() {
    for connector in tree::names_in(FOLDER) {
        let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
        for file in tree::names_in(&format!("{FOLDER}/{connector}/fixtures")) {
            let fixture = read(&format!("{FOLDER}/{connector}/fixtures/{file}"));
            let operation = fixture["operation"].as_str().unwrap_or_default().to_owned();
            if fixture.get("error").is_some() {
                failed.insert(operation)
            } else {
                succeeded.insert(operation)
            };
        }
        let manifest = read(&format!("{FOLDER}/{connector}/manifest.json"));
        for operation in manifest["operations"].as_array().unwrap() {
            let name = operation["name"].as_str().unwrap();
            assert!(succeeded.contains(name), "{connector}.{name} has no fixture with an `output`");
            assert!(failed.contains(name), "{connector}.{name} has no fixture with an `error`");
        }
    }
}
