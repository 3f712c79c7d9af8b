//! Loops of many turns are read as far as they are needed.

use std::time::Instant;

use model::{NodeId, StepStatus};
use serde_json::json;
use storage::StepRecord;
use storage::queue::{Next, Progress};

use crate::support::{Bench, bench};

fn running(step: StepRecord) -> StepRecord {
    StepRecord { status: StepStatus::Running, finished_at: None, output: None, port: None, ..step }
}

async fn park(bench: &Bench, lease: storage::queue::Lease, steps: Vec<StepRecord>) {
    let until = Some(bench.storage.now());
    bench.storage.queue().record(lease, bench.steps(steps), Next::Park { until }).await.unwrap();
}

#[tokio::test]
async fn a_claim_brings_the_turns_and_only_the_steps_of_those_that_are_not_over() {
    let bench = bench().await;
    let claim = bench.claim_of(bench.event(json!({}))).await;
    let mut steps = vec![
        bench.step("first", "", json!(1)),
        bench.open_step("each", "", json!({"items": ["a", "b", "c"]})),
        bench.step("each", "0", json!("done")),
        bench.step("call", "0", json!("done")),
        running(bench.step("each", "1", json!(null))),
        bench.step("call", "1", json!("half")),
        // A loop in the turn that is not over, with one turn that is over and one that is not.
        bench.open_step("inner", "1", json!({"items": [1, 2]})),
        bench.step("inner", "1/0", json!("in")),
        bench.step("send", "1/0", json!("in")),
        running(bench.step("inner", "1/1", json!(null))),
        bench.step("send", "1/1", json!("half in")),
        // A loop that is over has a turn with the same number.
        bench.step("earlier", "", json!([])),
        bench.step("earlier", "1", json!("old")),
    ];
    steps.push(running(bench.step("each", "2", json!(null))));
    park(&bench, claim.lease, steps).await;
    let claim = bench.claim_all().await.remove(0);
    let places: Vec<_> = claim.steps.iter().map(|step| (step.node.as_str(), step.iteration.as_str())).collect();
    let mut wanted = vec![("earlier", ""), ("each", ""), ("first", ""), ("call", "1"), ("inner", "1"), ("send", "1/1")];
    wanted.sort_unstable();
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, wanted);
    let mut turns: Vec<_> =
        claim.turns.iter().map(|turn| (turn.node.as_str(), turn.iteration.as_str(), turn.status)).collect();
    turns.sort_unstable();
    assert_eq!(
        turns,
        [
            ("each", "0", StepStatus::Succeeded),
            ("each", "1", StepStatus::Running),
            ("each", "2", StepStatus::Running),
            ("inner", "1/0", StepStatus::Succeeded),
            ("inner", "1/1", StepStatus::Running),
        ]
    );
}

#[tokio::test]
async fn what_a_loop_put_aside_goes_when_it_is_over() {
    let bench = bench().await;
    let claim = bench.claim_of(bench.event(json!({}))).await;
    let items = json!({"items": vec!["x".repeat(100); 100]});
    park(&bench, claim.lease, vec![bench.open_step("each", "", items.clone())]).await;
    let claim = bench.claim_all().await.remove(0);
    assert_eq!(claim.steps[0].state, Some(items));
    assert_eq!(bench.rows("payloads").await, 1);
    park(&bench, claim.lease, vec![bench.step("each", "", json!([]))]).await;
    assert_eq!(bench.rows("payloads").await, 0);
    assert_eq!(bench.claim_all().await[0].steps[0].state, None);
}

#[tokio::test]
async fn a_loop_of_100_000_turns_goes_on_quickly_and_its_outputs_come_in_order() {
    const TURNS: usize = 100_000;
    let bench = bench().await;
    let queue = bench.storage.queue();
    let claim = bench.claim_of(bench.event(json!({}))).await;
    let each = bench.open_step("each", "", json!({"count": TURNS}));
    queue.record(claim.lease, bench.steps(vec![each]), Next::Continue).await.unwrap();
    for first in (0..TURNS).step_by(5_000) {
        let turn = |index: usize| {
            let iteration = index.to_string();
            [bench.step("each", &iteration, json!(index)), bench.step("call", &iteration, json!({"n": index}))]
        };
        let progress = bench.steps((first..first + 5_000).flat_map(turn).collect());
        queue.record(claim.lease, progress, Next::Continue).await.unwrap();
    }
    let open = running(bench.step("each", &TURNS.to_string(), json!(null)));
    let open = Progress { steps: vec![open], ..bench.steps(Vec::new()) };
    queue.record(claim.lease, open, Next::Park { until: Some(bench.storage.now()) }).await.unwrap();
    let began = Instant::now();
    let claim = bench.claim_all().await.remove(0);
    let took = began.elapsed();
    assert_eq!((claim.turns.len(), claim.steps.len()), (TURNS + 1, 1));
    assert!(took.as_secs() < 5, "without optimisation; took {took:?}");
    let mut outputs = bench.storage.turn_outputs(claim.lease.run_key, &NodeId::from("each"), "");
    let mut next = 0;
    loop {
        let part = outputs.next_part().await.unwrap();
        if part.is_empty() {
            break;
        }
        assert!(part.len() <= 500, "never many at once");
        for turn in part {
            assert_eq!(turn.index, next);
            next += 1;
        }
    }
    assert_eq!(usize::try_from(next).unwrap(), TURNS + 1);
}
