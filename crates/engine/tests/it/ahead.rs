//! Runs that are over when their event is acknowledged.

use engine::live::Answer;
use model::{RunId, RunStatus, StepStatus};
use serde_json::{Value, json};

use crate::bench::{Bench, Sample, call, chain, patiently};

fn filter_and_fields() -> Value {
    chain(&[
        json!({"id": "large", "type": "filter", "params": {
            "when": {"all": [{"left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100}]}}}),
        json!({"id": "fields", "type": "set_fields", "params": {"fields": {"label": "Order {{ $.trigger.body.id }}"}}}),
    ])
}

fn order(amount: i64) -> Sample {
    Sample { body: json!({"id": "o-1", "amount": amount}), ..Sample::default() }
}

#[tokio::test]
async fn a_run_that_only_computes_is_over_when_its_event_is_acknowledged() {
    let bench = Bench::open().await;
    let workflow = bench.workflow(filter_and_fields()).await;
    let run = bench.receive(RunId::generate(), &workflow, order(150)).await;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    assert_eq!(bench.steps(run).await["fields"].output, Some(json!({"label": "Order o-1"})));
    let filtered = bench.receive(RunId::generate(), &workflow, order(50)).await;
    let steps = bench.steps(filtered).await;
    assert_eq!((bench.status(filtered).await, steps["large"].status), (RunStatus::Succeeded, StepStatus::Skipped));
    assert_eq!(steps.len(), 1, "nothing comes after the filter");
    assert!(bench.storage.queue().is_empty());
}

#[tokio::test]
async fn it_comes_to_the_same_as_through_the_queue() {
    let bench = Bench::open().await;
    let workflow = bench.workflow(filter_and_fields()).await;
    for amount in [50, 150] {
        let at_once = bench.receive(RunId::generate(), &workflow, order(amount)).await;
        let queued = bench.begin(&workflow, order(amount)).await;
        assert_eq!(bench.status(queued).await, RunStatus::Queued);
        bench.idle().await;
        assert_eq!(bench.steps(at_once).await, bench.steps(queued).await);
        let (at_once, queued) = (bench.run(at_once).await, bench.run(queued).await);
        assert_eq!((at_once.status, at_once.error), (queued.status, queued.error));
        assert_eq!((at_once.started_at, at_once.finished_at), (queued.started_at, queued.finished_at));
    }
}

#[tokio::test]
async fn whatever_acts_waits_computes_long_or_fails_is_left_to_the_queue() {
    let acting = chain(&[call("tell", "http://127.0.0.1:1/")]);
    let computing = chain(&[json!({"id": "code", "type": "code", "params": {"script": "1 + 1"}})]);
    let scripted =
        chain(&[json!({"id": "fields", "type": "set_fields", "params": {"fields": {"two": "{{ 1 + 1 }}"}}})]);
    let failing = chain(&[json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}})]);
    let mut told = filter_and_fields();
    told["settings"] = json!({"callback": {"url": "http://127.0.0.1:1/"}});
    let bench = Bench::open().await;
    for definition in [acting, computing, scripted, failing, told] {
        let workflow = bench.workflow(definition.clone()).await;
        let run = bench.receive(RunId::generate(), &workflow, order(150)).await;
        assert_eq!(bench.status(run).await, RunStatus::Queued, "{definition}");
        assert!(bench.steps(run).await.is_empty(), "{definition}");
    }
}

#[tokio::test]
async fn a_large_event_is_left_to_the_queue() {
    let bench = Bench::open().await;
    let workflow = bench.workflow(filter_and_fields()).await;
    let body = json!({"amount": 150, "note": "x".repeat(70_000)});
    let run = bench.receive(RunId::generate(), &workflow, Sample { body, ..Sample::default() }).await;
    assert_eq!(bench.status(run).await, RunStatus::Queued);
}

#[tokio::test]
async fn whoever_waits_gets_the_answer_of_the_respond_node_and_then_the_end() {
    let bench = Bench::open().await;
    let respond = json!({"id": "say", "type": "respond", "params": {"status": 201, "body": "{{ $.trigger.body.id }}"}});
    let workflow = bench.workflow(chain(&[respond])).await;
    let run = RunId::generate();
    let mut watch = bench.engine.live().watch(run);
    bench.receive(run, &workflow, order(1)).await;
    let Some(Answer::Responded(said)) = patiently("the run responds", watch.next()).await else { panic!("no answer") };
    assert_eq!((&said["status"], &said["body"]), (&json!(201), &json!("o-1")));
    let Some(Answer::Finished { status, .. }) = patiently("the run ends", watch.next()).await else { panic!("no end") };
    assert_eq!(status, RunStatus::Succeeded);
}
