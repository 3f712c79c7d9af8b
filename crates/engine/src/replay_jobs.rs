//! Many dead runs replayed one after the other, each job at its own speed. What a job has done is stored, so it goes on
//! after a restart, and each run is replayed once: a replay's id follows from its job and its run.

use std::collections::BTreeMap;
use std::time::Duration;

use model::RunId;
use serde::{Deserialize, Serialize};
use storage::{ReplayJob, ReplayJobState, StorageError};
use tokio::time::{Instant, sleep_until};

use crate::engine::Engine;
use crate::replay::{ReplayError, ReplayFrom, ReplayVersion, ReplayWish};

/// How long to wait before a job goes on after the database refused, in milliseconds.
const AGAIN_MS: u64 = 2_000;

/// How a job replays each of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOptions {
    /// From the start instead of from the failed step.
    pub from_start: bool,
    /// With the version that is published now instead of the one of that time.
    pub current: bool,
}

impl Engine {
    /// Carries out replay jobs until [`Engine::stop`] is called.
    pub async fn work_on_replays(&self) {
        let shared = self.shared();
        let mut stopping = shared.stopping();
        let mut due: BTreeMap<i64, Instant> = BTreeMap::new();
        while !*stopping.borrow() {
            let next = match self.replay_what_is_due(&mut due).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "replays could not go on; trying again");
                    Some(Instant::now() + Duration::from_millis(AGAIN_MS))
                }
            };
            let pause = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = pause => {}
                () = shared.replays_added.notified() => {}
                _ = stopping.changed() => {}
            }
        }
    }

    /// Says that there is a new job.
    pub fn replays_were_added(&self) {
        self.shared().replays_added.notify_one();
    }

    /// Replays one run of each job that is due; when the next one is.
    async fn replay_what_is_due(&self, due: &mut BTreeMap<i64, Instant>) -> Result<Option<Instant>, StorageError> {
        let jobs = self.shared().storage.running_replay_jobs().await?;
        due.retain(|key, _| jobs.iter().any(|job| job.key == *key));
        for job in jobs {
            let now = Instant::now();
            let at = *due.entry(job.key).or_insert(now);
            if at > now {
                continue;
            }
            if self.replay_next_of(&job).await? {
                // What was missed, for example while the machine slept, is not made up for in a rush.
                due.insert(job.key, (at + Duration::from_millis(job.pause_ms)).max(now));
            } else {
                due.remove(&job.key);
            }
        }
        Ok(due.values().min().copied())
    }

    /// Replays the next run of a job; false when there was none and the job is over.
    async fn replay_next_of(&self, job: &ReplayJob) -> Result<bool, StorageError> {
        let storage = &self.shared().storage;
        let Some(letter) = storage.next_of_replay_job(job).await? else {
            storage.end_replay_job(job.key, ReplayJobState::Done).await?;
            return Ok(false);
        };
        let options = serde_json::from_value(job.options.clone())?;
        let fault = match self.replay(wish(job, letter.run, options)).await {
            Ok(accepted) => {
                let new = accepted.run.unwrap_or(letter.run);
                storage.settle_dead_letter(letter.run_key, new, job.created_by.clone()).await?;
                None
            }
            // It is no fault of this run, so the job waits.
            Err(ReplayError::Storage(error)) if error.is_passing() => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        storage.note_replay(job.key, letter.run_key, fault).await?;
        Ok(true)
    }
}

fn wish(job: &ReplayJob, run: RunId, options: ReplayOptions) -> ReplayWish {
    let new = RunId::derived(&["replay", &job.id.to_string(), &run.to_string()]);
    let from = if options.from_start { ReplayFrom::Start } else { ReplayFrom::FailedStep };
    let version = if options.current { ReplayVersion::Current } else { ReplayVersion::Original };
    ReplayWish { version, as_run: Some(new), ..ReplayWish::new(run, from) }
}
