//! The OpenAPI document and what the server really answers.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::outside::http::Request;
use crate::outside::product::Product;

#[test]
fn the_stored_document_is_the_one_that_the_code_makes() {
    let made: Value = serde_json::to_value(server::api::openapi::document()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(made == stored, "docs/openapi.json is out of date: run `make openapi` and commit it");
}

#[test]
fn every_documented_address_is_served_and_closed_to_strangers() {
    let product = Product::start(&[]);
    let document = Request::new("GET", "/api/v1/openapi.json").send(product.address()).must_be(200);
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 25, "{}", paths.len());
    for (path, methods) in paths {
        let id = "01a2012f-d099-74a4-9d6e-e393cc06b234";
        let address = ["{id}", "{event}", "{run}"].iter().fold(path.clone(), |path, name| path.replace(name, id));
        let address = address.replace("{version}", "1").replace("{node}", "order").replace("{row}", "1");
        for method in methods.as_object().unwrap().keys() {
            let answer = Request::new(&method.to_uppercase(), &address).send(product.address());
            let expected = match path {
                path if path.starts_with("/api/") => 401,
                // Whoever has the right link may use it, and nobody else learns anything.
                path if path.starts_with("/hooks/") => 404,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text());
        }
    }
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    let document = serde_json::to_value(server::api::openapi::document()).unwrap();
    let mut wanted = BTreeSet::new();
    references(&document, &mut wanted);
    assert!(!wanted.is_empty());
    for reference in wanted {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} is missing");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str().filter(|_| name == "$ref") {
                    Some(reference) => drop(found.insert(reference.to_owned())),
                    None => references(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
