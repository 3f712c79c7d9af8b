//! What a run at work has achieved and the database does not know yet.

use std::collections::HashMap;
use std::time::Duration;

use model::{NodeId, StepStatus, Timestamp};
use storage::queue::{NewEvent, Next, Progress};
use storage::{AttemptRecord, StepRecord, StorageError};

use super::TRY_AGAIN_MS;
use super::scope::ScopeKey;
use super::work::Work;
use crate::at_work;

/// So many steps are recorded at once at the latest: a long loop neither piles up in memory nor starts over after a crash.
const MOST_STEPS: usize = 256;

/// What is new.
#[derive(Default)]
pub(super) struct Journal {
    steps: Vec<StepRecord>,
    attempts: Vec<AttemptRecord>,
    starts: Vec<NewEvent>,
    /// Turns of which a step is new.
    turns: Vec<ScopeKey>,
    /// Something happened outside that the database does not know.
    must_record: bool,
}

impl Journal {
    /// Notes an attempt that is worth keeping by itself.
    pub(super) fn add_attempt(&mut self, attempt: AttemptRecord) {
        self.attempts.push(attempt);
    }

    /// Notes a run to start together with what is new.
    pub(super) fn add_start(&mut self, event: NewEvent) {
        self.starts.push(event);
    }

    /// Something happened, or is to happen, that must be on disk before anything else happens outside.
    pub(super) fn must_record(&mut self) {
        self.must_record = true;
    }

    /// Whether something must be on disk before anything else happens outside.
    pub(super) fn is_urgent(&self) -> bool {
        self.must_record
    }

    /// Whether enough is new to be recorded for that alone.
    pub(super) fn is_full(&self) -> bool {
        self.steps.len() >= MOST_STEPS
    }
}

impl Work<'_> {
    /// Notes how a step of a scope stands.
    pub(super) fn note_step(&mut self, scope: ScopeKey, step: StepRecord) {
        self.journal.steps.push(step);
        if self.scopes.get(&scope).is_some_and(|scope| scope.turn_of.is_some() && !scope.is_on_record) {
            self.journal.turns.push(scope);
        }
    }

    /// Notes how a turn stands that is over. Its scope is gone already.
    pub(super) fn note_ended_turn(&mut self, around: ScopeKey, turn: StepRecord) {
        self.note_step(around, turn);
    }

    /// Stores what is new. While the database refuses, it is tried again: the run's work must not be lost.
    pub(crate) async fn record(&mut self, next: Next) -> Result<(), StorageError> {
        at_work::busy();
        self.note_turns_under_way();
        let progress = Progress {
            started_at: self.started_at,
            steps: latest_of_each(std::mem::take(&mut self.journal.steps)),
            attempts: std::mem::take(&mut self.journal.attempts),
            starts: std::mem::take(&mut self.journal.starts),
        };
        self.journal.must_record = false;
        loop {
            match self.shared.queue.record(self.claim.lease, progress.clone(), next.clone()).await {
                Ok(()) => return Ok(()),
                Err(StorageError::LeaseLost) => {
                    tracing::info!(run = %self.claim.run, "the run was cancelled or taken over meanwhile");
                    return Err(StorageError::LeaseLost);
                }
                Err(error) => {
                    tracing::error!(%error, run = %self.claim.run, "progress could not be stored; trying again");
                    tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
                }
            }
        }
    }

    /// A turn has a row of its own as long as one of its steps is on record, so that a restart finds the steps.
    fn note_turns_under_way(&mut self) {
        for key in std::mem::take(&mut self.journal.turns) {
            let Some(scope) = self.scopes.get_mut(&key).filter(|scope| !scope.is_on_record) else { continue };
            let Some((of, _)) = scope.turn_of else { continue };
            scope.is_on_record = true;
            let (iteration, started_at) = (scope.iteration.as_ref().to_owned(), scope.started_at);
            let node = self.node_id(of).clone();
            self.journal.steps.push(turn_record(node, iteration, StepStatus::Running, started_at));
        }
    }
}

/// A turn's row, which has the box's node.
pub(super) fn turn_record(node: NodeId, iteration: String, status: StepStatus, started_at: Timestamp) -> StepRecord {
    StepRecord {
        node,
        iteration,
        status,
        port: None,
        output: None,
        error: None,
        attempts: 1,
        started_at,
        finished_at: None,
        retry_at: None,
        state: None,
    }
}

/// One statement cannot write the same row twice, so of each step only the latest state goes along.
fn latest_of_each(steps: Vec<StepRecord>) -> Vec<StepRecord> {
    let mut places: HashMap<(NodeId, String), usize> = HashMap::with_capacity(steps.len());
    let mut latest: Vec<StepRecord> = Vec::with_capacity(steps.len());
    for step in steps {
        match places.entry((step.node.clone(), step.iteration.clone())) {
            std::collections::hash_map::Entry::Occupied(known) => latest[*known.get()] = step,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(latest.len());
                latest.push(step);
            }
        }
    }
    latest
}
