//! Nodes that work on lists, and the memory of what was seen.

use nodes::Outcome;
use nodes::effect::{Effect, Reply, SeenReply, SeenRequest};
use serde_json::{Value, json};

use crate::run::{resume, start};

fn output(node_type: &str, params: Value) -> Value {
    match start(node_type, params, &json!({})).unwrap() {
        Outcome::Done { port, output } if port == "out" => output,
        other => panic!("{other:?}"),
    }
}

/// Where the failure lies, and what it says.
fn failure(node_type: &str, params: Value) -> (String, String) {
    let error = start(node_type, params, &json!({})).unwrap_err();
    assert!(!error.retryable);
    (error.parameter.unwrap_or_default(), error.message)
}

fn sorted(items: Value, further: Value) -> Value {
    let mut params = json!({ "items": items });
    params.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    output("list.sort", params)["items"].clone()
}

#[test]
fn numbers_are_sorted_exactly_and_texts_without_regard_to_case() {
    let large = json!([9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64, -1, 0.5]);
    assert_eq!(sorted(large, json!({})), json!([-1, 0.5, 9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64]));
    assert_eq!(sorted(json!(["b", "A", "a", "B"]), json!({})), json!(["A", "a", "B", "b"]));
    assert_eq!(sorted(json!(["10", "9"]), json!({})), json!(["10", "9"]));
    assert_eq!(sorted(json!(["10", " 9", 8.5]), json!({ "compare": "number" })), json!([8.5, " 9", "10"]));
    assert_eq!(sorted(json!([10, 9, true]), json!({ "compare": "text" })), json!([10, 9, true]));
    let days = json!(["2026-11-22", "2025-01-31"]);
    assert_eq!(sorted(days, json!({})), json!(["2025-01-31", "2026-11-22"]));
}

#[test]
fn equal_entries_keep_their_order_and_those_without_a_value_come_last() {
    let items =
        json!([{ "n": 1, "k": { "v": 2 } }, { "n": 2 }, { "n": 3, "k": { "v": 1 } }, { "n": 4, "k": { "v": 2 } }]);
    let places = |order: &str| {
        let sorted = sorted(items.clone(), json!({ "by": "k.v", "order": order }));
        sorted.as_array().unwrap().iter().map(|item| item["n"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(places("ascending"), [3, 1, 4, 2]);
    assert_eq!(places("descending"), [1, 4, 3, 2]);
}

#[test]
fn what_cannot_be_sorted_names_the_entry() {
    let (place, message) = failure("list.sort", json!({ "items": [{ "p": 1 }, { "p": "x" }], "by": "p" }));
    assert_eq!(place, "by");
    assert!(message.starts_with("Entry 2 has a text, but an entry before it has a number."), "{message}");
    let (_, message) = failure("list.sort", json!({ "items": ["1", "one"], "compare": "number" }));
    assert_eq!(message, "Entry 2 has \"one\", which is no number.");
    let (_, message) = failure("list.sort", json!({ "items": [{ "a": 1 }] }));
    assert_eq!(message, "Entry 1 has {\"a\":1}, which cannot be put in order.");
}

#[test]
fn a_list_is_limited_from_either_end() {
    let items = json!([1, 2, 3]);
    assert_eq!(
        output("list.limit", json!({ "items": items, "count": 2 })),
        json!({ "count": 2, "left_out": 1, "items": [1, 2] })
    );
    let last = output("list.limit", json!({ "items": items, "count": "2", "from": "end" }));
    assert_eq!(last["items"], json!([2, 3]));
    assert_eq!(output("list.limit", json!({ "items": items, "count": 9 }))["left_out"], json!(0));
    assert_eq!(output("list.limit", json!({ "items": items, "count": 0 }))["items"], json!([]));
    assert_eq!(failure("list.limit", json!({ "items": items, "count": 1.5 })).0, "count");
}

#[test]
fn entries_with_an_equal_value_make_a_group() {
    let items =
        json!([{ "c": "DE", "n": 1 }, { "c": 1, "n": 2 }, { "n": 3 }, { "c": 1.0, "n": 4 }, { "c": "DE", "n": 5 }]);
    let groups = output("list.group", json!({ "items": items, "by": "c" }));
    let brief: Vec<_> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["key"].clone(), group["count"].clone()))
        .collect();
    assert_eq!(brief, [(json!("DE"), json!(2)), (json!(1), json!(2)), (json!(null), json!(1))]);
    assert_eq!(groups["groups"][0]["items"][1]["n"], json!(5));
    assert_eq!(groups["count"], json!(3));
}

#[test]
fn each_different_entry_stays_once() {
    let items = json!([{ "a": 1 }, { "a": 1.0 }, { "a": "1" }, { "b": 2 }, { "b": 2 }]);
    let whole = output("list.unique", json!({ "items": items }));
    assert_eq!(whole, json!({ "count": 3, "left_out": 2, "items": [{ "a": 1 }, { "a": "1" }, { "b": 2 }] }));
    let by_field = output("list.unique", json!({ "items": items, "by": "a" }));
    assert_eq!(by_field["items"], json!([{ "a": 1 }, { "a": "1" }, { "b": 2 }, { "b": 2 }]));
}

fn calculated(items: Value, operations: Value) -> Value {
    output("list.aggregate", json!({ "items": items, "operations": operations }))
}

#[test]
fn sums_are_exact_and_every_result_has_a_name() {
    let items = json!([{ "price": 0.1, "line": { "n": 2 } }, { "price": "0.2" }, { "price": null }, {}]);
    let operations = json!([
        { "operation": "count" }, { "operation": "sum", "field": "price" },
        { "operation": "average", "field": "price", "name": "middle" }, { "operation": "sum", "field": "line.n" },
        { "operation": "collect", "field": "price" },
    ]);
    let expected =
        json!({ "count": 4, "sum_price": 0.3, "middle": 0.15, "sum_line_n": 2, "collect_price": [0.1, "0.2"] });
    assert_eq!(calculated(items, operations), expected);
}

#[test]
fn the_smallest_and_the_largest_value_may_be_texts() {
    let both = json!([{ "operation": "min", "field": "v" }, { "operation": "max", "field": "v" }]);
    let values = |values: &[Value]| values.iter().map(|value| json!({ "v": value })).collect::<Value>();
    let numbers =
        calculated(values(&[json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)]), both.clone());
    assert_eq!(numbers, json!({ "min_v": 9_007_199_254_740_992_u64, "max_v": 9_007_199_254_740_993_u64 }));
    assert_eq!(calculated(values(&[json!("b"), json!("A")]), both.clone()), json!({ "min_v": "A", "max_v": "b" }));
    assert_eq!(calculated(json!([]), both), json!({ "min_v": null, "max_v": null }));
}

#[test]
fn nothing_adds_up_to_zero_and_has_no_average() {
    let operations = json!([{ "operation": "sum", "field": "v" }, { "operation": "average", "field": "v" }]);
    assert_eq!(calculated(json!([]), operations.clone()), json!({ "sum_v": 0, "average_v": null }));
    let far = calculated(json!([{ "v": 1e300 }, { "v": 3e300 }]), operations);
    assert_eq!(far, json!({ "sum_v": 4e300, "average_v": 2e300 }));
}

#[test]
fn a_calculation_that_cannot_be_made_names_row_and_entry() {
    let items = json!([{ "v": 1 }, { "v": "x" }]);
    for (operation, expected) in [
        (json!({ "operation": "sum", "field": "v" }), "Entry 2 has \"x\", which is no number."),
        (json!({ "operation": "max", "field": "v" }), "Entry 2 has a text, but an entry before it has a number."),
        (json!({ "operation": "sum" }), "“Field” is missing in row 2."),
    ] {
        let operations = json!([{ "operation": "count" }, operation]);
        let (place, message) = failure("list.aggregate", json!({ "items": items, "operations": operations }));
        assert_eq!(place, "operations[1].field");
        assert!(message.contains(expected), "{message}");
    }
    let twice = json!([{ "operation": "count" }, { "operation": "count" }]);
    assert_eq!(failure("list.aggregate", json!({ "items": [], "operations": twice })).0, "operations[1].name");
}

#[test]
fn a_text_becomes_a_list() {
    let split = |params: Value| output("text.split", params)["items"].clone();
    assert_eq!(split(json!({ "text": " a\r\nb \n\n\rc" })), json!(["a", "b", "c"]));
    let exact = json!({ "text": " a\r\nb\n", "trim": false, "keep_empty": true });
    assert_eq!(split(exact), json!([" a", "b", ""]));
    assert_eq!(split(json!({ "text": "a;b; ;c", "by": "separator", "separator": ";" })), json!(["a", "b", "c"]));
    assert_eq!(split(json!({ "text": "a1b22c", "by": "regex", "pattern": "[0-9]+" })), json!(["a", "b", "c"]));
    assert_eq!(split(json!({ "text": "größer ", "by": "length", "length": 3 })), json!(["grö", "ßer", " "]));
    assert_eq!(output("text.split", json!({ "text": "a,b", "by": "separator", "separator": "," }))["count"], json!(2));
}

#[test]
fn a_text_that_cannot_be_split_says_why() {
    for (params, place, expected) in [
        (json!({ "text": "a", "by": "separator" }), "separator", "missing"),
        (json!({ "text": "a", "by": "regex", "pattern": "(" }), "pattern", "cannot be used"),
        (json!({ "text": "a", "by": "length", "length": 0.5 }), "length", "at least 1"),
        (json!({ "text": "a", "by": "length", "length": 1.5 }), "length", "whole number"),
        (json!({ "text": "a\n".repeat(100_001) }), "text", "more than 100000 parts"),
    ] {
        let (at, message) = failure("text.split", params);
        assert_eq!(at, place, "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn what_was_seen_before_goes_its_own_way() {
    let params = json!({ "key": "{{ $.trigger.body.id }}", "window": { "amount": 2, "unit": "hours" } });
    let context = json!({ "trigger": { "body": { "id": 7 } } });
    let outcome = start("deduplicate", params.clone(), &context).unwrap();
    let seen = SeenRequest { key: "7".to_owned(), window_ms: 7_200_000 };
    assert_eq!(outcome, Outcome::Do { effect: Effect::Seen(seen), state: Value::Null });
    for (seen_before, port) in [(false, "out"), (true, "seen")] {
        let first_at = model::Timestamp::parse("2026-01-31T09:00:00Z").unwrap();
        let reply = Reply::Seen(SeenReply { seen_before, first_at });
        let output = json!({ "key": "7", "seen_before": seen_before, "first_at": "2026-01-31T09:00:00.000Z" });
        let expected = Outcome::Done { port: port.to_owned(), output };
        assert_eq!(resume("deduplicate", params.clone(), Value::Null, reply), Ok(expected));
    }
    let error = start("deduplicate", json!({ "key": "{{ $.trigger.nothing }}" }), &context).unwrap_err();
    assert_eq!(error.parameter.as_deref(), Some("key"));
}
