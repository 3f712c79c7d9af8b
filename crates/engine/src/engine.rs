//! The engine: takes runs from the queue, works on many at a time, and stops in good order.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable};
use model::{Clock, RunId, RunStatus};
use nodes::Catalogue;
use storage::queue::{Claim, Ending, Lease, NewEvent, Queue};
use storage::{Storage, StorageError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::at_work;
use crate::effects::Effects;
use crate::gate::{Place, WorkflowGate};
use crate::live::{Answer, Live, News};
use crate::prepared::PreparedDefinitions;
use crate::run::{Ended, work_on};
use crate::scheduler::Scheduler;
use crate::set_aside::Stranded;
use crate::settings::EngineSettings;
use crate::vault::Vault;

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What every run needs.
pub(crate) struct Shared {
    pub(crate) storage: Storage,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) effects: Effects,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: EngineSettings,
    pub(crate) definitions: PreparedDefinitions,
    pub(crate) live: Live,
    pub(crate) gate: Arc<WorkflowGate>,
    /// A number in 0..1 that spreads retries.
    pub(crate) chance: Box<dyn Fn() -> f64 + Send + Sync>,
    /// Where runs are worked on, once they are.
    pub(crate) home: OnceLock<Handle>,
    /// Wakes whoever carries out replay jobs.
    pub(crate) replays_added: Notify,
    scheduler: tokio::sync::Mutex<Scheduler>,
    at_work: Mutex<HashMap<RunId, AbortHandle>>,
    stopping: watch::Sender<bool>,
}

/// What the engine is made of.
pub struct Parts {
    /// All that is remembered.
    pub storage: Storage,
    /// All node types.
    pub catalogue: Arc<Catalogue>,
    /// The way out.
    pub effects: Effects,
    /// Opens credentials.
    pub vault: Vault,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The limits.
    pub settings: EngineSettings,
    /// Gives a number in 0..1 that spreads retries.
    pub chance: Box<dyn Fn() -> f64 + Send + Sync>,
}

impl Engine {
    /// An engine that does not work yet.
    pub fn new(parts: Parts) -> Self {
        let shared = Shared {
            queue: parts.storage.queue(),
            storage: parts.storage,
            catalogue: parts.catalogue,
            effects: parts.effects,
            vault: parts.vault,
            clock: parts.clock,
            definitions: PreparedDefinitions::default(),
            live: Live::default(),
            gate: Arc::new(WorkflowGate::new(parts.settings.max_parallel_runs)),
            settings: parts.settings,
            chance: parts.chance,
            home: OnceLock::new(),
            replays_added: Notify::new(),
            scheduler: tokio::sync::Mutex::default(),
            at_work: Mutex::default(),
            stopping: watch::channel(false).0,
        };
        Self { shared: Arc::new(shared) }
    }

    /// What every run needs.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What happens right now.
    pub fn live(&self) -> &Live {
        &self.shared.live
    }

    /// Seals and opens credentials.
    pub fn vault(&self) -> &Vault {
        &self.shared.vault
    }

    /// Reads definitions and names anew, for example after a workflow was renamed.
    pub fn forget_definitions(&self) {
        self.shared.definitions.clear();
    }

    /// Ends an unfinished run by a person's wish, and every run that it called. False when it had ended already.
    pub async fn cancel(&self, run: RunId) -> Result<bool, StorageError> {
        // Whatever keeps the sender from being told, a person can always cancel.
        let starts = self.told_of_cancelling(run).await.unwrap_or_else(|error| {
            tracing::error!(%error, %run, "the sender could not be told that a run was cancelled");
            Vec::new()
        });
        let cancelled = self.shared.queue.cancel_and_start(run, starts).await?;
        for run in &cancelled {
            let run = *run;
            if let Some(task) = self.shared.lock_at_work().remove(&run) {
                task.abort();
            }
            let status = RunStatus::Cancelled;
            let record = self.shared.storage.run(run).await?;
            self.shared.live.tell(|| News::Run { workflow: record.workflow, run, status });
            let output = serde_json::Value::Null;
            self.shared.live.answer(run, || Answer::Finished { status, output, error: None });
        }
        Ok(!cancelled.is_empty())
    }

    /// The run that tells the sender that its run was cancelled, if that is wished.
    async fn told_of_cancelling(&self, run: RunId) -> Result<Vec<NewEvent>, StorageError> {
        let shared = &self.shared;
        let record = shared.storage.run(run).await?;
        let definition_key = record.definition_key;
        let workflow_key = shared.storage.workflow_key(record.workflow).await?;
        let prepared = shared.definitions.get(&shared.storage, &shared.catalogue, definition_key, workflow_key).await?;
        // A run is cancelled once: no epoch tells this end from others.
        let lease = Lease { run_key: record.key, epoch: i64::MAX, opening: 0 };
        let (event, mode, started_at) = (record.event, record.mode, record.started_at);
        let run = Stranded { lease, run, workflow_key, definition_key, mode, event, started_at, crashes: 0 };
        let ended = Ended { shared, prepared: &prepared, run: &run, output: &serde_json::Value::Null, context: None };
        let ending = Ending::new(RunStatus::Cancelled, shared.clock.now());
        Ok(ended.call_back(&ending).await.into_iter().collect())
    }

    /// Works until [`Self::stop`] is called, then lets the runs at work end for at most `grace`. What is left over is
    /// resumed at the next start.
    pub async fn work(&self, grace: Duration) {
        let shared = &self.shared;
        shared.home.get_or_init(Handle::current);
        let room = Arc::new(Semaphore::new(shared.settings.max_parallel_runs.max(1)));
        let mut stopping = shared.stopping.subscribe();
        let mut tasks = JoinSet::new();
        let scheduler = tokio::spawn(run_schedules(shared.clone(), shared.stopping.subscribe()));
        while !*stopping.borrow() {
            while tasks.try_join_next().is_some() {}
            let free = room.available_permits();
            let claims = if free == 0 { Vec::new() } else { shared.claim(free).await };
            if claims.is_empty() {
                tokio::select! {
                    () = shared.queue.wait(), if free > 0 => {}
                    () = shared.gate.freed.notified() => {}
                    Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                    _ = stopping.changed() => {}
                }
                continue;
            }
            for claim in claims {
                let Ok(permit) = room.clone().try_acquire_owned() else { break };
                let (handle, registration) = AbortHandle::new_pair();
                shared.lock_at_work().insert(claim.run, handle);
                let shared = shared.clone();
                tasks.spawn(async move {
                    let run = claim.run;
                    // An error means that the run was cancelled, which is stored already.
                    let _ = Abortable::new(shared.guarded(claim), registration).await;
                    shared.lock_at_work().remove(&run);
                    drop(permit);
                });
            }
        }
        // It ends by the same word that ended the loop.
        let _ = scheduler.await;
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::info!(runs = tasks.len(), "runs are still at work; they go on at the next start");
        }
    }

    /// Asks [`Self::work`] to end.
    pub fn stop(&self) {
        self.shared.stopping.send_replace(true);
    }

    /// Works on what is due now, and on what that makes due, until nothing is left. For tests.
    pub async fn run_until_idle(&self) {
        loop {
            let has_more = self.shared.scheduler.lock().await.start_due(&self.shared).await;
            let claims = self.shared.claim(self.shared.settings.max_parallel_runs.max(1)).await;
            if claims.is_empty() && !has_more {
                return;
            }
            futures_util::future::join_all(claims.into_iter().map(|claim| self.shared.guarded(claim))).await;
        }
    }
}

/// Starts the runs of schedules until the engine is asked to stop.
async fn run_schedules(shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let sleep_ms = {
            let mut scheduler = shared.scheduler.lock().await;
            let has_more = scheduler.start_due(&shared).await;
            if has_more { 0 } else { scheduler.sleep_ms(&shared).await }
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => {}
            _ = stopping.changed() => {}
        }
    }
}

impl Shared {
    /// Becomes true when the engine is told to stop.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    async fn claim(&self, limit: usize) -> Vec<Claim> {
        match self.queue.claim(limit, self.gate.as_ref()).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::error!(%error, "no runs could be claimed");
                Vec::new()
            }
        }
    }

    /// Works on a run; a panic ends only this run, and visibly.
    async fn guarded(&self, claim: Claim) {
        let place = Place::new(self.gate.clone(), claim.workflow_key);
        let stranded = Stranded::from(&claim);
        let work = async {
            if AssertUnwindSafe(work_on(self, claim, place)).catch_unwind().await.is_err() {
                Box::pin(self.end_panicked(stranded.clone())).await;
            }
        };
        at_work::for_run(self.storage.crash_marks(), stranded.lease.run_key, work).await;
    }

    fn lock_at_work(&self) -> MutexGuard<'_, HashMap<RunId, AbortHandle>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
