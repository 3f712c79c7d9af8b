//! The run queue over SQLite.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::{Clock, ErrorCode, EventStatus, NodeError, RunId, RunStatus, StepStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use tokio::sync::{Notify, oneshot};

use super::accept::{AcceptJob, PreparedEvent, Stored};
use super::ready::{Fresh, Ready, Waiting};
use super::record::{PreparedRecord, RecordJob};
use super::writer::{Job, Writer};
use crate::crash_points::{self, CrashPoint};
use crate::entities::{queue, run, step};
use crate::error::StorageError;
use crate::queue::{Accepted, Claim, Disposition, Gate, Lease, NewEvent, Next, Parsed, Progress, Queue};
use crate::storage::{Role, StorageSettings};

/// How long a worker sleeps at most before it looks again, in milliseconds, in case the clock was moved.
const LONGEST_SLEEP_MS: u64 = 5_000;

/// The run queue of the one server of a SQLite database.
pub(crate) struct SqliteQueue {
    writer: Writer,
    reader: DatabaseConnection,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    capacity: usize,
    inline_bytes: usize,
    event_memory_bytes: usize,
}

struct Shared {
    ready: Mutex<Ready>,
    changed: Notify,
}

impl Shared {
    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteQueue {
    /// Opens the queue. As the server it takes over every unfinished run: the directory's lock proves that whoever held
    /// them is dead, and a new epoch makes sure of it.
    pub(crate) async fn open(
        writer: Writer,
        reader: DatabaseConnection,
        clock: Arc<dyn Clock>,
        settings: &StorageSettings,
        role: Role,
    ) -> Result<Self, StorageError> {
        let mut ready = Ready::default();
        if role == Role::Server {
            writer.write(|transaction| Box::pin(take_over(transaction))).await?;
            load_unfinished(&reader, &mut ready).await?;
        }
        Ok(Self {
            writer,
            reader,
            clock,
            shared: Arc::new(Shared { ready: Mutex::new(ready), changed: Notify::new() }),
            capacity: settings.queue_capacity,
            inline_bytes: settings.payload_inline_bytes,
            event_memory_bytes: settings.event_memory_bytes,
        })
    }

    /// After the commit: hands a fresh run over in memory, with its event unless too much is kept already.
    fn hand_over(&self, new: &NewEvent) -> impl FnOnce(&Stored) + Send + 'static {
        let shared = self.shared.clone();
        let event_memory_bytes = self.event_memory_bytes;
        let workflow_key = new.workflow_key;
        let start = match &new.disposition {
            Disposition::Start(start) => Some((start.clone(), new.event.clone(), new.raw_body.len())),
            _ => None,
        };
        move |stored: &Stored| {
            let (Some(run_key), Some(run), Some((start, event, body_bytes))) =
                (stored.run_key, stored.accepted.run, start)
            else {
                return;
            };
            // A parsed document takes several times the room of its text.
            let memory_bytes = 2_000 + body_bytes * 4;
            let mut ready = shared.ready();
            let fresh = (ready.fresh_bytes() + memory_bytes <= event_memory_bytes).then(|| Fresh {
                run,
                definition_key: start.definition_key,
                mode: start.mode,
                trigger_node: start.trigger_node,
                created_at: event.received_at,
                event,
                memory_bytes,
            });
            ready.add_due(run_key, Waiting { workflow_key, epoch: 0, fresh });
            drop(ready);
            shared.changed.notify_one();
        }
    }

    async fn claim_of(&self, run_key: i64, waiting: Waiting) -> Result<Option<Claim>, StorageError> {
        let lease = Lease { run_key, epoch: waiting.epoch };
        if let Some(fresh) = waiting.fresh {
            return Ok(Some(Claim {
                lease,
                run: fresh.run,
                workflow_key: waiting.workflow_key,
                definition_key: fresh.definition_key,
                mode: fresh.mode,
                trigger_node: fresh.trigger_node,
                event: fresh.event,
                steps: Vec::new(),
                created_at: fresh.created_at,
                started_at: None,
            }));
        }
        let claim = crate::runs::load_claim(&self.reader, lease).await?;
        if lease.epoch > 0 {
            crash_points::reached(CrashPoint::AfterResume);
        }
        Ok(claim)
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn accept(&self, new: NewEvent) -> Result<Accepted, StorageError> {
        if matches!(new.disposition, Disposition::Start(_)) && self.len() >= self.capacity {
            return Err(StorageError::QueueFull);
        }
        let parsed = match new.parsed {
            Parsed::AsRawJson => None,
            Parsed::Beside => Some(serde_json::to_vec(&new.event.body)?),
        };
        let event = PreparedEvent::pack(&new, parsed, self.inline_bytes)?;
        let hand_over = self.hand_over(&new);
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
        let taken = self.shared.ready().take(limit, self.clock.now(), gate);
        let mut claims = Vec::with_capacity(taken.len());
        for (run_key, waiting) in taken {
            let workflow_key = waiting.workflow_key;
            let reloaded = Waiting { workflow_key, epoch: waiting.epoch, fresh: None };
            match self.claim_of(run_key, waiting).await {
                Ok(Some(claim)) => claims.push(claim),
                Ok(None) => {
                    self.shared.ready().remove(run_key);
                    gate.give_back(workflow_key);
                }
                Err(error) => {
                    tracing::error!(%error, run_key, "a run could not be loaded; it is tried again shortly");
                    gate.give_back(workflow_key);
                    let mut ready = self.shared.ready();
                    ready.let_go(run_key);
                    ready.add_parked(run_key, self.clock.now().plus_ms(LONGEST_SLEEP_MS), reloaded);
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
        let record = PreparedRecord::pack(lease, progress, next.clone(), self.inline_bytes)?;
        let (sender, receiver) = oneshot::channel();
        let shared = self.shared.clone();
        let answer = Box::new(move |result: Result<(), StorageError>| {
            if result.is_ok() {
                apply_in_memory(&shared, lease, &next);
            }
            let _ = sender.send(result);
        });
        self.writer.send(Job::Record(RecordJob { record, answer })).await?;
        receiver.await.map_err(|_| StorageError::Unavailable)?
    }

    async fn release(&self, lease: Lease) {
        let mut ready = self.shared.ready();
        if let Some(workflow_key) = ready.let_go(lease.run_key) {
            ready.add_due(lease.run_key, Waiting { workflow_key, epoch: lease.epoch, fresh: None });
            drop(ready);
            self.shared.changed.notify_one();
        }
    }

    async fn cancel(&self, run: RunId) -> Result<bool, StorageError> {
        let now = self.clock.now();
        let run_key = self.writer.write(move |transaction| Box::pin(cancel(transaction, run, now))).await?;
        if let Some(run_key) = run_key {
            self.shared.ready().remove(run_key);
        }
        Ok(run_key.is_some())
    }

    fn len(&self) -> usize {
        self.shared.ready().len()
    }
}

fn apply_in_memory(shared: &Shared, lease: Lease, next: &Next) {
    let mut ready = shared.ready();
    match next {
        Next::Continue => {}
        Next::Park { until } => {
            if let Some(workflow_key) = ready.let_go(lease.run_key) {
                let waiting = Waiting { workflow_key, epoch: lease.epoch + 1, fresh: None };
                ready.add_parked(lease.run_key, *until, waiting);
            }
            drop(ready);
            shared.changed.notify_one();
        }
        Next::End(_) => {
            ready.let_go(lease.run_key);
        }
    }
}

async fn take_over(transaction: &sea_orm::DatabaseTransaction) -> Result<(), StorageError> {
    queue::Entity::update_many()
        .col_expr(queue::Column::Epoch, Expr::col(queue::Column::Epoch).add(1))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn load_unfinished(reader: &DatabaseConnection, ready: &mut Ready) -> Result<(), StorageError> {
    let rows =
        queue::Entity::find().find_also_related(run::Entity).order_by_asc(queue::Column::RunId).all(reader).await?;
    for (row, run) in rows {
        let Some(run) = run else {
            tracing::error!(run_key = row.run_id, "a queue row refers to a run that does not exist");
            continue;
        };
        let waiting = Waiting { workflow_key: run.workflow_id, epoch: row.epoch, fresh: None };
        if run.status == RunStatus::Waiting.as_str() {
            ready.add_parked(row.run_id, Timestamp(row.due_at), waiting);
        } else {
            ready.add_due(row.run_id, waiting);
        }
    }
    Ok(())
}

async fn cancel(
    transaction: &sea_orm::DatabaseTransaction,
    id: RunId,
    now: Timestamp,
) -> Result<Option<i64>, StorageError> {
    let found = run::Entity::find().filter(run::Column::PublicId.eq(id.0)).one(transaction).await?;
    let found = found.ok_or(StorageError::NotFound { what: "run" })?;
    let deleted = queue::Entity::delete_by_id(found.id).exec(transaction).await?;
    if deleted.rows_affected == 0 {
        return Ok(None);
    }
    cut_off_steps(transaction, found.id, now).await?;
    run::Entity::update_many()
        .col_expr(run::Column::Status, Expr::value(RunStatus::Cancelled.as_str()))
        .col_expr(run::Column::FinishedAt, Expr::value(now.0))
        .filter(run::Column::Id.eq(found.id))
        .exec(transaction)
        .await?;
    Ok(Some(found.id))
}

/// What was under way or waited for its next attempt is over, too.
async fn cut_off_steps(
    transaction: &sea_orm::DatabaseTransaction,
    run_key: i64,
    now: Timestamp,
) -> Result<(), StorageError> {
    let error = NodeError::permanent(ErrorCode::Cancelled, "The run was cancelled by a person.");
    let unfinished = [StepStatus::Running, StepStatus::Waiting].map(StepStatus::as_str);
    step::Entity::update_many()
        .col_expr(step::Column::Status, Expr::value(StepStatus::Failed.as_str()))
        .col_expr(step::Column::Error, Expr::value(serde_json::to_string(&error)?))
        .col_expr(step::Column::FinishedAt, Expr::value(now.0))
        .col_expr(step::Column::RetryAt, Expr::value(None::<i64>))
        .filter(step::Column::RunId.eq(run_key))
        .filter(step::Column::Status.is_in(unfinished))
        .exec(transaction)
        .await?;
    Ok(())
}
