//! Starts the runs of schedules whose moment has come. Each run is stored together with the schedule's next moment, under an
//! id that follows from the moment, so that none starts twice and none is left out.

use std::collections::HashMap;

use model::{Event, EventId, EventStatus, NodeId, RunId, Timestamp};
use nodes::schedule::{Missed, Schedule, due};
use serde_json::Map;
use storage::queue::{Reschedule, RunMode, StartRun};
use storage::{ScheduleRecord, StorageError};

use crate::engine::Shared;
use crate::ordering::order_key;
use crate::starts::new_event;

/// How many schedules are looked at at once, beside those that are held back.
const MOST_AT_ONCE: usize = 100;

/// How long the scheduler sleeps at most before it looks again, in milliseconds: schedules may have been added.
const LONGEST_SLEEP_MS: u64 = 1_000;

/// How long a schedule that could not start its run is held back, in milliseconds: at first, and at the most. It doubles each
/// time in between.
const HOLD_BACK_MS: std::ops::RangeInclusive<u64> = 500..=30_000;

/// What the scheduler remembers from round to round.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    /// Schedules that are due and could not start their run, by workflow and node.
    held_back: HashMap<(i64, NodeId), HeldBack>,
    /// The moment up to which the last round has looked.
    looked_up_to: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct HeldBack {
    until: Timestamp,
    wait_ms: u64,
}

impl HeldBack {
    /// A clock that was set back must not prolong it.
    fn is_over(self, now: Timestamp) -> bool {
        self.until <= now || self.until > now.plus_ms(self.wait_ms)
    }
}

impl Scheduler {
    /// Starts everything that is due, but for what could not be started a short while ago. Returns whether more may be due at
    /// once.
    pub(crate) async fn start_due(&mut self, shared: &Shared) -> bool {
        let now = shared.clock.now();
        self.looked_up_to = Some(now);
        // Those that are held back stand first in the list, and must not keep the others out of it.
        let limit = u64::try_from(MOST_AT_ONCE + self.held_back.len()).unwrap_or(u64::MAX);
        let schedules = match shared.storage.due_schedules(now, limit).await {
            Ok(schedules) => schedules,
            Err(error) => {
                tracing::error!(%error, "the schedules could not be read");
                return false;
            }
        };
        let mut before = std::mem::take(&mut self.held_back);
        let mut has_more = u64::try_from(schedules.len()) == Ok(limit);
        for schedule in schedules {
            let key = (schedule.workflow_key, schedule.node.clone());
            let last = before.remove(&key);
            if let Some(held) = last.filter(|held| !held.is_over(now)) {
                self.held_back.insert(key, held);
                continue;
            }
            let Err(error) = start(shared, &schedule, now).await else {
                has_more = true;
                continue;
            };
            let wait_ms = last.map_or(*HOLD_BACK_MS.start(), |held| (held.wait_ms * 2).min(*HOLD_BACK_MS.end()));
            tracing::error!(
                %error, workflow = %schedule.workflow, node = %schedule.node, wait_ms,
                "a schedule could not start its run; it is tried again"
            );
            self.held_back.insert(key, HeldBack { until: now.plus_ms(wait_ms), wait_ms });
        }
        has_more
    }

    /// How long until the next schedule is due, or may have been added, in milliseconds.
    pub(crate) async fn sleep_ms(&self, shared: &Shared) -> u64 {
        let now = shared.clock.now();
        let after = self.looked_up_to.unwrap_or(now);
        let planned = shared.storage.next_schedule_after(after).await.ok().flatten();
        let held = self.held_back.values().map(|held| held.until).min();
        let next = planned.into_iter().chain(held).min();
        next.map_or(LONGEST_SLEEP_MS, |next| next.ms_since(now).clamp(1, LONGEST_SLEEP_MS))
    }
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
