//! Runs that follow from the end of another: workflows for failed runs, and word to the sender.

use model::RunStatus;
use serde_json::{Value, json};
use storage::queue::RunMode;

use crate::bench::{Bench, Sample, chain};

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
}
