//! One run from where it stands to its end, or to the moment at which it must wait.
//!
//! A run is a tree of scopes: the nodes outside of any box, and each turn that is under way in a box. [`crate::plan`] says for
//! each scope what it does next; `work` does it, `turns` opens and ends turns, `suspend` lets steps wait, `restore` builds
//! everything anew after a restart, `ending` and `follow_ups` say what comes of the end.

pub(crate) mod context;
mod ending;
mod follow_ups;
mod journal;
mod open_box;
mod restore;
mod scope;
mod suspend;
mod suspended;
mod turns;
mod work;

use std::time::Duration;

use model::{RunStatus, StepStatus};
use storage::crash_points::{self, CrashPoint};
use storage::queue::{Claim, MOST_CRASHES, Next};

pub(crate) use self::follow_ups::Ended;
pub use self::suspended::Suspended;

use self::work::Work;
use crate::engine::Shared;
use crate::gate::Place;
use crate::live::{Answer, News};
use crate::set_aside::Stranded;

/// How long to wait before something is tried again that the database refused, in milliseconds.
pub(crate) const TRY_AGAIN_MS: u64 = 500;

/// Works on a claimed run until it ends, waits or is taken away.
pub(crate) async fn work_on(shared: &Shared, claim: Claim, place: Place) {
    if claim.is_unread {
        return Box::pin(shared.end_unread(Stranded::from(&claim))).await;
    }
    let prepared =
        shared.definitions.get(&shared.storage, &shared.catalogue, claim.definition_key, claim.workflow_key).await;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::error!(%error, run = %claim.run, "the definition of a run could not be read");
            tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
            return shared.queue.release(claim.lease).await;
        }
    };
    shared.gate.set_limit(claim.workflow_key, prepared.definition.settings.max_parallel_runs);
    let (run, workflow, lease) = (claim.run, prepared.workflow, claim.lease);
    let (crashes, is_resumed) = (claim.crashes, claim.steps.iter().any(|step| step.status == StepStatus::Waiting));
    let mut work = match Work::restore(shared, &prepared, claim, place).await {
        Ok(work) => work,
        Err(error) => {
            tracing::error!(%error, %run, "a run could not be read");
            tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
            return shared.queue.release(lease).await;
        }
    };
    if is_resumed {
        crash_points::reached(CrashPoint::AfterResume);
    }
    shared.live.tell(|| News::Run { workflow, run, status: RunStatus::Running });
    let next = if crashes >= MOST_CRASHES {
        Some(Next::End(work.crashed(crashes)))
    } else {
        Box::pin(work.until_stopped()).await
    };
    let Some(next) = next else { return };
    if let Next::End(ending) = &next {
        work.follow_up(ending).await;
    }
    work.leave_place();
    if work.record(next.clone()).await.is_err() {
        return;
    }
    let status = match &next {
        Next::End(ending) => ending.status,
        _ => RunStatus::Waiting,
    };
    shared.live.tell(|| News::Run { workflow, run, status });
    shared.live.answer(run, || match next {
        Next::End(ending) => Answer::Finished {
            status: ending.status,
            output: work.last_output().cloned().unwrap_or_default(),
            error: ending.error,
        },
        _ => Answer::Waiting,
    });
}
