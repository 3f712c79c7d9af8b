//! Looking at the turns of a loop, also of very long ones.

use model::{NodeId, StepStatus};
use serde_json::json;
use storage::queue::Next;
use storage::{LoopPlace, StepRecord, TurnCounts, TurnsWanted};

use crate::support::{Bench, bench};

fn all(from: u64, limit: u64) -> TurnsWanted {
    TurnsWanted { status: None, from, limit }
}

/// A run whose loop `each` had so many turns, every tenth of which failed; each with a step `tell`.
async fn run_with_turns(bench: &Bench, count: u64) -> i64 {
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let mut progress = bench.progress("each", json!({"count": count}));
    let like = progress.steps[0].clone();
    for number in 0..count {
        let status = if number % 10 == 0 { StepStatus::Failed } else { StepStatus::Succeeded };
        let turn = StepRecord { iteration: number.to_string(), status, ..like.clone() };
        progress.steps.push(StepRecord { node: NodeId::from("tell"), ..turn.clone() });
        progress.steps.push(turn);
    }
    let inner = StepRecord { node: NodeId::from("inner"), iteration: "3".to_owned(), ..like.clone() };
    progress.steps.extend((0..12).map(|number| StepRecord { iteration: format!("3/{number}"), ..inner.clone() }));
    progress.steps.push(inner);
    bench.storage.queue().record(claim.lease, progress, Next::Continue).await.unwrap();
    bench.storage.run(claim.run).await.unwrap().key
}

#[tokio::test]
async fn turns_are_counted_and_read_in_pages_in_the_order_of_the_list() {
    let bench = bench().await;
    let run_key = run_with_turns(&bench, 120).await;
    let node = NodeId::from("each");
    let place = LoopPlace { run_key, node: &node, outer: "" };
    let counts = bench.storage.turn_counts(place).await.unwrap();
    assert_eq!(counts, TurnCounts { running: 0, succeeded: 108, failed: 12, skipped: 0 });
    let numbers = |turns: Vec<storage::TurnRecord>| turns.into_iter().map(|turn| turn.number).collect::<Vec<_>>();
    let page = bench.storage.turns(place, all(95, 50)).await.unwrap();
    assert_eq!(numbers(page), (95..120).collect::<Vec<_>>(), "100 comes after 99 and not after 10");
    let failed = TurnsWanted { status: Some(StepStatus::Failed), from: 9, limit: 2 };
    assert_eq!(numbers(bench.storage.turns(place, failed).await.unwrap()), [90, 100]);
}

#[tokio::test]
async fn a_loop_inside_of_a_loop_has_turns_of_its_own() {
    let bench = bench().await;
    let run_key = run_with_turns(&bench, 20).await;
    let node = NodeId::from("inner");
    let place = LoopPlace { run_key, node: &node, outer: "3" };
    assert_eq!(bench.storage.turn_counts(place).await.unwrap().succeeded, 12);
    let turns = bench.storage.turns(place, all(10, 50)).await.unwrap();
    assert_eq!(turns.iter().map(|turn| turn.iteration.as_str()).collect::<Vec<_>>(), ["3/10", "3/11"]);
    let other = LoopPlace { outer: "4", ..place };
    assert_eq!(bench.storage.turn_counts(other).await.unwrap(), TurnCounts::default());
}

#[tokio::test]
async fn the_steps_of_one_turn_and_those_outside_of_loops_are_read_by_themselves() {
    let bench = bench().await;
    let run_key = run_with_turns(&bench, 20).await;
    let nodes = |steps: Vec<StepRecord>| steps.into_iter().map(|step| step.node.0).collect::<Vec<_>>();
    assert_eq!(nodes(bench.storage.steps_of_turn(run_key, "3").await.unwrap()), ["each", "inner", "tell"]);
    assert_eq!(nodes(bench.storage.outer_steps(run_key).await.unwrap()), ["each"]);
    assert_eq!(bench.storage.attempts_of_turn(run_key, "").await.unwrap().len(), 1);
    assert!(bench.storage.attempts_of_turn(run_key, "3").await.unwrap().is_empty());
}
