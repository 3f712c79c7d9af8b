//! What holds for every source file.

use crate::tree;

/// The longest allowed source file, in lines.
const MAX_LINES: usize = 500;

/// Files that programs write.
const GENERATED: &[&str] = &["Cargo.lock", "package-lock.json"];

const SOURCES: &[&str] = &["rs", "rhai", "ts", "svelte", "css", "html", "mjs", "js", "sh", "py", "sql"];

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Every text file that a person wrote, with its text.
fn written() -> impl Iterator<Item = (String, String)> {
    let by_hand = |file: &String| !GENERATED.iter().any(|name| file.ends_with(name));
    tree::files().into_iter().filter(by_hand).filter_map(|file| tree::text(&file).map(|text| (file, text)))
}

#[test]
fn no_source_file_is_longer_than_a_person_can_keep_in_mind() {
    let long: Vec<_> = written()
        .filter(|(file, _)| SOURCES.contains(&extension(file)))
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "split these files, at most {MAX_LINES} lines each: {long:?}");
}

#[test]
fn every_crate_says_first_what_it_is_for() {
    let starts = written().filter(|(file, _)| file.ends_with("/lib.rs") || file.ends_with("/main.rs"));
    let silent: Vec<_> = starts.filter(|(_, text)| !text.starts_with("//! ")).map(|(file, _)| file).collect();
    assert!(silent.is_empty(), "these begin without a line of `//!`: {silent:?}");
}

#[test]
fn nothing_unfinished_is_left_as_a_note() {
    // Put together here, so that this file does not hold them.
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];
    let is_word =
        |text: &str, note: &str| text.split(|character: char| !character.is_alphanumeric()).any(|word| word == note);
    let found: Vec<_> = written()
        .filter(|(file, _)| file != "LICENSE")
        .filter_map(|(file, text)| notes.iter().find(|note| is_word(&text, note)).map(|note| (file, *note)))
        .collect();
    assert!(found.is_empty(), "finish it, or describe it in an issue: {found:?}");
}

#[test]
fn no_file_speaks_of_the_machine_it_was_written_on() {
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let found: Vec<_> = written()
        .filter_map(|(file, text)| paths.iter().find(|path| text.contains(**path)).map(|path| (file, *path)))
        .collect();
    assert!(found.is_empty(), "these paths exist on one machine only: {found:?}");
}

#[test]
fn lock_files_name_packages_by_their_checksum_and_no_place_to_fetch_them_from() {
    for file in tree::files().into_iter().filter(|file| file.ends_with("package-lock.json")) {
        let text = tree::text(&file).unwrap();
        assert!(!text.contains("\"resolved\""), "{file}: set omit-lockfile-registry-resolved=true and write it again");
        assert!(text.contains("\"integrity\""), "{file} holds no checksums");
    }
}

#[test]
fn shell_scripts_stop_at_the_first_error() {
    for (file, text) in written().filter(|(_, text)| text.starts_with("#!")) {
        let careful = text.contains("\nset -eu") || text.starts_with("#!/usr/bin/env python3");
        assert!(careful, "{file}: begin with `set -eu`");
    }
}
