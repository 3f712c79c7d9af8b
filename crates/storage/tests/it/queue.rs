//! The conformance suite of the run queue: what every implementation of `Queue` must do.

use model::{ErrorCode, EventStatus, RunStatus, StepStatus};
use serde_json::json;
use storage::queue::{Disposition, Ending, NewEvent, Next, Over};
use storage::{RunFilter, StorageError};

use crate::support::{Open, bench};

#[tokio::test]
async fn an_accepted_event_has_one_run_in_the_queue() {
    let bench = bench().await;
    let accepted = bench.storage.queue().accept(bench.event(json!({"amount": 7}))).await.unwrap();
    assert_eq!(accepted.status, EventStatus::Accepted);
    let claims = bench.claim_all().await;
    assert_eq!(claims.iter().map(|claim| Some(claim.run)).collect::<Vec<_>>(), [accepted.run]);
    assert_eq!(claims[0].event.body, json!({"amount": 7}));
    let run = bench.storage.run(claims[0].run).await.unwrap();
    assert_eq!((run.status, run.event, run.version), (RunStatus::Queued, accepted.event, Some(1)));
}

#[tokio::test]
async fn a_held_run_is_not_handed_out_again() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    assert_eq!(bench.claim_all().await.len(), 1);
    assert_eq!(bench.claim_all().await.len(), 0);
    assert_eq!(bench.storage.queue().len(), 1, "it is unfinished all the same");
}

#[tokio::test]
async fn a_kept_event_starts_nothing_and_a_refused_one_says_why() {
    let bench = bench().await;
    let mut kept = bench.event(json!({}));
    kept.disposition = Disposition::Keep;
    let kept = bench.storage.queue().accept(kept).await.unwrap();
    assert_eq!((kept.status, kept.run), (EventStatus::Kept, None));
    let mut refused = bench.event(json!({}));
    refused.disposition = Disposition::Refuse { code: "body_invalid".to_owned(), reason: "line 1".to_owned() };
    let refused = bench.storage.queue().accept(refused).await.unwrap();
    assert_eq!((refused.status, refused.run), (EventStatus::Refused, None));
    let record = bench.storage.event(refused.event).await.unwrap();
    assert_eq!(record.reason, Some(("body_invalid".to_owned(), "line 1".to_owned())));
    assert!(bench.claim_all().await.is_empty());
}

#[tokio::test]
async fn fifty_deliveries_at_once_with_one_id_start_one_run() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let deliveries = (0..50).map(|_| {
        let (queue, event) = (queue.clone(), bench.delivery("evt_1"));
        tokio::spawn(async move { queue.accept(event).await.unwrap() })
    });
    let mut answers = Vec::new();
    for delivery in deliveries.collect::<Vec<_>>() {
        answers.push(delivery.await.unwrap());
    }
    let first = answers[0];
    assert!(answers.iter().all(|answer| answer.event == first.event && answer.run == first.run));
    assert_eq!(answers.iter().filter(|answer| answer.status == EventStatus::Accepted).count(), 1);
    assert_eq!(bench.claim_all().await.len(), 1);
    assert_eq!(bench.storage.stats().await.unwrap().events[&EventStatus::Duplicate], 49);
}

#[tokio::test]
async fn a_later_delivery_gets_the_first_ones_ids_also_when_that_was_kept() {
    let bench = bench().await;
    let mut first = bench.delivery("evt_1");
    first.disposition = Disposition::Keep;
    let first = bench.storage.queue().accept(first).await.unwrap();
    let second = bench.storage.queue().accept(bench.delivery("evt_1")).await.unwrap();
    assert_eq!((second.event, second.run, second.status), (first.event, None, EventStatus::Duplicate));
    let third = bench.storage.queue().accept(bench.delivery("evt_2")).await.unwrap();
    assert_eq!(third.status, EventStatus::Accepted);
}

#[tokio::test]
async fn a_sender_that_hangs_up_does_not_lose_the_run() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let event = bench.event(json!({}));
    // Polled once, so that the event is on its way to the writer, then dropped like the future of a closed connection.
    let mut accept = Box::pin(queue.accept(event));
    let _ = futures_util::poll!(accept.as_mut());
    drop(accept);
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    assert_eq!(bench.claim_all().await.len(), 2);
}

#[tokio::test]
async fn recorded_steps_are_read_back_and_a_big_output_comes_back_whole() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    queue.accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let big = json!({"text": "ü".repeat(10_000), "number": u64::MAX});
    queue.record(claim.lease, bench.progress("fetch", big.clone()), Next::Continue).await.unwrap();
    let run = bench.storage.run(claim.run).await.unwrap();
    assert_eq!((run.status, run.finished_at), (RunStatus::Running, None));
    queue.record(claim.lease, bench.progress("sum", json!(i64::MIN)), bench.end()).await.unwrap();
    let run = bench.storage.run(claim.run).await.unwrap();
    assert_eq!(run.status, RunStatus::Succeeded);
    let steps = bench.storage.run_steps(run.key).await.unwrap();
    let outputs: Vec<_> = steps.iter().map(|step| (step.node.as_str(), step.output.clone().unwrap())).collect();
    assert_eq!(outputs, [("fetch", big), ("sum", json!(i64::MIN))]);
    assert_eq!(bench.storage.run_attempts(run.key).await.unwrap().len(), 2);
    assert!(queue.is_empty());
}

#[tokio::test]
async fn a_parked_run_comes_back_at_its_moment_under_a_new_lease() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    queue.accept(bench.event(json!({"a": 1}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let until = bench.storage.now().plus_ms(60_000);
    queue.record(claim.lease, bench.progress("first", json!(1)), Next::Park { until: Some(until) }).await.unwrap();
    assert_eq!(bench.storage.run(claim.run).await.unwrap().status, RunStatus::Waiting);
    bench.clock.advance_ms(59_999);
    assert!(bench.claim_all().await.is_empty());
    bench.clock.advance_ms(1);
    let again = bench.claim_all().await.remove(0);
    assert_eq!((again.run, again.steps.len(), &again.event.body), (claim.run, 1, &json!({"a": 1})));
    let late = queue.record(claim.lease, bench.progress("second", json!(2)), bench.end()).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)), "the old lease writes nothing any more");
    queue.record(again.lease, bench.progress("second", json!(2)), bench.end()).await.unwrap();
}

#[tokio::test]
async fn a_run_that_is_over_already_is_stored_whole_and_never_enters_the_queue() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let now = bench.storage.now();
    let over = |mut event: NewEvent| {
        if let Disposition::Start(start) = &mut event.disposition {
            start.copied = bench.progress("sum", json!({"total": 3})).steps;
            start.over = Some(Over { started_at: now, ending: Ending::new(RunStatus::Succeeded, now) });
        }
        event
    };
    let accepted = queue.accept(over(bench.delivery("d-1"))).await.unwrap();
    let again = queue.accept(over(bench.delivery("d-1"))).await.unwrap();
    assert_eq!((again.status, again.run), (EventStatus::Duplicate, accepted.run));
    assert!(queue.is_empty());
    assert!(bench.claim_all().await.is_empty());
    let run = bench.storage.run(accepted.run.unwrap()).await.unwrap();
    assert_eq!((run.status, run.started_at, run.finished_at), (RunStatus::Succeeded, Some(now), Some(now)));
    let steps = bench.storage.run_steps(run.key).await.unwrap();
    assert_eq!(steps[0].output, Some(json!({"total": 3})));
    assert!(queue.cancel(run.id).await.unwrap().is_empty(), "it has ended already");
    assert_eq!(bench.storage.runs(&RunFilter { limit: 10, ..RunFilter::default() }).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_step_that_succeeded_is_never_written_again() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    queue.accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    queue.record(claim.lease, bench.progress("charge", json!("first")), Next::Continue).await.unwrap();
    queue.record(claim.lease, bench.progress("charge", json!("second")), bench.end()).await.unwrap();
    let run = bench.storage.run(claim.run).await.unwrap();
    assert_eq!(bench.storage.run_steps(run.key).await.unwrap()[0].output, Some(json!("first")));
}

#[tokio::test]
async fn a_cancelled_run_ends_and_its_worker_writes_nothing_any_more() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    queue.accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let mut under_way = bench.progress("call", json!(null));
    (under_way.steps[0].status, under_way.steps[0].finished_at) = (StepStatus::Running, None);
    queue.record(claim.lease, under_way, Next::Continue).await.unwrap();
    assert_eq!(queue.cancel(claim.run).await.unwrap(), [claim.run]);
    let late = queue.record(claim.lease, bench.progress("a", json!(1)), bench.end()).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)));
    let run = bench.storage.run(claim.run).await.unwrap();
    assert_eq!((run.status, run.finished_at), (RunStatus::Cancelled, Some(bench.storage.now())));
    let step = bench.storage.run_steps(run.key).await.unwrap().remove(0);
    assert_eq!((step.status, step.error.unwrap().code), (StepStatus::Failed, ErrorCode::Cancelled));
    assert!(queue.cancel(claim.run).await.unwrap().is_empty(), "it had ended already");
    assert!(queue.is_empty());
}

#[tokio::test]
async fn a_released_run_is_handed_out_again() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({"a": 1}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    bench.storage.queue().release(claim.lease).await;
    let again = bench.claim_all().await.remove(0);
    assert_eq!((again.run, &again.event.body), (claim.run, &json!({"a": 1})));
}

#[tokio::test]
async fn a_full_queue_turns_events_away_instead_of_losing_them() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let other = bench.storage.create_workflow("Other", &bench.workflow.draft, Vec::new()).await.unwrap();
    let of_other = || NewEvent { workflow_key: other.key, endpoint_key: None, ..bench.event(json!({})) };
    for _ in 0..750 {
        queue.accept(bench.event(json!({}))).await.unwrap();
    }
    assert!(matches!(queue.accept(bench.event(json!({}))).await, Err(StorageError::QueueFull)));
    for _ in 0..250 {
        queue.accept(of_other()).await.expect("one workflow alone never fills the queue");
    }
    assert!(matches!(queue.accept(of_other()).await, Err(StorageError::QueueFull)), "this is all there is");
    let claim = queue.claim(1, &Open).await.unwrap().remove(0);
    bench.finish(&claim).await;
    queue.accept(bench.event(json!({}))).await.unwrap();
}

#[tokio::test]
async fn many_records_at_once_are_all_stored() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    for number in 0..200 {
        queue.accept(bench.event(json!(number))).await.unwrap();
    }
    let claims = bench.claim_all().await;
    futures_util::future::join_all(claims.iter().map(|claim| bench.finish(claim))).await;
    let filter = RunFilter { statuses: vec![RunStatus::Succeeded], limit: 500, ..RunFilter::default() };
    assert_eq!(bench.storage.runs(&filter).await.unwrap().len(), 200);
}
