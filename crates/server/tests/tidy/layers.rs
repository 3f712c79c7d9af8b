//! A crate is a layer: dependencies only point down, and some things stay out of some layers.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::tree;

/// Per crate: its folder, the crates of the workspace that it may use, and packages that it must never contain.
const LAYERS: &[(&str, &str, &[&str], &[&str])] = &[
    ("model", "crates/model", &[], &["tokio", "reqwest", "sea-orm", "actix-web", "async-trait", "futures-util"]),
    (
        "nodes",
        "crates/nodes",
        &["model"],
        &["tokio", "reqwest", "hyper", "lettre", "sea-orm", "actix-web", "getrandom", "rand"],
    ),
    ("migrations", "migrations", &[], &["reqwest", "actix-web", "rhai"]),
    ("storage", "crates/storage", &["model", "migrations"], &["reqwest", "hyper", "lettre", "actix-web", "rhai"]),
    ("engine", "crates/engine", &["model", "nodes", "storage"], &["sea-orm", "sea-orm-migration", "actix-web"]),
    (
        "server",
        "crates/server",
        &["model", "nodes", "storage", "engine"],
        &["sea-orm", "sea-orm-migration", "migrations", "reqwest", "lettre", "rhai"],
    ),
];

fn manifest(folder: &str) -> Table {
    tree::text(&format!("{folder}/Cargo.toml")).unwrap().parse().unwrap()
}

/// The packages that the crate itself is built from; those of its tests are free.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let tables = [manifest.get("dependencies"), manifest.get("build-dependencies")];
    let per_target = manifest.get("target").and_then(|targets| targets.as_table());
    let per_target = per_target.into_iter().flat_map(Table::values).map(|target| target.get("dependencies"));
    let tables = tables.into_iter().chain(per_target).flatten().filter_map(toml::Value::as_table);
    tables.flat_map(Table::keys).cloned().collect()
}

#[test]
fn every_member_of_the_workspace_is_a_layer_with_a_place() {
    let workspace: Table = tree::text("Cargo.toml").unwrap().parse().unwrap();
    let members: BTreeSet<_> =
        workspace["workspace"]["members"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, LAYERS.iter().map(|(_, folder, ..)| *folder).collect());
    for (name, folder, ..) in LAYERS {
        assert_eq!(manifest(folder)["package"]["name"].as_str(), Some(*name), "{folder}");
    }
}

#[test]
fn dependencies_between_the_layers_only_point_down() {
    let layers: BTreeMap<_, _> = LAYERS.iter().map(|(name, _, below, _)| (*name, *below)).collect();
    for (name, folder, below, _) in LAYERS {
        for dependency in dependencies(&manifest(folder)) {
            let is_layer = layers.contains_key(dependency.as_str());
            assert!(
                !is_layer || below.contains(&dependency.as_str()),
                "`{name}` must not depend on `{dependency}`: dependencies point down"
            );
        }
    }
}

#[test]
fn what_must_stay_out_of_a_layer_stays_out() {
    for (name, folder, _, never) in LAYERS {
        let dependencies = dependencies(&manifest(folder));
        let found: Vec<_> = never.iter().filter(|package| dependencies.contains(**package)).collect();
        assert!(found.is_empty(), "`{name}` must not contain {found:?}");
    }
}

#[test]
fn every_crate_takes_versions_and_lints_from_the_workspace() {
    for (name, folder, ..) in LAYERS {
        let manifest = manifest(folder);
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{name}");
        for table in ["dependencies", "dev-dependencies"] {
            for (package, wanted) in manifest.get(table).and_then(|table| table.as_table()).into_iter().flatten() {
                let from_workspace = wanted.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(
                    from_workspace,
                    Some(true),
                    "{name}: give the version of `{package}` in the root Cargo.toml"
                );
            }
        }
    }
}
