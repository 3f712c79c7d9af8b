//! The documents lead where they say.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tree;

/// Every document with its text.
fn documents() -> Vec<(String, String)> {
    let files = tree::files().into_iter().filter(|file| is_document(file));
    let documents: Vec<_> = files.map(|file| (file.clone(), tree::text(&file).unwrap())).collect();
    assert!(documents.iter().any(|(file, _)| file == "README.md"));
    documents
}

fn is_document(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "md")
}

/// The text outside of code blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// Where the links of a document lead: `[words](target)`.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let starts = prose.split("](").skip(1);
    starts.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a document's headings, as readers of Markdown make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.split("```").step_by(2).flat_map(str::lines).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|character| character.is_alphanumeric() || [' ', '-', '_'].contains(character));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The file that a link leads to, seen from the document's own folder.
fn target_of(document: &str, path: &str) -> String {
    let mut parts: Vec<_> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_between_documents_and_files_leads_somewhere() {
    let mut broken = Vec::new();
    for (document, text) in documents() {
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { document.clone() } else { target_of(&document, path) };
            let exists = tree::root().join(&target).exists();
            let anchored = fragment.is_empty()
                || tree::root().join(&target).is_file()
                    && tree::text(&target).is_some_and(|text| anchors(&text).contains(fragment));
            if !exists || !anchored {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "these links lead nowhere: {broken:#?}");
}

#[test]
fn every_page_of_the_guide_and_every_decision_can_be_reached_from_its_index() {
    for folder in ["docs/guide", "docs/decisions"] {
        let index = tree::text(&format!("{folder}/README.md")).unwrap_or_else(|| panic!("{folder} has no README.md"));
        let linked: BTreeSet<_> = links(&index).into_iter().collect();
        let pages = tree::names_in(folder).into_iter().filter(|name| is_document(name) && name != "README.md");
        let lost: Vec<_> = pages.filter(|page| !linked.contains(page)).collect();
        assert!(lost.is_empty(), "{folder}/README.md does not mention {lost:?}");
    }
}

#[test]
fn files_that_the_code_map_names_exist() {
    let text = tree::text("docs/ARCHITECTURE.md").unwrap();
    let named = prose(&text);
    let paths =
        named.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && !word.contains(['{', ' ', '*']));
    let inside =
        |path: &&str| ["crates/", "migrations/", "docs/", "docker/", "web-ui/"].iter().any(|top| path.starts_with(top));
    let missing: Vec<_> = paths.filter(inside).filter(|path| !tree::root().join(path).exists()).collect();
    assert!(missing.is_empty(), "docs/ARCHITECTURE.md names what does not exist: {missing:?}");
}
