//! The run queue over SQLite.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::{Clock, EventStatus, NodeId, RunId, Timestamp};
use sea_orm::DatabaseConnection;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::accept::{AcceptJob, PreparedEvent, Stored};
use super::cancel::{Cancelled, cancel};
use super::ready::{Fresh, Ready, StepKey, Waiting};
use super::record::{PreparedRecord, RecordJob, Recorded};
use super::revive::{Revived, revive};
use super::signal::{NewSignal, store};
use super::step_rows::PackedStep;
use super::take_over::{count_crashes, take_over};
use super::writer::{Job, Writer};
use crate::claims;
use crate::crash_marks::CrashMarks;
use crate::crash_points::{self, CrashPoint};
use crate::error::StorageError;
use crate::queue::{
    Accepted, Claim, Disposition, Gate, Lease, MOST_CRASHES, NewEvent, Next, Progress, Queue, Revival, SignalOutcome,
    StartRun,
};
use crate::room::Room;
use crate::storage::{Role, StorageSettings};

/// How long a worker sleeps at most before it looks again, in milliseconds, in case the clock was moved.
const LONGEST_SLEEP_MS: u64 = 5_000;

/// The run queue of the one server of a SQLite database.
pub(crate) struct SqliteQueue {
    writer: Writer,
    reader: DatabaseConnection,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    room: Room,
    marks: CrashMarks,
    opening: u64,
    capacity: usize,
    inline_bytes: usize,
    event_memory_bytes: usize,
}

/// How the queue reaches the database.
pub(crate) struct Connections {
    pub(crate) writer: Writer,
    pub(crate) reader: DatabaseConnection,
}

/// Counts how often a queue was opened in this process.
static OPENINGS: AtomicU64 = AtomicU64::new(1);

/// What the queue and the writer's answers share.
pub(super) struct Shared {
    ready: Mutex<Ready>,
    changed: Notify,
    /// More of the runs from before the start are there.
    loaded: Notify,
}

impl Shared {
    /// Runs that may have become due, or have been read, are there.
    pub(super) fn tell(&self) {
        self.changed.notify_one();
        self.loaded.notify_waiters();
    }

    pub(super) fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteQueue {
    /// Opens the queue. As the server it takes over every unfinished run: the directory's lock proves that whoever held
    /// them is dead. `crashed` are the keys of the runs that were at work when the process before this one died.
    pub(crate) async fn open(
        Connections { writer, reader }: Connections,
        clock: Arc<dyn Clock>,
        settings: &StorageSettings,
        room: Room,
        (role, marks, crashed): (Role, CrashMarks, Vec<i64>),
    ) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared { ready: Mutex::default(), changed: Notify::new(), loaded: Notify::new() });
        if role == Role::Server {
            count_crashes(&writer, crashed).await?;
            take_over(&reader, &shared).await?;
        }
        Ok(Self {
            writer,
            reader,
            clock,
            shared,
            room,
            marks,
            opening: OPENINGS.fetch_add(1, Ordering::Relaxed),
            capacity: settings.queue_capacity,
            inline_bytes: settings.payload_inline_bytes,
            event_memory_bytes: settings.event_memory_bytes,
        })
    }

    /// Nobody needs the runs any more that were not read yet.
    pub(crate) fn stop_loading(&self) {
        self.shared.ready().finish_loading();
    }

    /// Whether one more run of a workflow may come in. A quarter of the room is kept for the others: none fills it alone.
    fn has_room_for(&self, workflow_key: i64) -> bool {
        let ready = self.shared.ready();
        ready.len() < self.capacity && ready.unfinished_of(workflow_key) < self.capacity - self.capacity / 4
    }

    /// After the commit: hands a fresh run over in memory, with its event unless too much is kept already.
    fn hand_over(&self, new: &NewEvent) -> impl FnOnce(&Stored) + Send + 'static {
        let shared = self.shared.clone();
        let event_memory_bytes = self.event_memory_bytes;
        let workflow_key = new.workflow_key;
        let start = match &new.disposition {
            Disposition::Start(start) if start.over.is_none() => {
                Some((without_copies(start), new.event.clone(), new.raw_body.len()))
            }
            _ => None,
        };
        move |stored: &Stored| {
            let (Some(run_key), Some((start, event, body_bytes))) = (stored.run_key, start) else { return };
            // A parsed document takes several times the room of its text.
            let memory_bytes = 2_000 + body_bytes * 4;
            let mut ready = shared.ready();
            let order_key = start.as_ref().and_then(|start| start.order_key.as_deref()).map(Into::into);
            let fresh = start
                .filter(|_| ready.fresh_bytes() + memory_bytes <= event_memory_bytes)
                .map(|start| Box::new(Fresh { start, event, memory_bytes }));
            ready.enter(run_key, None, Waiting { workflow_key, epoch: 0, order_key, crashes: 0, fresh });
            drop(ready);
            shared.changed.notify_one();
        }
    }

    /// Takes what is due. While runs from before the start are still being read, it waits for the first that is.
    async fn take(&self, limit: usize, gate: &dyn Gate) -> Vec<(i64, Waiting)> {
        loop {
            let loaded = self.shared.loaded.notified();
            {
                let mut ready = self.shared.ready();
                let taken = ready.take(limit, self.clock.now(), gate);
                if !taken.is_empty() || !ready.is_loading() {
                    return taken;
                }
            }
            loaded.await;
        }
    }

    async fn claim_of(&self, run_key: i64, waiting: Waiting) -> Result<Option<Claim>, StorageError> {
        let lease = Lease { run_key, epoch: waiting.epoch, opening: self.opening };
        if let Some(fresh) = waiting.fresh {
            let Fresh { start, event, .. } = *fresh;
            return Ok(Some(Claim {
                lease,
                run: start.run,
                workflow_key: waiting.workflow_key,
                definition_key: start.definition_key,
                mode: start.mode,
                trigger_node: start.trigger_node,
                parent: start.parent,
                given: start.given,
                steps: Vec::new(),
                turns: Vec::new(),
                signals: Vec::new(),
                crashes: waiting.crashes,
                is_unread: false,
                created_at: start.again_at.unwrap_or(event.received_at),
                started_at: None,
                event,
            }));
        }
        let claim = self.marks.while_busy(run_key, self.read_claim(lease, waiting.crashes)).await?;
        if let (Some(claim), Some(held)) = (&claim, self.shared.ready().held(run_key)) {
            held.parent = claim.parent.clone().map(|parent| (claim.run, parent));
            held.has_signals = !claim.signals.is_empty();
            let suspended = claim.steps.iter().filter(|step| step.state.is_some());
            held.suspended = Arc::new(suspended.map(|step| (step.node.0.clone(), step.iteration.clone())).collect());
        }
        Ok(claim)
    }

    /// A run as the database has it; of one that takes the process down as soon as it is read, only what it is.
    async fn read_claim(&self, lease: Lease, crashes: u32) -> Result<Option<Claim>, StorageError> {
        if crashes > MOST_CRASHES {
            return claims::load_unread(&self.reader, lease, crashes).await;
        }
        let claim = claims::load(&self.reader, lease, crashes).await?;
        if lease.epoch > 0 {
            crash_points::reached(CrashPoint::AfterResume);
        }
        Ok(claim)
    }
}

/// A run that begins with steps of another one is read from the database: only there are they.
fn without_copies(start: &StartRun) -> Option<StartRun> {
    start.copied.is_empty().then(|| start.clone())
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn accept(&self, new: NewEvent) -> Result<Accepted, StorageError> {
        let enters = matches!(&new.disposition, Disposition::Start(start) if start.over.is_none());
        if enters && !self.has_room_for(new.workflow_key) {
            return Err(StorageError::QueueFull);
        }
        if let Err(error) = self.room.check() {
            if matches!(error, StorageError::LogFull { .. }) {
                // Nothing else is written perhaps that would give the writer an occasion. It is asked already when there is no room.
                let _ = self.writer.try_send(Job::ShortenLog);
            }
            return Err(error);
        }
        let hand_over = self.hand_over(&new);
        let event = PreparedEvent::pack(new, self.inline_bytes)?;
        let (sender, receiver) = oneshot::channel();
        // The run is handed over by the writer, not after this await: the sender may have hung up by then.
        let answer = Box::new(move |stored: Result<Stored, StorageError>| {
            if let Ok(stored) = &stored {
                hand_over(stored);
            }
            let _ = sender.send(stored.map(|stored| stored.accepted));
        });
        self.writer.try_send(Job::Accept(Box::new(AcceptJob { event, answer })))?;
        let accepted = receiver.await.map_err(|_| StorageError::Unavailable)??;
        debug_assert!(accepted.run.is_none() || accepted.status != EventStatus::Kept);
        Ok(accepted)
    }

    async fn claim(&self, limit: usize, gate: &dyn Gate) -> Result<Vec<Claim>, StorageError> {
        let taken = self.take(limit, gate).await;
        let mut claims = Vec::with_capacity(taken.len());
        for (run_key, waiting) in taken {
            let (workflow_key, epoch) = (waiting.workflow_key, waiting.epoch);
            match self.claim_of(run_key, waiting).await {
                Ok(Some(claim)) => claims.push(claim),
                Ok(None) => {
                    self.shared.ready().finish(run_key);
                    gate.give_back(workflow_key);
                }
                Err(error) => {
                    tracing::error!(%error, run_key, "a run could not be loaded; it is tried again shortly");
                    gate.give_back(workflow_key);
                    let later = self.clock.now().plus_ms(LONGEST_SLEEP_MS);
                    self.shared.ready().put_back(run_key, epoch, Some(later));
                }
            }
        }
        Ok(claims)
    }

    async fn wait(&self) {
        let next_due = self.shared.ready().next_due();
        let sleep_ms =
            next_due.map_or(LONGEST_SLEEP_MS, |due| due.ms_since(self.clock.now()).clamp(1, LONGEST_SLEEP_MS));
        tokio::select! {
            () = self.shared.changed.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => {}
        }
    }

    async fn record(&self, lease: Lease, progress: Progress, next: Next) -> Result<(), StorageError> {
        if lease.opening != self.opening {
            return Err(StorageError::LeaseLost);
        }
        let held = self.shared.ready().held(lease.run_key).cloned().ok_or(StorageError::LeaseLost)?;
        let hand_over: Vec<_> = progress.starts.iter().map(|start| self.hand_over(start)).collect();
        let record = PreparedRecord::pack(lease, held, progress, next, self.inline_bytes)?;
        let effect = Effect::of(&record);
        let (sender, receiver) = oneshot::channel();
        let shared = self.shared.clone();
        let answer = Box::new(move |result: Recorded| {
            if let Ok(started) = &result {
                effect.apply(&shared);
                hand_over.into_iter().zip(started).for_each(|(hand_over, stored)| hand_over(stored));
            }
            let _ = sender.send(result.map(|_| ()));
        });
        self.writer.send(Job::Record(Box::new(RecordJob { record, answer }))).await?;
        receiver.await.map_err(|_| StorageError::Unavailable)?
    }

    async fn release(&self, lease: Lease) {
        if lease.opening != self.opening {
            return;
        }
        self.shared.ready().put_back(lease.run_key, lease.epoch, None);
        self.shared.changed.notify_one();
    }

    async fn signal(
        &self,
        run: RunId,
        node: &NodeId,
        iteration: &str,
        value: Value,
    ) -> Result<SignalOutcome, StorageError> {
        let new = NewSignal {
            run,
            node: node.clone(),
            iteration: iteration.to_owned(),
            value: value.to_string(),
            received_at: self.clock.now(),
        };
        let shared = self.shared.clone();
        let wake_up = move |(_, run_key): &(SignalOutcome, Option<i64>)| {
            if let Some(run_key) = run_key {
                shared.ready().wake_up(*run_key);
                shared.changed.notify_one();
            }
        };
        let stored = self.writer.write_then(move |transaction| Box::pin(store(transaction, new)), wake_up).await?;
        Ok(stored.0)
    }

    async fn revive(&self, run: RunId, revival: Revival) -> Result<bool, StorageError> {
        let (now, inline_bytes, shared) = (self.clock.now(), self.inline_bytes, self.shared.clone());
        let order_key = revival.order_key.as_deref().map(Into::into);
        let revived = self
            .writer
            .write_keyed(
                move |transaction, keys| Box::pin(revive(transaction, keys, run, revival, now, inline_bytes)),
                move |revived| {
                    let Some(revived) = *revived else { return };
                    let Revived { run_key, workflow_key, epoch } = revived;
                    let waiting = Waiting { workflow_key, epoch, order_key, crashes: 0, fresh: None };
                    shared.ready().enter(run_key, None, waiting);
                    shared.changed.notify_one();
                },
            )
            .await?;
        Ok(revived.is_some())
    }

    async fn cancel_and_start(&self, run: RunId, starts: Vec<NewEvent>) -> Result<Vec<RunId>, StorageError> {
        let (now, shared) = (self.clock.now(), self.shared.clone());
        let hand_over: Vec<_> = starts.iter().map(|start| self.hand_over(start)).collect();
        let pack = |start| PreparedEvent::pack(start, self.inline_bytes);
        let starts: Vec<PreparedEvent> = starts.into_iter().map(pack).collect::<Result<_, _>>()?;
        let forget = move |cancelled: &Cancelled| {
            let mut ready = shared.ready();
            for (run_key, workflow_key, _) in &cancelled.runs {
                ready.remove(*run_key, *workflow_key);
            }
            if let Some(parent_key) = cancelled.parent_key {
                ready.wake_up(parent_key);
            }
            drop(ready);
            hand_over.into_iter().zip(&cancelled.started).for_each(|(hand_over, stored)| hand_over(stored));
            shared.changed.notify_one();
        };
        let cancelled = self
            .writer
            .write_keyed(move |transaction, keys| Box::pin(cancel(transaction, keys, run, starts, now)), forget)
            .await?;
        Ok(cancelled.runs.into_iter().map(|(_, _, run)| run).collect())
    }

    fn len(&self) -> usize {
        self.shared.ready().len()
    }

    fn waiting_of(&self, workflow_key: i64) -> usize {
        self.shared.ready().waiting_of(workflow_key)
    }
}

/// What a stored record changes in memory.
struct Effect {
    lease: Lease,
    made_progress: bool,
    /// Steps that have a state on record now, and those that had one and have none any more.
    suspended: Vec<StepKey>,
    resumed: Vec<StepKey>,
    change: Change,
}

enum Change {
    None,
    Park(Option<Timestamp>),
    End { parent_key: Option<i64> },
}

impl Effect {
    fn of(record: &PreparedRecord) -> Self {
        let change = match record.next() {
            Next::Continue => Change::None,
            Next::Park { until } => Change::Park(*until),
            Next::End(_) => Change::End { parent_key: record.held.parent.as_ref().map(|(_, parent)| parent.run_key) },
        };
        let made_progress = record.held.crashes > 0 && record.has_finished_steps();
        let suspended = record.steps.iter().filter(|step| step.has_state()).map(PackedStep::key).collect();
        let resumed = record.resumed_steps().filter(|step| !step.has_state()).map(PackedStep::key).collect();
        Self { lease: record.lease, made_progress, suspended, resumed, change }
    }

    fn apply(self, shared: &Shared) {
        let run_key = self.lease.run_key;
        let mut ready = shared.ready();
        if let Some(held) = ready.held(run_key) {
            if !self.suspended.is_empty() || !self.resumed.is_empty() {
                let suspended = Arc::make_mut(&mut held.suspended);
                suspended.extend(self.suspended);
                self.resumed.iter().for_each(|step| _ = suspended.remove(step));
            }
            if self.made_progress {
                held.crashes = 0;
            }
        }
        match self.change {
            Change::None => return,
            Change::Park(until) => {
                ready.put_back(run_key, self.lease.epoch + 1, Some(until.unwrap_or(Timestamp(i64::MAX))));
            }
            Change::End { parent_key } => {
                let next_may_go = ready.finish(run_key);
                if let Some(parent_key) = parent_key {
                    ready.wake_up(parent_key);
                } else if !next_may_go {
                    return;
                }
            }
        }
        drop(ready);
        shared.changed.notify_one();
    }
}
