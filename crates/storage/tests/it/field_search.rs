//! Finding runs and events by the value of a field that their workflow names.

use model::RunId;
use serde_json::{Value, json};
use storage::queue::Disposition;
use storage::{EventFilter, RunFilter};

use crate::support::{Bench, bench};

async fn enter_all(bench: &Bench) {
    let named = bench.storage.search_fields().await.unwrap();
    while bench.storage.enter_fields(&named).await.unwrap() > 0 {}
}

async fn accept(bench: &Bench, body: Value) -> RunId {
    bench.storage.queue().accept(bench.event(body)).await.unwrap().run.unwrap()
}

/// The runs that are found, and whether by reading through payloads.
async fn found(bench: &Bench, text: &str) -> Vec<RunId> {
    let filter = RunFilter { text: Some(text.to_owned()), limit: 50, ..RunFilter::default() };
    bench.storage.find_runs(&filter).await.unwrap().items.into_iter().map(|run| run.id).collect()
}

#[tokio::test]
async fn exact_values_are_found_however_they_are_written() {
    let bench = bench().await;
    bench.publish_with(json!({"search": ["order_id", "$.trigger.body.lines[*].sku", "$.trigger.query.ref"]})).await;
    // What lies aside because of its size is not read through, so it is found by its field or not at all.
    let big = "x".repeat(5_000);
    let body = json!({"order_id": 4711, "lines": [{"sku": "Red-1"}, {"sku": "B"}], "text": big});
    let first = accept(&bench, body).await;
    let second = accept(&bench, json!({"order_id": "ORD-2", "other": "Red-1", "text": big})).await;
    assert_eq!(found(&bench, "4711").await, [], "it is not entered yet");
    enter_all(&bench).await;
    assert_eq!(found(&bench, " 4711 ").await, [first]);
    assert_eq!(found(&bench, "red-1").await, [first], "only in the fields that are named");
    assert_eq!(found(&bench, "ord-2").await, [second]);
    assert_eq!(found(&bench, "ORD").await, [], "only whole values");
    let filter = EventFilter { text: Some("4711".to_owned()), limit: 5, ..EventFilter::default() };
    assert_eq!(bench.storage.find_events(&filter).await.unwrap().items[0].run, Some(first));
}

#[tokio::test]
async fn fields_that_are_named_later_find_older_events_too() {
    let bench = bench().await;
    let big = "x".repeat(5_000);
    let mut runs = Vec::new();
    for number in 0..3 {
        runs.push(accept(&bench, json!({"a": format!("a{number}"), "b": format!("b{number}"), "text": big})).await);
    }
    assert!(bench.storage.search_fields().await.unwrap().is_empty());
    bench.publish_with(json!({"search": ["a"]})).await;
    enter_all(&bench).await;
    runs.push(accept(&bench, json!({"a": "a3", "b": "b3", "text": big})).await);
    enter_all(&bench).await;
    for (number, run) in runs.iter().enumerate() {
        assert_eq!(found(&bench, &format!("a{number}")).await, [*run]);
    }
    assert_eq!(found(&bench, "b0").await, []);
    bench.publish_with(json!({"search": ["b"]})).await;
    enter_all(&bench).await;
    assert_eq!(found(&bench, "b0").await, [runs[0]]);
    assert_eq!(found(&bench, "b3").await, [runs[3]]);
}

#[tokio::test]
async fn a_refused_event_without_a_readable_body_is_passed_over() {
    let bench = bench().await;
    bench.publish_with(json!({"search": ["a"]})).await;
    let mut broken = bench.event(json!({}));
    broken.raw_body = b"{".to_vec();
    broken.disposition = Disposition::Refuse { code: "invalid_body".to_owned(), reason: "not JSON".to_owned() };
    bench.storage.queue().accept(broken).await.unwrap();
    let run = accept(&bench, json!({"a": "x1", "text": "x".repeat(5_000)})).await;
    enter_all(&bench).await;
    assert_eq!(found(&bench, "x1").await, [run]);
}
