//! The files of the repository, without what builds and runs leave behind, and the order at its top.

use std::path::{Path, PathBuf};

/// What may lie at the top. Everything else has a place further down.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "crates",
    "docker",
    "docs",
    "migrations",
    "web-ui",
];

/// Folders that git ignores, here and at any depth.
const IGNORED: &[&str] = &["target", "data", "node_modules", "dist", "shots", ".git"];

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every file, as its path below the top with `/` between folders, in order.
pub(crate) fn files() -> Vec<String> {
    let mut found = Vec::new();
    visit(root(), &mut found);
    found.sort();
    assert!(found.len() > 100, "this is not the whole repository: {} files", found.len());
    found
}

/// The text of a file; none when it is not text.
pub(crate) fn text(file: &str) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(file)).unwrap()).ok()
}

/// The names in a folder below the top, in order.
pub(crate) fn names_in(folder: &str) -> Vec<String> {
    let mut names: Vec<_> = entries(&root().join(folder)).iter().map(|path| name_of(path)).collect();
    names.sort();
    names
}

fn visit(folder: &Path, found: &mut Vec<String>) {
    for path in entries(folder) {
        if path.is_dir() && !IGNORED.contains(&name_of(&path).as_str()) {
            visit(&path, found);
        } else if path.is_file() {
            let below = path.strip_prefix(root()).unwrap();
            found.push(below.to_str().unwrap().replace('\\', "/"));
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn the_top_of_the_repository_shows_only_the_product() {
    let allowed = |name: &String| {
        name.starts_with('.') || TOP.contains(&name.as_str()) || IGNORED.contains(&name.as_str())
            // A person's own settings, ignored by git.
            || name == "stellwerk.toml"
    };
    let strays: Vec<_> = names_in(".").into_iter().filter(|name| !allowed(name)).collect();
    assert!(strays.is_empty(), "these do not belong to the top of the repository: {strays:?}");
}

#[test]
fn no_folder_has_a_name_that_attracts_everything() {
    let banned = ["utils", "util", "common", "core", "helpers", "helper", "misc", "shared"];
    for file in files() {
        let (folders, _) = file.rsplit_once('/').unwrap_or_default();
        let found = folders.split('/').find(|folder| banned.contains(folder));
        assert!(found.is_none(), "{file}: name the folder after what it is for, not `{}`", found.unwrap_or_default());
    }
}
