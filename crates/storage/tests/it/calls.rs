//! Runs that start other runs: exactly once, in one transaction, and their ends are told.

use model::{EventStatus, NodeId, RunId, RunStatus};
use serde_json::{Value, json};
use storage::queue::{Claim, Ending, NewEvent, Next, ParentLink, Progress, RunMode};
use storage::{RunFilter, StorageError};

use crate::support::{Bench, bench};

fn called_by(bench: &Bench, parent: &Claim, iteration: &str) -> NewEvent {
    let mut event = bench.event(json!({"turn": iteration}));
    event.endpoint_key = None;
    let start = Bench::start_of(&mut event);
    start.run = RunId::derived(&[&parent.run.to_string(), "call", iteration]);
    start.mode = RunMode::Call;
    start.parent =
        Some(ParentLink { run_key: parent.lease.run_key, node: NodeId::from("call"), iteration: iteration.to_owned() });
    event
}

async fn call(bench: &Bench, parent: &Claim, iterations: &[&str]) -> Result<(), StorageError> {
    let starts = iterations.iter().map(|iteration| called_by(bench, parent, iteration)).collect();
    let progress = Progress { started_at: bench.storage.now(), starts, ..Progress::default() };
    bench.storage.queue().record(parent.lease, progress, Next::Park { until: None }).await
}

fn ended(bench: &Bench, status: RunStatus, output: Value) -> Next {
    Next::End(Ending { output, ..Ending::new(status, bench.storage.now()) })
}

#[tokio::test]
async fn a_called_run_starts_with_the_callers_record_and_its_end_wakes_the_caller() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let parent = bench.claim_of(bench.event(json!({}))).await;
    call(&bench, &parent, &["0", "1"]).await.unwrap();
    let children = bench.claim_all().await;
    assert_eq!(children.len(), 2, "the caller itself waits");
    assert_eq!((children[0].mode, &children[0].event.body), (RunMode::Call, &json!({"turn": "0"})));
    assert_eq!(children[1].parent.as_ref().unwrap().iteration, "1");
    let none = bench.steps(Vec::new());
    queue
        .record(children[1].lease, none.clone(), ended(&bench, RunStatus::Succeeded, json!({"sum": 7})))
        .await
        .unwrap();
    let again = bench.claim_all().await.remove(0);
    assert_eq!(again.run, parent.run);
    let signal = &again.signals[0];
    assert_eq!((signal.node.as_str(), signal.iteration.as_str()), ("call", "1"));
    let told = json!({"run": children[1].run, "status": "succeeded", "output": {"sum": 7}, "error": null});
    assert_eq!(signal.value, told);
    queue.record(children[0].lease, none, ended(&bench, RunStatus::Dead, json!(null))).await.unwrap();
    bench.park(&again).await;
    assert_eq!(bench.claim_all().await[0].signals.len(), 2, "the other end came while the caller was held");
}

#[tokio::test]
async fn a_call_that_is_made_again_finds_its_run_there() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let parent = bench.claim_of(bench.event(json!({}))).await;
    call(&bench, &parent, &["0"]).await.unwrap();
    let child = bench.claim_all().await.remove(0);
    let again = queue.accept(called_by(&bench, &parent, "0")).await.unwrap();
    assert_eq!((again.status, again.run, again.event), (EventStatus::Duplicate, Some(child.run), child.event.id));
    let both = futures_util::future::join_all([
        queue.accept(called_by(&bench, &parent, "1")),
        queue.accept(called_by(&bench, &parent, "1")),
    ]);
    let both: Vec<_> = both.await.into_iter().map(|accepted| accepted.unwrap().status).collect();
    assert_eq!(both, [EventStatus::Accepted, EventStatus::Duplicate]);
    assert_eq!(bench.claim_all().await.len(), 1);
    let events = bench.storage.stats().await.unwrap().events;
    assert_eq!((events[&EventStatus::Accepted], events[&EventStatus::Duplicate]), (3, 0), "nothing of it was stored");
}

#[tokio::test]
async fn what_a_record_without_a_lease_would_start_does_not_start() {
    let bench = bench().await;
    let parent = bench.claim_of(bench.event(json!({}))).await;
    bench.storage.queue().cancel(parent.run).await.unwrap();
    assert!(matches!(call(&bench, &parent, &["0"]).await, Err(StorageError::LeaseLost)));
    assert!(bench.claim_all().await.is_empty());
}

#[tokio::test]
async fn who_cancels_a_run_cancels_those_that_it_called_and_tells_the_one_that_called_it() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let grandparent = bench.claim_of(bench.event(json!({}))).await;
    call(&bench, &grandparent, &[""]).await.unwrap();
    let parent = bench.claim_all().await.remove(0);
    call(&bench, &parent, &["0", "1", "2"]).await.unwrap();
    let children = bench.claim_all().await;
    queue.record(children[0].lease, bench.steps(Vec::new()), bench.end()).await.unwrap();
    let cancelled = queue.cancel(parent.run).await.unwrap();
    assert_eq!(cancelled, [parent.run, children[1].run, children[2].run]);
    let late = queue.record(children[1].lease, bench.steps(Vec::new()), bench.end()).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)));
    let woken = bench.claim_all().await;
    assert_eq!(woken.iter().map(|claim| claim.run).collect::<Vec<_>>(), [grandparent.run]);
    assert_eq!(woken[0].signals[0].value["status"], "cancelled");
    bench.finish(&woken[0]).await;
    assert!(queue.is_empty());
    let filter = RunFilter { statuses: vec![RunStatus::Cancelled], limit: 10, ..RunFilter::default() };
    assert_eq!(bench.storage.runs(&filter).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_replay_begins_with_the_steps_that_it_takes_over() {
    let bench = bench().await;
    let mut event = bench.event(json!({}));
    let start = Bench::start_of(&mut event);
    (start.mode, start.replay_of) = (RunMode::Replay, Some(1));
    start.copied = vec![bench.step("a", "", json!({"text": "x".repeat(1_000)})), bench.step("b", "", json!(2))];
    let copied = start.copied.clone();
    let claim = bench.claim_of(event).await;
    assert_eq!(claim.steps, copied);
    let record = bench.storage.run(claim.run).await.unwrap();
    assert_eq!((record.mode, record.replay_of), (RunMode::Replay, Some(1)));
}

#[tokio::test]
async fn runs_with_one_order_key_go_one_at_a_time_also_after_a_cancel() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let mut runs = Vec::new();
    for key in ["a", "a", "b", "a"] {
        let mut event = bench.event(json!(key));
        Bench::start_of(&mut event).order_key = Some(key.to_owned());
        runs.push(queue.accept(event).await.unwrap().run.unwrap());
    }
    let claims = bench.claim_all().await;
    assert_eq!(claims.iter().map(|claim| claim.run).collect::<Vec<_>>(), [runs[0], runs[2]]);
    assert_eq!((queue.len(), queue.waiting_of(bench.workflow.key)), (4, 2), "who is at work does not wait");
    bench.park(&claims[0]).await;
    assert!(bench.claim_all().await.is_empty(), "a waiting run keeps its successors waiting");
    queue.cancel(runs[0]).await.unwrap();
    let next = bench.claim_all().await;
    assert_eq!(next.iter().map(|claim| claim.run).collect::<Vec<_>>(), [runs[1]]);
    bench.finish(&next[0]).await;
    assert_eq!(bench.claim_all().await[0].run, runs[3]);
}
