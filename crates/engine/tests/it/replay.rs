//! Replays: a new run for the event of an earlier one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::replay::{ReplayError, ReplayFrom, ReplayVersion, ReplayWish};
use model::{NodeId, RunStatus, StepStatus};
use serde_json::{Value, json};
use storage::queue::RunMode;

use crate::bench::{Bench, Sample, call, chain, each};
use crate::sink::{Reaction, Sink};

/// A sink that refuses `/b` until it is told to be kind.
async fn strict_sink() -> (Sink, Arc<AtomicBool>) {
    let kind = Arc::new(AtomicBool::new(false));
    let asked = kind.clone();
    let sink = Sink::start(move |received| match received.path() {
        "/b" if !asked.load(Ordering::SeqCst) => Reaction::json(400, &json!({})),
        path => Reaction::json(200, &json!({"path": path})),
    })
    .await;
    (sink, kind)
}

#[tokio::test]
async fn a_replay_from_the_failed_step_takes_over_what_was_achieved_and_has_keys_of_its_own() {
    let (sink, kind) = strict_sink().await;
    let bench = Bench::open().await;
    let nodes = ["a", "b", "c"].map(|id| call(id, &sink.url(&format!("/{id}"))));
    let workflow = bench.publish("Orders", chain(&nodes)).await;
    let run = bench.begin(&workflow, Sample { body: json!({"n": 1}), ..Sample::default() }).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Dead);

    kind.store(true, Ordering::SeqCst);
    let again = bench.engine.replay(ReplayWish::new(run, ReplayFrom::FailedStep)).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(sink.paths(), ["/a", "/b", "/b", "/c"]);
    let record = bench.run(again).await;
    assert_eq!((record.status, record.mode), (RunStatus::Succeeded, RunMode::Replay));
    assert_eq!(bench.steps(again).await["a"].output.as_ref().unwrap()["body"], json!({"path": "/a"}));
    let keys: Vec<_> =
        sink.received().iter().map(|received| received.header("idempotency-key").unwrap().to_owned()).collect();
    assert_ne!(keys[1], keys[2]);
    assert_eq!(bench.status(run).await, RunStatus::Dead, "the run that is repeated stays as it was");
}

#[tokio::test]
async fn a_replay_from_the_start_repeats_everything_with_an_edited_event() {
    let (sink, kind) = strict_sink().await;
    let bench = Bench::open().await;
    let mut nodes = ["a", "b"].map(|id| call(id, &sink.url(&format!("/{id}"))));
    nodes[0]["params"]["body"] = json!("{{ $.trigger.body }}");
    let workflow = bench.publish("Orders", chain(&nodes)).await;
    let run = bench.begin(&workflow, Sample { body: json!({"n": 1}), ..Sample::default() }).await;
    bench.idle().await;
    kind.store(true, Ordering::SeqCst);
    let edited = ReplayWish { event: Some(json!({"n": 2})), ..ReplayWish::new(run, ReplayFrom::Start) };
    let again = bench.engine.replay(edited).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(sink.paths(), ["/a", "/b", "/a", "/b"]);
    assert!(sink.received()[2].text().contains("\"n\":2"), "{}", sink.received()[2].text());
    assert_eq!(bench.status(again).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_replay_from_a_chosen_node_may_use_other_outputs_of_the_steps_before_it() {
    let bench = Bench::open().await;
    let set = |id: &str, value: &str| json!({"id": id, "type": "set_fields", "params": {"fields": {"v": value}}});
    let nodes = [set("a", "first"), set("b", "{{ $.steps.a.v }}"), set("c", "{{ $.steps.b.v }}")];
    let workflow = bench.publish("Orders", chain(&nodes)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let steps = BTreeMap::from([(NodeId::from("a"), json!({"v": "second"}))]);
    let from_b = ReplayWish { steps, ..ReplayWish::new(run, ReplayFrom::Node(NodeId::from("b"))) };
    let again = bench.engine.replay(from_b).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(bench.steps(again).await["c"].output, Some(json!({"v": "second"})));
}

#[tokio::test]
async fn a_replay_of_a_failed_box_keeps_the_turns_that_ended_well() {
    let (sink, kind) = strict_sink().await;
    let bench = Bench::open().await;
    let inside = call("call", &sink.url("/{{ $.item }}"));
    let workflow = bench.publish("Orders", each(json!({}), &[inside])).await;
    let run = bench.begin(&workflow, Sample { body: json!(["a", "b", "c"]), ..Sample::default() }).await;
    bench.idle().await;
    assert_eq!((bench.status(run).await, sink.paths().len()), (RunStatus::Dead, 2));
    kind.store(true, Ordering::SeqCst);
    let again = bench.engine.replay(ReplayWish::new(run, ReplayFrom::FailedStep)).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(sink.paths(), ["/a", "/b", "/b", "/c"]);
    let steps = bench.steps(again).await;
    let bodies: Vec<Value> =
        (0..3).map(|turn| steps["each"].output.as_ref().unwrap()["items"][turn]["body"].clone()).collect();
    assert_eq!(bodies, ["/a", "/b", "/c"].map(|path| json!({"path": path})));
    assert_eq!(steps["each@0"].status, StepStatus::Succeeded);
}

#[tokio::test]
async fn a_replay_that_cannot_be_made_says_why() {
    let bench = Bench::open().await;
    let workflow = bench.workflow(chain(&[])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let refused = |error: ReplayError| error.to_string();
    assert_eq!(
        refused(bench.engine.replay(ReplayWish::new(run, ReplayFrom::Start)).await.unwrap_err()),
        "the run has not ended yet"
    );
    bench.idle().await;
    let failed_step = bench.engine.replay(ReplayWish::new(run, ReplayFrom::FailedStep)).await.unwrap_err();
    assert_eq!(refused(failed_step), "no step of the run failed");
    let nowhere = bench.engine.replay(ReplayWish::new(run, ReplayFrom::Node(NodeId::from("x")))).await.unwrap_err();
    assert!(refused(nowhere).contains("no node `x`"));
    let current = ReplayWish { version: ReplayVersion::Current, ..ReplayWish::new(run, ReplayFrom::Start) };
    assert_eq!(refused(bench.engine.replay(current).await.unwrap_err()), "the workflow has no published version");
}
