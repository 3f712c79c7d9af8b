//! The third contract: how events become runs, and how runs make progress, so that nothing acknowledged is ever lost.
//!
//! Each method is one transaction. A run is *held* by one worker at a time under a [`Lease`]; what a worker writes is refused
//! once its lease is gone. The conformance suite in `tests/it/queue.rs` says what every implementation must do.

mod types;

use async_trait::async_trait;
use model::{NodeId, RunId};
use serde_json::Value;

use crate::error::StorageError;
pub use types::{
    Accepted, Claim, Disposition, Ending, Gate, GivenParams, Lease, MOST_CRASHES, NewEvent, Next, Over, ParentLink,
    Parsed, Progress, Reschedule, Revival, RunMode, Signal, SignalOutcome, StartRun, Turn,
};

/// The queue of unfinished runs.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Stores an event and, if it is to start one, its run with a place in the queue. It is on disk when this returns.
    ///
    /// A second event with the same endpoint and `dedup_key` starts nothing and gets the ids of the first. An event that is
    /// to start a run which there is already (see [`model::RunId::derived`]) is not even stored; it gets that run's ids.
    async fn accept(&self, event: NewEvent) -> Result<Accepted, StorageError>;

    /// Takes up to `limit` runs that are due and that `gate` admits. Does not wait.
    async fn claim(&self, limit: usize, gate: &dyn Gate) -> Result<Vec<Claim>, StorageError>;

    /// Waits until [`Self::claim`] may find something: a new run, or a moment that a parked one waits for.
    /// It may return early; it never misses.
    async fn wait(&self);

    /// Stores what a held run has achieved and what becomes of it. It is on disk when this returns.
    async fn record(&self, lease: Lease, progress: Progress, next: Next) -> Result<(), StorageError>;

    /// Gives a held run back unchanged, for example at shutdown.
    async fn release(&self, lease: Lease);

    /// Brings a step what it waits for. The run is due at once; if it is held just now, it is due as soon as it is parked.
    /// Of several signals for one step the first one counts.
    async fn signal(
        &self,
        run: RunId,
        node: &NodeId,
        iteration: &str,
        value: Value,
    ) -> Result<SignalOutcome, StorageError>;

    /// Lets a dead run go on with the steps as given; its time limit begins anew. False when it is not dead.
    async fn revive(&self, run: RunId, revival: Revival) -> Result<bool, StorageError>;

    /// Ends an unfinished run by a person's wish, whoever holds it, and every run that it called and waits for. Returns
    /// these runs; none when it had ended already.
    async fn cancel(&self, run: RunId) -> Result<Vec<RunId>, StorageError> {
        self.cancel_and_start(run, Vec::new()).await
    }

    /// The same; if the run ends by this, the runs of these events begin in the same transaction.
    async fn cancel_and_start(&self, run: RunId, starts: Vec<NewEvent>) -> Result<Vec<RunId>, StorageError>;

    /// How many runs are unfinished.
    fn len(&self) -> usize;

    /// How many runs of a workflow wait for their turn. Neither those at work count nor those that wait for something else.
    fn waiting_of(&self, workflow_key: i64) -> usize;

    /// Whether no run is unfinished.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
