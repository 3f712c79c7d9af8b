//! The built-in tables, seen keys and signed webhooks as steps use them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::RunStatus;
use serde_json::{Value, json};
use sha2::Sha256;
use storage::RowQuery;

use crate::bench::{Bench, Sample, chain};
use crate::sink::{Reaction, Sink};

async fn table(bench: &Bench) -> i64 {
    let columns = json!([{"name": "customer", "type": "text"}, {"name": "total", "type": "number"}]);
    bench.storage.create_table("orders", &columns).await.unwrap().key
}

#[tokio::test]
async fn rows_are_added_found_changed_and_removed_in_the_types_of_their_columns() {
    let bench = Bench::open().await;
    let key = table(&bench).await;
    let only_ann = json!([{"column": "customer", "op": "equals", "value": "ann"}]);
    let step = |id: &str, kind: &str, params: Value| {
        let mut params = params;
        params["table"] = json!("orders");
        json!({"id": id, "type": format!("table.{kind}"), "params": params})
    };
    let definition = chain(&[
        step("add", "insert", json!({"values": {"customer": "ann", "total": "12.5"}})),
        step("put", "upsert", json!({"key": "k1", "values": {"customer": "bob", "total": 3}})),
        step("change", "update", json!({"filters": only_ann, "values": {"total": 20}})),
        step("find", "find", json!({"filters": only_ann, "limit": 10})),
        step("remove", "delete", json!({"filters": only_ann})),
    ]);
    let run = bench.run_through(definition).await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.error);
    let steps = bench.steps(run.id).await;
    let found = steps["find"].output.clone().unwrap();
    assert_eq!((found["count"].clone(), found["row"]["total"].clone()), (json!(1), json!(20)));
    assert_eq!(steps["add"].output.as_ref().unwrap()["row"]["total"], json!(12.5));
    let left = bench.storage.rows(key, &RowQuery { limit: 10, ..RowQuery::default() }).await.unwrap();
    assert_eq!(left.iter().map(|row| row.key.clone()).collect::<Vec<_>>(), [Some("k1".to_owned())]);
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_column_is_named() {
    let bench = Bench::open().await;
    table(&bench).await;
    let add = json!({"id": "add", "type": "table.insert", "params": {"table": "orders", "values": {"total": "much"}}});
    let error = bench.run_through(chain(&[add])).await.error.unwrap();
    assert_eq!(
        (error["error"]["code"].as_str(), error["error"]["parameter"].as_str()),
        (Some("parameter"), Some("values.total"))
    );
    let lost = json!({"id": "add", "type": "table.insert", "params": {"table": "none", "values": {"total": 1}}});
    let error = bench.run_through(chain(&[lost])).await.error.unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("There is no table “none”"), "{error}");
}

#[tokio::test]
async fn a_key_that_was_seen_before_goes_along_its_own_port_until_its_time_is_over() {
    let bench = Bench::open().await;
    let once = json!({"id": "once", "type": "deduplicate",
        "params": {"key": "{{ $.trigger.body.id }}", "window": {"amount": 1, "unit": "hours"}}});
    let workflow = bench.workflow(chain(&[once])).await;
    let mut ports = Vec::new();
    for (id, advance_ms) in [("a", 0), ("a", 0), ("b", 3_600_001), ("a", 0)] {
        bench.clock.advance_ms(advance_ms);
        let run = bench.begin(&workflow, Sample { body: json!({"id": id}), ..Sample::default() }).await;
        bench.idle().await;
        ports.push(bench.steps(run).await["once"].port.clone().unwrap());
    }
    assert_eq!(ports, ["out", "seen", "out", "out"]);
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn assert_signed(received: &crate::sink::Received) {
    let header = |name: &str| received.header(name).unwrap_or_default().to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{}", received.text()).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected);
    assert_eq!(timestamp, "1700000000");
}

#[tokio::test]
async fn the_sender_is_told_of_the_end_by_a_signed_webhook_that_is_retried_under_the_same_id() {
    let sink = Sink::start(|_| Reaction::json(503, &json!({}))).await;
    let bench = Bench::open().await;
    let credential = crate::credentials::webhook_secret(&bench, SECRET).await;
    let mut definition = chain(&[json!({"id": "done", "type": "set_fields", "params": {"fields": {"ok": true}}})]);
    definition["settings"] = json!({"callback": {"url": sink.url("/ended?x={{ 1 }}"), "credential": credential}});
    let workflow = bench.publish("Orders", definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let first = sink.received()[0].clone();
    assert_signed(&first);
    let body: Value = serde_json::from_str(&first.text()).unwrap();
    assert_eq!(body["type"], "run.ended");
    assert_eq!((body["data"]["run"].clone(), body["data"]["status"].clone()), (json!(run), json!("succeeded")));
    assert_eq!(body["data"]["output"], json!({"ok": true}));
    bench.clock.advance_ms(1_000);
    bench.idle().await;
    let again = sink.received();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].header("webhook-id"), again[1].header("webhook-id"));
    assert_eq!(bench.status(run).await, RunStatus::Succeeded, "the run itself is not touched by that");
}

#[tokio::test]
async fn without_a_secret_the_sender_is_told_all_the_same() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let mut definition = chain(&[json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}})]);
    definition["settings"] = json!({"callback": {"url": sink.url("/ended")}});
    let workflow = bench.publish("Orders", definition).await;
    bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let received = sink.received();
    assert_eq!(received.len(), 1, "and the report itself is reported to nobody");
    let body: Value = serde_json::from_str(&received[0].text()).unwrap();
    assert_eq!(
        (body["data"]["status"].clone(), body["data"]["error"]["error"]["message"].clone()),
        (json!("failed"), json!("No stock"))
    );
    assert!(received[0].header("webhook-signature").is_none());
}
