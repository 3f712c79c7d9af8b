//! Starts the runs of schedules whose moment has come. Each run is stored together with the schedule's next moment, under an
//! id that follows from the moment, so that none starts twice and none is left out.

use model::{Event, EventId, EventStatus, RunId, Timestamp};
use nodes::schedule::{Missed, Schedule, due};
use serde_json::Map;
use storage::queue::{Reschedule, RunMode, StartRun};
use storage::{ScheduleRecord, StorageError};

use crate::engine::Shared;
use crate::ordering::order_key;
use crate::starts::new_event;

/// How many schedules are looked at at once.
const MOST_AT_ONCE: u64 = 100;

/// How long the scheduler sleeps at most before it looks again, in milliseconds: schedules may have been added.
const LONGEST_SLEEP_MS: u64 = 1_000;

/// Starts everything that is due. Returns how many schedules were moved on.
pub(crate) async fn start_due(shared: &Shared) -> usize {
    let now = shared.clock.now();
    let schedules = match shared.storage.due_schedules(now, MOST_AT_ONCE).await {
        Ok(schedules) => schedules,
        Err(error) => {
            tracing::error!(%error, "the schedules could not be read");
            return 0;
        }
    };
    let mut moved = 0;
    for schedule in schedules {
        match start(shared, &schedule, now).await {
            Ok(()) => moved += 1,
            Err(error) => {
                tracing::error!(%error, workflow = %schedule.workflow, node = %schedule.node, "a schedule could not start its run");
            }
        }
    }
    moved
}

/// How long until the next schedule is due, or may have been added, in milliseconds.
pub(crate) async fn sleep_ms(shared: &Shared) -> u64 {
    let next = shared.storage.next_schedule_at().await.ok().flatten();
    next.map_or(LONGEST_SLEEP_MS, |next| next.ms_since(shared.clock.now()).clamp(1, LONGEST_SLEEP_MS))
}

async fn start(shared: &Shared, record: &ScheduleRecord, now: Timestamp) -> Result<(), StorageError> {
    let storage = &shared.storage;
    let Some(planned) = record.next_at else { return Ok(()) };
    let schedule = match Schedule::read(&record.cron, &record.timezone) {
        Ok(schedule) => schedule,
        Err(fault) => {
            tracing::error!(%fault, workflow = %record.workflow, node = %record.node, "a schedule cannot be read; it is stopped");
            return storage.move_schedule(record.workflow_key, &record.node, None).await;
        }
    };
    let missed = serde_json::from_value(serde_json::Value::String(record.missed.clone())).unwrap_or(Missed::Once);
    let plan = due(&schedule, planned, now, missed);
    let Some((last, earlier)) = plan.runs.split_last() else {
        return storage.move_schedule(record.workflow_key, &record.node, plan.next).await;
    };
    for moment in earlier {
        accept(shared, record, &schedule, *moment, None).await?;
    }
    accept(shared, record, &schedule, *last, Some(Reschedule { next_at: plan.next })).await
}

async fn accept(
    shared: &Shared,
    record: &ScheduleRecord,
    schedule: &Schedule,
    moment: Timestamp,
    reschedule: Option<Reschedule>,
) -> Result<(), StorageError> {
    let (workflow, at) = (record.workflow.to_string(), moment.to_string());
    let run = RunId::derived(&["schedule", &workflow, record.node.as_str(), &at]);
    let event = Event {
        id: EventId::generate(),
        received_at: shared.clock.now(),
        method: "POST".to_owned(),
        headers: Map::new(),
        query: Map::new(),
        body: schedule.event_body(moment),
    };
    let definition = shared.storage.definition(record.definition_key).await?;
    let order_key = order_key(&definition.settings, &event).unwrap_or_else(|error| {
        tracing::warn!(%error, workflow = %record.workflow, "the order of runs cannot be computed");
        None
    });
    let start = StartRun::new(run, record.node.clone(), record.definition_key, record.version, RunMode::Live);
    let start = StartRun { order_key, reschedule, ..start };
    let event = new_event(event, record.workflow_key, start).map_err(|error| StorageError::Corrupt(error.message))?;
    let accepted = shared.queue.accept(event).await?;
    if let (EventStatus::Duplicate, Some(Reschedule { next_at })) = (accepted.status, reschedule) {
        // The run was there already, so nothing was stored with it.
        shared.storage.move_schedule(record.workflow_key, &record.node, next_at).await?;
    }
    Ok(())
}
