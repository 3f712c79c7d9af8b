//! Schedules: runs at their moments, also those that passed while nothing could run.

use model::{NodeId, RunStatus, Timestamp};
use serde_json::json;
use storage::{NewSchedule, RunFilter, RunRecord};

use crate::bench::{Bench, START, Workflow};

const HOUR_MS: i64 = 3_600_000;

/// A workflow with a schedule at every full hour. The tests begin at 22:13:20.
async fn hourly(bench: &Bench, missed: &str) -> Workflow {
    let definition = json!({
        "nodes": [
            {"id": "clock", "type": "schedule", "params": {"cron": "0 * * * *", "timezone": "Europe/Berlin", "missed": missed}},
            {"id": "note", "type": "set_fields", "params": {"fields": {"at": "{{ $.trigger.body.scheduled_at }}"}}},
        ],
        "edges": [{"from": "clock", "to": "note"}],
    });
    let workflow = bench.publish("Hourly", definition).await;
    let next = nodes::schedule::next_after("0 * * * *", "Europe/Berlin", START).unwrap();
    let schedule = NewSchedule {
        node: NodeId::from("clock"),
        cron: "0 * * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        missed: missed.to_owned(),
        next_at: next,
    };
    let (key, definition_key) = workflow.keys();
    bench.storage.set_schedules(key, definition_key, Some(1), vec![schedule]).await.unwrap();
    workflow
}

async fn runs(bench: &Bench) -> Vec<RunRecord> {
    bench.storage.runs(&RunFilter { limit: 200, ..RunFilter::default() }).await.unwrap()
}

async fn moments(bench: &Bench) -> Vec<String> {
    let mut moments = Vec::new();
    for run in runs(bench).await {
        assert_eq!(run.status, RunStatus::Succeeded);
        moments.push(bench.steps(run.id).await["note"].output.as_ref().unwrap()["at"].as_str().unwrap().to_owned());
    }
    moments.reverse();
    moments
}

#[tokio::test]
async fn a_schedule_starts_its_run_at_its_moment_and_once() {
    let bench = Bench::open().await;
    hourly(&bench, "once").await;
    bench.idle().await;
    assert!(runs(&bench).await.is_empty());
    bench.clock.advance_ms(47 * 60_000);
    bench.idle().await;
    bench.idle().await;
    assert_eq!(moments(&bench).await, ["2023-11-14T23:00:00.000Z"]);
    let bench = bench.crash().await;
    bench.idle().await;
    bench.clock.advance_ms(HOUR_MS);
    bench.idle().await;
    assert_eq!(moments(&bench).await, ["2023-11-14T23:00:00.000Z", "2023-11-15T00:00:00.000Z"]);
}

#[tokio::test]
async fn times_that_were_missed_are_made_up_for_as_the_trigger_says() {
    for (missed, expected) in [("skip", 0), ("once", 1), ("all", 10)] {
        let bench = Bench::open().await;
        hourly(&bench, missed).await;
        bench.clock.advance_ms(10 * HOUR_MS);
        bench.idle().await;
        let moments = moments(&bench).await;
        assert_eq!(moments.len(), expected, "{missed}: {moments:?}");
        if let Some(last) = moments.last() {
            assert_eq!(last, "2023-11-15T08:00:00.000Z");
        }
        // It is 08:13:20 now.
        bench.clock.advance_ms(46 * 60_000 + 40_000);
        bench.idle().await;
        assert_eq!(runs(&bench).await.len(), expected + 1, "the next time comes as planned");
    }
}

#[tokio::test]
async fn a_paused_workflow_starts_nothing() {
    let bench = Bench::open().await;
    let workflow = hourly(&bench, "all").await;
    bench.storage.set_workflow_active(workflow.id, false).await.unwrap();
    bench.clock.advance_ms(10 * HOUR_MS);
    bench.idle().await;
    assert!(runs(&bench).await.is_empty());
    assert_eq!(START, Timestamp(1_700_000_000_000));
}

#[tokio::test]
async fn an_engine_at_work_takes_schedules_by_itself() {
    let bench = Bench::open().await;
    let workflow = hourly(&bench, "once").await;
    bench.clock.advance_ms(47 * 60_000);
    let working = bench.work(0);
    let started = async {
        while bench.latest(&workflow).await.is_none_or(|run| run.status != RunStatus::Succeeded) {
            tokio::task::yield_now().await;
        }
    };
    crate::bench::patiently("the schedule has started its run", started).await;
    bench.engine.stop();
    crate::bench::patiently("the engine stops", working).await.unwrap();
}

/// A schedule that is due at a moment.
fn due_at(node: &str, next_at: Timestamp) -> NewSchedule {
    NewSchedule {
        node: NodeId::from(node),
        cron: "0 * * * *".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        missed: "once".to_owned(),
        next_at: Some(next_at),
    }
}

#[tokio::test]
async fn schedules_that_cannot_start_are_held_back_longer_and_longer_and_keep_no_other_one_waiting() {
    let bench = Bench::open().await;
    let healthy = hourly(&bench, "once").await;
    let trigger =
        |number: usize| json!({"id": format!("s{number}"), "type": "schedule", "params": {"cron": "0 * * * *"}});
    let definition = json!({"nodes": (0..120).map(trigger).collect::<Vec<_>>(), "edges": []});
    let broken = bench.publish("Broken", definition).await;
    let all = || (0..120).map(|number| due_at(&format!("s{number}"), START)).collect::<Vec<_>>();
    let (key, definition_key) = broken.keys();
    // A definition that nobody can read: each of these fails, and all are due before the healthy one.
    bench.storage.set_schedules(key, 9_999, Some(1), all()).await.unwrap();
    bench.clock.advance_ms(47 * 60_000);
    bench.idle().await;
    assert_eq!(runs(&bench).await.len(), 1, "the healthy one is not kept waiting");
    assert_eq!(bench.latest(&healthy).await.unwrap().status, RunStatus::Succeeded);

    // They fail a second time, so they are held back for a second; then they could start.
    bench.clock.advance_ms(500);
    bench.idle().await;
    bench.storage.set_schedules(key, definition_key, Some(1), all()).await.unwrap();
    bench.clock.advance_ms(999);
    bench.idle().await;
    assert!(bench.latest(&broken).await.is_none(), "they are held back still");
    bench.clock.advance_ms(1);
    bench.idle().await;
    assert_eq!(runs(&bench).await.len(), 121);
}
