//! Waiting for something to come: it wakes the run, once, whenever it comes.

use model::{NodeId, RunStatus, StepStatus};
use serde_json::json;
use storage::queue::{Ending, Next, Revival, SignalOutcome};
use storage::{DeadLetterReason, NewDeadLetter, StorageError};

use crate::support::bench;

#[tokio::test]
async fn a_signal_wakes_a_parked_run_and_comes_with_it_until_its_step_is_over() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let claim = bench.claim_of(bench.event(json!({}))).await;
    let node = NodeId::from("approve");
    queue
        .record(
            claim.lease,
            bench.steps(vec![bench.open_step("approve", "", json!({"asked": 1}))]),
            Next::Park { until: None },
        )
        .await
        .unwrap();
    assert!(bench.claim_all().await.is_empty());
    assert_eq!(queue.signal(claim.run, &node, "", json!({"approved": true})).await.unwrap(), SignalOutcome::Stored);
    let outcome = queue.signal(claim.run, &node, "", json!({"approved": false})).await.unwrap();
    assert_eq!(outcome, SignalOutcome::AlreadyThere, "the first one counts");
    let claim = bench.claim_all().await.remove(0);
    assert_eq!(claim.signals.len(), 1);
    assert_eq!((&claim.signals[0].node, &claim.signals[0].value), (&node, &json!({"approved": true})));
    assert_eq!(claim.steps[0].state, Some(json!({"asked": 1})));

    bench.park(&claim).await;
    assert!(bench.claim_all().await.is_empty(), "its worker knew the signal when it parked the run");
    bench.storage.queue().signal(claim.run, &NodeId::from("other"), "", json!(1)).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    assert_eq!(claim.signals.len(), 2, "a signal that was not made use of is not lost");
    let done = bench.steps(vec![bench.step("approve", "", json!({"approved": true}))]);
    queue.record(claim.lease, done, Next::Park { until: Some(bench.storage.now()) }).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    assert_eq!(claim.signals.iter().map(|signal| signal.node.as_str()).collect::<Vec<_>>(), ["other"]);
    assert_eq!(queue.signal(claim.run, &node, "", json!(2)).await.unwrap(), SignalOutcome::AlreadyThere);
    bench.finish(&claim).await;
    assert_eq!(queue.signal(claim.run, &node, "", json!(2)).await.unwrap(), SignalOutcome::RunOver);
}

#[tokio::test]
async fn a_signal_that_comes_while_the_run_is_held_makes_it_due_when_it_is_parked() {
    let bench = bench().await;
    let claim = bench.claim_of(bench.event(json!({}))).await;
    let outcome = bench.storage.queue().signal(claim.run, &NodeId::from("wait"), "3", json!("now")).await.unwrap();
    assert_eq!(outcome, SignalOutcome::Stored);
    bench.park(&claim).await;
    let again = bench.claim_all().await.remove(0);
    assert_eq!((again.run, again.signals[0].iteration.as_str()), (claim.run, "3"));
    bench.park(&again).await;
    assert!(bench.claim_all().await.is_empty());
}

#[tokio::test]
async fn a_signal_is_stored_also_when_nobody_waits_for_the_answer_any_more() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let claim = bench.claim_of(bench.event(json!({}))).await;
    bench.park(&claim).await;
    let node = NodeId::from("wait");
    let mut signal = queue.signal(claim.run, &node, "", json!(1));
    let _ = futures_util::poll!(signal.as_mut());
    drop(signal);
    // What comes later is answered later, so the first has been dealt with when this one is.
    assert_eq!(queue.signal(claim.run, &node, "", json!(2)).await.unwrap(), SignalOutcome::AlreadyThere);
    let claims = bench.claim_all().await;
    assert_eq!(claims.iter().map(|claim| claim.run).collect::<Vec<_>>(), [claim.run]);
}

fn given_up(bench: &crate::support::Bench, reason: DeadLetterReason) -> Next {
    let dead_letter = NewDeadLetter {
        reason,
        fingerprint: "charge:in_doubt".to_owned(),
        node: Some(NodeId::from("charge")),
        iteration: String::new(),
        message: "Whether the card was charged is not known.".to_owned(),
    };
    let ending = Ending::new(RunStatus::Dead, bench.storage.now());
    Next::End(Ending { error: Some(json!({"node": "charge"})), dead_letter: Some(dead_letter), ..ending })
}

#[tokio::test]
async fn a_dead_run_goes_on_as_a_person_decided_and_can_give_up_again() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let claim = bench.claim_of(bench.event(json!({"a": 1}))).await;
    let open = bench.steps(vec![bench.open_step("charge", "", json!({}))]);
    queue.record(claim.lease, open, given_up(&bench, DeadLetterReason::InDoubt)).await.unwrap();
    assert_eq!(bench.storage.run(claim.run).await.unwrap().status, RunStatus::Dead);
    bench.clock.advance_ms(86_400_000);
    let happened = bench.step("charge", "", json!({"id": "ch_1"}));
    let revival = Revival { steps: vec![happened], decided_by: Some("ada".to_owned()), ..Revival::default() };
    assert!(queue.revive(claim.run, revival.clone()).await.unwrap());
    assert!(!queue.revive(claim.run, revival).await.unwrap(), "it is not dead any more");
    let again = bench.claim_all().await.remove(0);
    assert_eq!((again.run, &again.event.body), (claim.run, &json!({"a": 1})));
    assert_eq!((again.steps[0].status, &again.steps[0].output), (StepStatus::Succeeded, &Some(json!({"id": "ch_1"}))));
    assert_eq!(again.started_at, Some(bench.storage.now()), "its time limit begins anew");
    let late = queue.record(claim.lease, bench.progress("late", json!(1)), bench.end()).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)));
    let record = bench.storage.run(claim.run).await.unwrap();
    assert_eq!((record.status, record.finished_at, record.error), (RunStatus::Running, None, None));
    queue.record(again.lease, bench.steps(Vec::new()), given_up(&bench, DeadLetterReason::Failed)).await.unwrap();
    assert!(queue.revive(claim.run, Revival::default()).await.unwrap());
    assert_eq!(queue.len(), 1);
}
