use std::collections::BTreeSet;

use model::Timestamp;
use serde_json::Value;

use super::*;
use crate::node::{Interrupt, Surroundings};
use crate::sandbox::{Limits, Sandbox};

fn surroundings() -> Surroundings {
    Surroundings {
        now: Timestamp::parse("2026-11-22T08:30:00Z").unwrap(),
        timezone: "Europe/Berlin".to_owned(),
        seed: 7,
        interrupt: Interrupt::never(),
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let sandbox = Sandbox::new(Limits::for_expressions());
    let mut wrong = Vec::new();
    for doc in function_docs() {
        let expected: Value = serde_json::from_str(doc.result).unwrap();
        let result = sandbox.compile(doc.example).and_then(|script| sandbox.run(&script, &[], &surroundings()));
        if result.as_ref() != Ok(&expected) {
            wrong.push(format!("{} gave {result:?}", doc.example));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What Rhai brings along and its own book describes, and second spellings.
const NOT_IN_THE_TABLE: &[&str] =
    &["to_debug", "print", "debug", "to_upper", "to_lower", "capitalize", "sub_string", "sort", "order_by", "default"];

#[test]
fn every_helper_function_is_in_the_table() {
    let mut engine = rhai::Engine::new_raw();
    super::super::add(&mut engine);
    super::super::super::operators::add(&mut engine);
    let names: BTreeSet<String> = engine
        .gen_fn_signatures(false)
        .into_iter()
        .filter_map(|signature| Some(signature.split_once('(')?.0.trim().to_owned()))
        .filter(|name| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
        .collect();
    assert!(names.len() > 80, "{names:?}");
    let described: BTreeSet<&str> = function_docs().iter().map(|doc| doc.name).collect();
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !described.contains(name.as_str()) && !NOT_IN_THE_TABLE.contains(&name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn each_entry_is_complete_and_stands_once() {
    let mut seen = BTreeSet::new();
    for doc in function_docs() {
        assert!(seen.insert(doc.name), "{} is there twice", doc.name);
        assert!(doc.example.contains(doc.name), "{} has an example of something else", doc.name);
        assert!(!doc.en.is_empty() && !doc.de.is_empty() && doc.en != doc.de, "{}", doc.name);
    }
}
