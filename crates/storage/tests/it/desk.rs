//! What lies on the desk for runs that gave up, what people decide, what is noted, and runs that start from a stored event.

use model::{NodeId, RunId, RunStatus, StepStatus};
use serde_json::{Value, json};
use storage::queue::{Claim, Disposition, Ending, NewEvent, Next, Progress, RunMode, StartRun};
use storage::{
    DeadLetterFilter, DeadLetterReason, DeadLetterState, NewDeadLetter, NewReplayJob, ReplayJobState, ReplaySelection,
    StepRecord,
};

use crate::support::{Bench, bench};

/// Runs that gave up for these causes, in this order.
async fn dead(bench: &Bench, causes: &[(&str, DeadLetterReason)]) -> Vec<RunId> {
    let mut runs = Vec::new();
    for (fingerprint, reason) in causes {
        bench.storage.queue().accept(bench.event(json!({"n": runs.len()}))).await.unwrap();
        let claim = bench.claim_all().await.pop().unwrap();
        bench.clock.advance_ms(1_000);
        give_up(bench, &claim, fingerprint, *reason).await;
        runs.push(claim.run);
    }
    runs
}

async fn give_up(bench: &Bench, claim: &Claim, fingerprint: &str, reason: DeadLetterReason) {
    let letter = NewDeadLetter {
        reason,
        fingerprint: fingerprint.to_owned(),
        node: Some(NodeId::from("tell")),
        iteration: String::new(),
        message: format!("{fingerprint} failed"),
    };
    let ending = Ending { dead_letter: Some(letter), ..Ending::new(RunStatus::Dead, bench.storage.now()) };
    let progress = Progress { started_at: bench.storage.now(), ..Progress::default() };
    bench.storage.queue().record(claim.lease, progress, Next::End(ending)).await.unwrap();
}

fn open() -> DeadLetterFilter {
    DeadLetterFilter { states: vec![DeadLetterState::Open], ..DeadLetterFilter::default() }
}

#[tokio::test]
async fn dead_letters_are_grouped_by_cause_and_the_newest_cause_comes_first() {
    let bench = bench().await;
    let failed = DeadLetterReason::Failed;
    let runs = dead(&bench, &[("a", failed), ("b", failed), ("a", failed), ("c", DeadLetterReason::InDoubt)]).await;
    let groups = bench.storage.dead_letter_groups(&open(), 0, 10).await.unwrap();
    let shown: Vec<_> =
        groups.iter().map(|group| (group.fingerprint.as_str(), group.count, group.newest.run)).collect();
    assert_eq!(shown, [("c", 1, runs[3]), ("a", 2, runs[2]), ("b", 1, runs[1])]);
    assert!(groups[1].oldest_at < groups[1].newest.created_at);
    assert_eq!(groups[0].newest.reason, DeadLetterReason::InDoubt);
    assert_eq!(bench.storage.dead_letter_groups(&open(), 1, 1).await.unwrap()[0].fingerprint, "a");
    let cause = DeadLetterFilter { fingerprint: Some("a".to_owned()), ..open() };
    let letters = bench.storage.dead_letters(&cause, 10).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.run).collect::<Vec<_>>(), [runs[2], runs[0]]);
    let none = DeadLetterFilter { workflow_key: Some(bench.workflow.key + 1), ..open() };
    assert_eq!(bench.storage.count_dead_letters(&none, 10).await.unwrap(), 0);
    assert_eq!(bench.storage.count_dead_letters(&open(), 3).await.unwrap(), 3, "counted no further than asked");
    assert_eq!(bench.storage.count_dead_letters(&open(), 1_000_000).await.unwrap(), 4);
}

#[tokio::test]
async fn what_is_discarded_in_one_go_comes_back_in_one_go() {
    let bench = bench().await;
    let failed = DeadLetterReason::Failed;
    let runs = dead(&bench, &[("a", failed), ("a", failed), ("b", failed)]).await;
    let cause = DeadLetterFilter { fingerprint: Some("a".to_owned()), ..DeadLetterFilter::default() };
    assert_eq!(bench.storage.discard_dead_letters(cause.clone(), "ada".to_owned()).await.unwrap(), 2);
    assert_eq!(bench.storage.discard_dead_letters(cause, "bob".to_owned()).await.unwrap(), 0, "they are decided");
    bench.clock.advance_ms(1);
    let one = DeadLetterFilter { runs: vec![runs[2]], ..DeadLetterFilter::default() };
    assert_eq!(bench.storage.discard_dead_letters(one, "ada".to_owned()).await.unwrap(), 1);
    assert_eq!(bench.storage.count_dead_letters(&open(), 10).await.unwrap(), 0);
    assert_eq!(bench.storage.reopen_dead_letters(runs[0]).await.unwrap(), 2);
    assert_eq!(bench.storage.reopen_dead_letters(runs[0]).await.unwrap(), 0);
    let key = bench.storage.run(runs[2]).await.unwrap().key;
    let letter = bench.storage.dead_letter(key).await.unwrap().unwrap();
    assert_eq!((letter.state, letter.decided_by.as_deref()), (DeadLetterState::Discarded, Some("ada")));
}

#[tokio::test]
async fn a_replay_job_goes_through_what_was_open_when_it_began_and_leaves_doubts_alone() {
    let bench = bench().await;
    let failed = DeadLetterReason::Failed;
    let runs = dead(&bench, &[("a", failed), ("a", DeadLetterReason::InDoubt), ("a", failed), ("b", failed)]).await;
    let job = |fingerprint: &str| NewReplayJob {
        created_by: "ada".to_owned(),
        selection: ReplaySelection { fingerprint: Some(fingerprint.to_owned()), ..ReplaySelection::default() },
        options: json!({"from": "start"}),
        pause_ms: 200,
    };
    assert_eq!(bench.storage.begin_replay_job(job("nothing")).await.unwrap(), None);
    let begun = bench.storage.begin_replay_job(job("a")).await.unwrap().unwrap();
    assert_eq!((begun.total, begun.done, begun.state), (2, 0, ReplayJobState::Running));
    dead(&bench, &[("a", failed)]).await;
    let mut tried = Vec::new();
    loop {
        let job = bench.storage.running_replay_jobs().await.unwrap().pop().unwrap();
        let Some(letter) = bench.storage.next_of_replay_job(&job).await.unwrap() else { break };
        let fault = (letter.run == runs[2]).then(|| "it does not work".to_owned());
        if fault.is_none() {
            assert!(bench.storage.settle_dead_letter(letter.run_key, runs[3], "ada".to_owned()).await.unwrap());
        }
        bench.storage.note_replay(job.key, letter.run_key, fault).await.unwrap();
        tried.push(letter.run);
    }
    assert_eq!(tried, [runs[0], runs[2]]);
    assert!(bench.storage.end_replay_job(begun.key, ReplayJobState::Done).await.unwrap());
    assert!(!bench.storage.end_replay_job(begun.key, ReplayJobState::Stopped).await.unwrap());
    let over = bench.storage.replay_job(begun.id).await.unwrap();
    assert_eq!(
        (over.done, over.failed, over.note.as_str(), over.state),
        (1, 1, "it does not work", ReplayJobState::Done)
    );
    assert!(bench.storage.running_replay_jobs().await.unwrap().is_empty());
    assert_eq!(bench.storage.recent_replay_jobs(bench.storage.now(), 5).await.unwrap().len(), 1);
    let key = bench.storage.run(runs[0]).await.unwrap().key;
    let letter = bench.storage.dead_letter(key).await.unwrap().unwrap();
    assert_eq!((letter.state, letter.replayed_as), (DeadLetterState::Replayed, Some(runs[3])));
}

#[tokio::test]
async fn a_run_may_start_from_an_event_that_is_stored_already() {
    let bench = bench().await;
    let first = bench.event(json!({"id": "A-1"}));
    let accepted = bench.storage.queue().accept(first.clone()).await.unwrap();
    let claim = bench.claim_all().await.pop().unwrap();
    bench.finish(&claim).await;
    bench.clock.advance_ms(60_000);
    let now = bench.storage.now();
    let again = |run: RunId| {
        let start = StartRun::new(run, NodeId::from("order"), bench.definition_key, Some(1), RunMode::Replay);
        let start = StartRun { replay_of: Some(claim.lease.run_key), again_at: Some(now), ..start };
        NewEvent { disposition: Disposition::Start(start), ..first.clone() }
    };
    let run = RunId::derived(&["replay", "1"]);
    let replayed = bench.storage.queue().accept(again(run)).await.unwrap();
    assert_eq!((replayed.event, replayed.run), (accepted.event, Some(run)));
    assert_eq!(bench.storage.events(&storage::EventFilter { limit: 10, ..Default::default() }).await.unwrap().len(), 1);
    let claim = bench.claim_all().await.pop().unwrap();
    assert_eq!((claim.run, &claim.event.body, claim.created_at), (run, &json!({"id": "A-1"}), now));
    assert_eq!(
        bench.storage.replays_of(bench.storage.run(accepted.run.unwrap()).await.unwrap().key).await.unwrap()[0].id,
        run
    );
    // The same replay once more is the same run.
    let twice = bench.storage.queue().accept(again(run)).await.unwrap();
    assert_eq!((twice.run, bench.storage.queue().len()), (Some(run), 1));
}

#[tokio::test]
async fn turns_of_a_long_loop_are_read_part_by_part() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.pop().unwrap();
    let step = |node: &str, iteration: String, status: StepStatus| StepRecord {
        node: NodeId::from(node),
        iteration,
        status,
        ..bench.progress(node, Value::Null).steps.remove(0)
    };
    let mut steps = vec![step("each", String::new(), StepStatus::Running)];
    for turn in 0..120 {
        let status = if turn % 50 == 0 { StepStatus::Failed } else { StepStatus::Succeeded };
        steps.push(step("each", turn.to_string(), status));
        steps.push(step("tell", turn.to_string(), status));
    }
    let progress = Progress { started_at: bench.storage.now(), steps, ..Progress::default() };
    bench.storage.queue().record(claim.lease, progress, Next::Continue).await.unwrap();
    let (key, each) = (claim.lease.run_key, NodeId::from("each"));
    let turns = bench.storage.turns_between(key, &each, "", 95..130).await.unwrap();
    assert_eq!(turns.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (95..120).collect::<Vec<_>>());
    let counts = bench.storage.count_turns(key, &each).await.unwrap();
    assert_eq!((counts[&StepStatus::Failed], counts[&StepStatus::Succeeded]), (3, 117));
    assert_eq!(bench.storage.outer_steps(key).await.unwrap().len(), 1);
    assert_eq!(bench.storage.steps_of_turn(key, "7").await.unwrap().len(), 2);
    assert_eq!(bench.storage.run_step(key, &NodeId::from("tell"), "7").await.unwrap().unwrap().iteration, "7");
}

#[tokio::test]
async fn what_people_do_is_noted_and_read_back_page_by_page() {
    let bench = bench().await;
    for number in 0..3 {
        let subject = number.to_string();
        let details = json!({"from": "start"});
        bench.storage.audit("ada@example.com", "run.replayed", "run", &subject, details).await.unwrap();
    }
    let latest = bench.storage.audit_entries(None, 2).await.unwrap();
    assert_eq!(latest.iter().map(|entry| entry.subject_id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    let older = bench.storage.audit_entries(Some(latest[1].key), 2).await.unwrap();
    assert_eq!((older.len(), older[0].subject_id.as_str(), &older[0].details["from"]), (1, "0", &json!("start")));
}
