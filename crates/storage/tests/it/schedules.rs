//! Schedules move on with the runs that they start, and keys are recognised when they come again.

use model::{EventStatus, NodeId, RunId, Timestamp};
use serde_json::json;
use storage::queue::{NewEvent, Reschedule};
use storage::{NewSchedule, SeenQuestion};

use crate::support::{Bench, START, bench};

fn hourly(next_at: i64) -> NewSchedule {
    NewSchedule {
        node: NodeId::from("order"),
        cron: "0 * * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        missed: "once".to_owned(),
        next_at: Some(START.plus_ms(u64::try_from(next_at).unwrap())),
    }
}

async fn scheduled(next_at: i64) -> Bench {
    let bench = bench().await;
    bench
        .storage
        .set_schedules(bench.workflow.key, bench.definition_key, Some(1), vec![hourly(next_at)])
        .await
        .unwrap();
    bench.storage.set_workflow_active(bench.workflow.id, true).await.unwrap();
    bench
}

fn start_at(bench: &Bench, planned: Timestamp, next_at: Option<Timestamp>) -> NewEvent {
    let mut event = bench.event(json!({"planned": planned}));
    event.endpoint_key = None;
    let start = Bench::start_of(&mut event);
    start.run = RunId::derived(&[&bench.workflow.id.to_string(), "order", &planned.0.to_string()]);
    start.reschedule = Some(Reschedule { next_at });
    event
}

#[tokio::test]
async fn a_schedule_moves_on_with_the_run_that_it_starts() {
    let bench = scheduled(1_000).await;
    let planned = START.plus_ms(1_000);
    assert!(bench.storage.due_schedules(START, 10).await.unwrap().is_empty());
    assert_eq!(bench.storage.next_schedule_after(START).await.unwrap(), Some(planned));
    let due = bench.storage.due_schedules(planned, 10).await.unwrap().remove(0);
    assert_eq!((due.workflow, due.node.as_str(), due.version), (bench.workflow.id, "order", Some(1)));
    let next = planned.plus_ms(3_600_000);
    let accepted = bench.storage.queue().accept(start_at(&bench, planned, Some(next))).await.unwrap();
    assert_eq!(accepted.status, EventStatus::Accepted);
    assert!(bench.storage.due_schedules(planned, 10).await.unwrap().is_empty());
    assert_eq!(bench.storage.next_schedule_after(START).await.unwrap(), Some(next));
    let again = bench.storage.queue().accept(start_at(&bench, planned, None)).await.unwrap();
    assert_eq!((again.status, again.run), (EventStatus::Duplicate, accepted.run), "one run for one time");
    assert_eq!(bench.storage.next_schedule_after(START).await.unwrap(), None, "and no more times");
}

#[tokio::test]
async fn a_schedule_that_is_published_again_unchanged_keeps_its_next_time() {
    let bench = scheduled(1_000).await;
    let next = async || bench.storage.schedules(bench.workflow.key).await.unwrap()[0].next_at;
    let set = async |schedule| {
        bench.storage.set_schedules(bench.workflow.key, bench.definition_key, Some(2), vec![schedule]).await.unwrap();
    };
    set(hourly(9_000)).await;
    assert_eq!(next().await, Some(START.plus_ms(1_000)));
    set(NewSchedule { cron: "5 * * * *".to_owned(), ..hourly(9_000) }).await;
    assert_eq!(next().await, Some(START.plus_ms(9_000)));
    bench.storage.stop_schedules(bench.workflow.key).await.unwrap();
    assert!(bench.storage.due_schedules(START.plus_ms(9_000), 10).await.unwrap().is_empty());
    set(NewSchedule { cron: "5 * * * *".to_owned(), ..hourly(11_000) }).await;
    assert_eq!(next().await, Some(START.plus_ms(11_000)), "what was missed while it was stopped is not made up for");
    bench.storage.set_workflow_active(bench.workflow.id, false).await.unwrap();
    assert!(bench.storage.due_schedules(START.plus_ms(99_000), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_new_once_within_its_window_and_to_the_step_that_asks_again() {
    let bench = bench().await;
    let (first, second) = (RunId::generate(), RunId::generate());
    let ask = async |key: &str, run: RunId, iteration: &str| {
        let question = SeenQuestion {
            workflow_key: bench.workflow.key,
            node: NodeId::from("dedup"),
            key: key.to_owned(),
            window_ms: 1_000,
            run,
            iteration: iteration.to_owned(),
        };
        bench.storage.seen(question).await.unwrap()
    };
    assert!(!ask("order 7", first, "").await.seen_before);
    assert!(!ask("order 7", first, "").await.seen_before, "a step that was cut off asks again");
    assert!(ask("order 7", first, "3").await.seen_before, "another turn of the same run");
    bench.clock.advance_ms(999);
    let answer = ask("order 7", second, "").await;
    assert_eq!((answer.seen_before, answer.first_at), (true, START));
    assert!(!ask("order 8", second, "").await.seen_before);
    bench.clock.advance_ms(1);
    assert!(!ask("order 7", second, "").await.seen_before, "the window is over");
    assert!(ask("order 7", first, "").await.seen_before);
    bench.clock.advance_ms(10_000);
    for number in 0..10 {
        ask(&format!("new {number}"), first, "").await;
    }
    assert_eq!(bench.rows("seen").await, 10, "keys whose time is over go");
}

#[tokio::test]
async fn a_replay_does_not_meet_the_run_that_it_repeats_but_every_other_one() {
    let bench = bench().await;
    let begin = async |replay_of: Option<RunId>| {
        let mut event = bench.event(json!({}));
        let start = Bench::start_of(&mut event);
        if let Some(origin) = replay_of {
            start.replay_of = Some(bench.storage.run(origin).await.unwrap().key);
        }
        bench.storage.queue().accept(event).await.unwrap().run.unwrap()
    };
    let ask = async |run: RunId, iteration: &str| {
        let question = SeenQuestion {
            workflow_key: bench.workflow.key,
            node: NodeId::from("dedup"),
            key: "order 7".to_owned(),
            window_ms: 1_000,
            run,
            iteration: iteration.to_owned(),
        };
        bench.storage.seen(question).await.unwrap().seen_before
    };
    let origin = begin(None).await;
    assert!(!ask(origin, "").await);
    let replay = begin(Some(origin)).await;
    assert!(!ask(replay, "").await, "a replay does what its origin did");
    assert!(ask(replay, "2").await, "but not twice in its own turns");
    let again = begin(Some(replay)).await;
    assert!(!ask(again, "").await, "a replay of a replay");
    let stranger = begin(None).await;
    assert!(ask(stranger, "").await);
    assert!(ask(begin(Some(stranger)).await, "").await, "a replay of another run");
}
