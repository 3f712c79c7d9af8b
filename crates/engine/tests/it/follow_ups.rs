//! Runs that follow from the end of another: workflows for failed runs, and word to the sender.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::EngineSettings;
use engine::replay::{ReplayFrom, ReplayWish};
use model::{RunStatus, StepStatus};
use serde_json::{Value, json};
use storage::queue::RunMode;

use crate::bench::{Bench, Sample, chain};
use crate::sink::{Reaction, Sink};

#[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
fn watching(workflows: Value) -> Value {
    json!({
        "nodes": [
            {"id": "failed", "type": "error", "params": {"workflows": workflows}},
            {"id": "note", "type": "set_fields", "params": {"fields": {
                "who": "{{ $.trigger.body.workflow.name }}", "why": "{{ $.trigger.body.error.message }}",
                "run": "{{ $.trigger.body.run.id }}",
            }}},
        ],
        "edges": [{"from": "failed", "to": "note"}],
    })
}

fn failing() -> Value {
    chain(&[json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}})])
}

#[tokio::test]
async fn a_failed_run_starts_the_workflows_that_watch_for_it() {
    let bench = Bench::open().await;
    let all = bench.publish("All", watching(json!([]))).await;
    let workflow = bench.publish("Orders", failing()).await;
    let own = bench.publish("Own", watching(json!([workflow.id]))).await;
    let other = bench.publish("Other", watching(json!([all.id]))).await;
    let paused = bench.publish("Paused", watching(json!([]))).await;
    bench.storage.set_workflow_active(paused.id, false).await.unwrap();
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Failed);
    for watcher in [&all, &own] {
        let told = bench.latest(watcher).await.unwrap();
        assert_eq!((told.mode, told.status), (RunMode::Error, RunStatus::Succeeded));
        let note = bench.steps(told.id).await["note"].output.clone().unwrap();
        assert_eq!(note, json!({"who": "Orders", "why": "No stock", "run": run}));
    }
    assert!(bench.latest(&other).await.is_none() && bench.latest(&paused).await.is_none());
}

#[tokio::test]
async fn what_is_personal_in_the_failed_run_does_not_reach_those_who_watch_for_it() {
    let bench = Bench::open().await;
    let all = bench.publish("All", watching(json!([]))).await;
    let stop = json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No mail for {{ $.steps.pick.who }}, order {{ $.trigger.body.id }}"}});
    let pick = json!({"id": "pick", "type": "set_fields", "params": {"fields": {"who": "{{ $.trigger.body.email }}"}}});
    let mut definition = chain(&[pick, stop]);
    definition["settings"] = json!({"personal": ["email"]});
    let workflow = bench.publish("Orders", definition).await;
    let body = json!({"email": "ann@example.com", "id": 7});
    let run = bench.begin(&workflow, Sample { body, ..Sample::default() }).await;
    bench.idle().await;
    let error = bench.run(run).await.error.unwrap();
    assert_eq!(error["error"]["message"], "No mail for ann@example.com, order 7", "the run itself keeps what happened");
    let told = bench.latest(&all).await.unwrap();
    let note = bench.steps(told.id).await["note"].output.clone().unwrap();
    assert_eq!(note["why"], format!("No mail for {}, order 7", model::personal::MASK));
}

#[tokio::test]
async fn a_failed_run_that_watches_for_failed_runs_starts_no_further_one() {
    let bench = Bench::open().await;
    let mut definition = watching(json!([]));
    definition["nodes"][1] = json!({"id": "note", "type": "stop_with_error", "params": {"message": "broken, too"}});
    let one = bench.publish("One", definition.clone()).await;
    let two = bench.publish("Two", definition).await;
    let workflow = bench.publish("Orders", failing()).await;
    bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    for watcher in [&one, &two] {
        let filter = storage::RunFilter { limit: 10, ..storage::RunFilter::default() };
        let runs = bench.storage.runs(&filter).await.unwrap();
        assert_eq!(runs.iter().filter(|run| run.workflow == watcher.id).count(), 1);
    }
}

#[tokio::test]
async fn a_run_that_ends_well_or_is_cancelled_tells_nobody() {
    let bench = Bench::open().await;
    let watcher = bench.publish("All", watching(json!([]))).await;
    let workflow = bench.publish("Orders", chain(&[])).await;
    bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert!(bench.latest(&watcher).await.is_none());
    let waiting = bench.publish("Waits", chain(&[pause()])).await;
    let run = bench.begin(&waiting, Sample::default()).await;
    bench.idle().await;
    assert!(bench.engine.cancel(run).await.unwrap());
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Cancelled);
    assert!(bench.latest(&watcher).await.is_none(), "a person's wish is no failure");
}

/// A node that waits for a minute.
fn pause() -> Value {
    json!({"id": "pause", "type": "wait", "params": {"mode": "duration", "duration": {"amount": 1, "unit": "minutes"}}})
}

/// A workflow of these nodes that tells the sink of the end of its runs.
fn telling(nodes: &[Value], sink: &Sink) -> Value {
    let mut definition = chain(nodes);
    definition["settings"] = json!({"callback": {"url": sink.url("/ended")}});
    definition
}

/// What the sink was told: status and run.
fn told(sink: &Sink) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reports = sink.received().into_iter().map(|received| serde_json::from_str::<Value>(&received.text()).unwrap());
    reports.map(|report| (text(&report["data"]["status"]), text(&report["data"]["run"]))).collect()
}

#[tokio::test]
async fn a_sender_is_told_of_a_run_that_was_cancelled_once() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let workflow = bench.publish("Orders", telling(&[pause()], &sink)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert!(bench.engine.cancel(run).await.unwrap());
    assert!(!bench.engine.cancel(run).await.unwrap());
    bench.idle().await;
    assert_eq!(told(&sink), [("cancelled".to_owned(), run.to_string())]);
}

#[tokio::test]
async fn a_sender_is_told_of_a_replay_too() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let stop = json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}});
    let workflow = bench.publish("Orders", telling(&[stop], &sink)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let wish = ReplayWish::new(run, ReplayFrom::Start);
    let again = bench.engine.replay(wish).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(told(&sink), [run, again].map(|run| ("failed".to_owned(), run.to_string())));
}

#[tokio::test]
async fn a_run_that_panics_is_told_of_like_any_other_and_its_steps_end_with_it() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let broken = Arc::new(AtomicBool::new(true));
    let chance = move || {
        assert!(!broken.swap(false, Ordering::SeqCst), "a fault on purpose");
        1.0
    };
    let bench = Bench::open_with(EngineSettings::default(), chance).await;
    let watcher = bench.publish("All", watching(json!([]))).await;
    let workflow = bench.publish("Orders", telling(&[pause()], &sink)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.steps(run).await["pause"].status, StepStatus::Waiting);
    bench.clock.advance_ms(60_000);
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Dead);
    assert_eq!(bench.steps(run).await["pause"].status, StepStatus::Failed);
    assert_eq!(told(&sink), [("dead".to_owned(), run.to_string())]);
    assert_eq!(bench.latest(&watcher).await.unwrap().mode, RunMode::Error);
}
