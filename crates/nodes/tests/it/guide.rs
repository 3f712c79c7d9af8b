//! The workflows of the guide can be imported and published as they stand.

use std::fs;
use std::path::Path;

use model::Definition;
use nodes::check::check;
use serde_json::Value;

use crate::run::catalogue;

#[test]
fn every_example_of_the_guide_has_no_problem() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let mut node_types = std::collections::BTreeSet::new();
    for entry in fs::read_dir(guide).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(!document["name"].as_str().unwrap().is_empty(), "{}", path.display());
        let definition: Definition = serde_json::from_value(document["definition"].clone()).unwrap();
        assert_eq!(check(&definition, catalogue()), [], "{}", path.display());
        node_types.extend(definition.nodes.into_iter().map(|node| node.node_type));
    }
    let shown = ["for_each", "wait", "schedule", "call_workflow", "error", "merge", "deduplicate", "list.aggregate"];
    for name in shown {
        assert!(node_types.contains(name), "no example shows `{name}`");
    }
}
