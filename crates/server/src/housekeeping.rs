//! What the server does by itself from time to time: it forgets what is too old, gives room back, and enters new events under
//! the values that they are found by. A person may have more removed at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::Timestamp;
use storage::{Retention, Storage, StorageError, Sweep};
use tokio::sync::Notify;

use crate::config::History;

/// Between two batches others have the database for themselves for as long as the batch took, within these bounds.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

/// How long a new event may wait until it is found by its values.
const ENTER_PAUSE: Duration = Duration::from_secs(1);

/// After how many pauses it is looked up again which fields workflows name.
const LOOK_UP_EVERY: u32 = 10;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Forgetting and tidying up. Cheap to clone.
#[derive(Clone)]
pub struct Housekeeping {
    storage: Storage,
    retention: Retention,
    interval: Duration,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wanted: Notify,
}

/// What housekeeping has done and is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// When the last round ended.
    pub last_round_at: Option<Timestamp>,
    /// What a person wants to be removed.
    pub sweep: Option<Sweep>,
    /// How much of it, or of the last such wish, is removed.
    pub swept: u64,
}

impl Housekeeping {
    /// With the settings' bounds.
    pub fn new(storage: Storage, history: &History) -> Self {
        let days = |days: u32| Some(u64::from(days) * DAY_MS).filter(|keep_ms| *keep_ms > 0);
        let retention = Retention {
            keep_ms: days(history.keep_days),
            keep_runs: Some(history.keep_runs).filter(|keep| *keep > 0),
            keep_total_runs: Some(history.keep_total_runs).filter(|keep| *keep > 0),
            keep_audit_ms: days(history.keep_audit_days),
            batch: u64::from(history.batch),
        };
        let interval = Duration::from_millis(history.interval_ms);
        Self { storage, retention, interval, shared: Arc::default() }
    }

    /// What has been done and is being done.
    pub fn state(&self) -> State {
        *self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has something removed soon. False: an earlier wish is still being fulfilled.
    pub fn sweep(&self, sweep: Sweep) -> bool {
        let is_free = self.change(|state| {
            let is_free = state.sweep.is_none();
            if is_free {
                (state.sweep, state.swept) = (Some(sweep), 0);
            }
            is_free
        });
        self.shared.wanted.notify_one();
        is_free
    }

    /// Works until the task is dropped.
    pub async fn work(self) {
        tokio::join!(self.forget(), self.enter_fields());
    }

    /// One round: everything that is to go now, batch by batch, and then its space.
    pub async fn round(&self) {
        self.fulfil().await;
        loop {
            let began = Instant::now();
            let removed = self.storage.forget_old(self.retention).await.map(|removed| removed > 0);
            let Some(pause) = pause(began, removed, "old runs could not be removed") else { break };
            tokio::time::sleep(pause).await;
        }
        loop {
            let began = Instant::now();
            let given = self.storage.give_back_space().await;
            let Some(pause) = pause(began, given, "free space could not be given back") else { break };
            tokio::time::sleep(pause).await;
        }
        let now = self.storage.now();
        self.change(|state| state.last_round_at = Some(now));
    }

    async fn forget(&self) {
        loop {
            self.round().await;
            let _ = tokio::time::timeout(self.interval, self.shared.wanted.notified()).await;
        }
    }

    /// Removes what a person wants to be removed.
    async fn fulfil(&self) {
        let Some(sweep) = self.state().sweep else { return };
        loop {
            let began = Instant::now();
            let removed = self.storage.sweep(sweep, self.retention.batch).await;
            self.change(|state| state.swept += removed.as_ref().copied().unwrap_or(0));
            let removed = removed.map(|removed| removed > 0);
            let Some(pause) = pause(began, removed, "what a person wanted removed could not be") else { break };
            tokio::time::sleep(pause).await;
        }
        self.change(|state| state.sweep = None);
    }

    async fn enter_fields(&self) {
        let mut named = Vec::new();
        for turn in (0..LOOK_UP_EVERY).cycle() {
            if turn == 0 {
                match self.storage.search_fields().await {
                    Ok(fields) => named = fields,
                    Err(error) => tracing::warn!(%error, "the fields that events are found by could not be read"),
                }
            }
            while !named.is_empty() {
                let began = Instant::now();
                let entered = self.storage.enter_fields(&named).await.map(|entered| entered > 0);
                let Some(pause) = pause(began, entered, "events could not be entered under their values") else {
                    break;
                };
                tokio::time::sleep(pause).await;
            }
            tokio::time::sleep(ENTER_PAUSE).await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long to wait before the next piece of work; none when there is no more of it.
fn pause(began: Instant, has_more: Result<bool, StorageError>, complaint: &str) -> Option<Duration> {
    match has_more {
        Ok(true) => Some(began.elapsed().clamp(PAUSES.0, PAUSES.1)),
        Ok(false) => None,
        Err(error) => {
            tracing::warn!(%error, "{complaint}");
            None
        }
    }
}
