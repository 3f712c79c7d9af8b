//! Runs that end without a word of their own: their work panicked, or even reading them takes the process down.

use std::time::Duration;

use model::{AttemptStatus, ErrorCode, EventId, NodeError, NodeId, RunId, RunStatus, StepStatus, Timestamp};
use serde_json::{Value, json};
use storage::queue::{Claim, Ending, Lease, Next, Progress, RunMode};
use storage::{DeadLetterReason, NewDeadLetter, StorageError};

use crate::dead_letter::dead_letter;
use crate::engine::Shared;
use crate::live::{Answer, News};
use crate::run::{Ended, TRY_AGAIN_MS};
use crate::step::panicked;
use crate::transition::in_doubt;

/// What must be known of a run to end it, whatever becomes of its work.
#[derive(Debug, Clone)]
pub(crate) struct Stranded {
    pub(crate) lease: Lease,
    pub(crate) run: RunId,
    pub(crate) workflow_key: i64,
    pub(crate) definition_key: i64,
    pub(crate) mode: RunMode,
    pub(crate) event: EventId,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) crashes: u32,
}

impl From<&Claim> for Stranded {
    fn from(claim: &Claim) -> Self {
        Self {
            lease: claim.lease,
            run: claim.run,
            workflow_key: claim.workflow_key,
            definition_key: claim.definition_key,
            mode: claim.mode,
            event: claim.event.id,
            started_at: claim.started_at,
            crashes: claim.crashes,
        }
    }
}

impl Shared {
    /// Ends a run whose work panicked. Whoever follows from its end is told as of any other.
    pub(crate) async fn end_panicked(&self, stranded: Stranded) {
        tracing::error!(run = %stranded.run, "a run panicked and was set aside");
        let (mut progress, ending) = self.ending_of(&stranded, DeadLetterReason::Failed, &panicked()).await;
        let (definition_key, workflow_key) = (stranded.definition_key, stranded.workflow_key);
        match self.definitions.get(&self.storage, &self.catalogue, definition_key, workflow_key).await {
            Ok(prepared) => {
                let ended =
                    Ended { shared: self, prepared: &prepared, run: &stranded, output: &Value::Null, context: None };
                progress.starts = ended.followers(&ending).await;
            }
            Err(error) => tracing::error!(%error, run = %stranded.run, "nobody could be told of the end of a run"),
        }
        self.end(&stranded, progress, ending).await;
    }

    /// Ends a run that takes the process down as soon as it is read. Nothing of it is read here.
    pub(crate) async fn end_unread(&self, stranded: Stranded) {
        let message = format!(
            "The server died {} times in a row while it read or worked on this run, so it was set aside unread. The server's log \
             says more.",
            stranded.crashes
        );
        let error = NodeError::permanent(ErrorCode::Crashed, message);
        let (progress, ending) = self.ending_of(&stranded, DeadLetterReason::Crashed, &error).await;
        self.end(&stranded, progress, ending).await;
    }

    /// How such a run ends: in doubt, when something was under way that must not be done twice; else its open steps end with it.
    async fn ending_of(&self, stranded: &Stranded, reason: DeadLetterReason, error: &NodeError) -> (Progress, Ending) {
        let now = self.clock.now();
        let progress = Progress { started_at: stranded.started_at.unwrap_or(now), ..Progress::default() };
        // To guess would be to forget a doubt, so a database that is busy or broken for a while is asked again.
        let open = loop {
            let asked = self.storage.open_intent(stranded.lease.run_key).await;
            let Err(error) = asked else { break asked.ok().flatten() };
            tracing::error!(%error, run = %stranded.run, "whether something was under way could not be read");
            if !error.is_passing() {
                break None;
            }
            tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
        };
        let Some((mut step, mut attempt)) = open else {
            let shown = json!({ "node": null, "error": error });
            let letter = self.letter(stranded, reason, None, error).await;
            let ending =
                Ending { error: Some(shown), closes_steps: Some(Box::new(error.clone())), ..dead(letter, now) };
            return (progress, ending);
        };
        let cause = NodeError::passing(ErrorCode::Connection, "The server failed before an answer came.");
        let doubt = in_doubt(cause);
        (step.status, step.finished_at, step.retry_at, step.state) = (StepStatus::Failed, Some(now), None, None);
        step.error = Some(doubt.clone());
        (attempt.status, attempt.finished_at) = (AttemptStatus::InDoubt, Some(now));
        attempt.error = Some(doubt.clone());
        let mut shown = json!({ "node": step.node, "error": doubt });
        if !step.iteration.is_empty() {
            shown["iteration"] = Value::String(step.iteration.clone());
        }
        let place = Some((step.node.clone(), step.iteration.clone()));
        let letter = self.letter(stranded, DeadLetterReason::InDoubt, place, &doubt).await;
        let progress = Progress { steps: vec![step], attempts: vec![attempt], ..progress };
        (progress, Ending { error: Some(shown), ..dead(letter, now) })
    }

    async fn letter(
        &self,
        stranded: &Stranded,
        reason: DeadLetterReason,
        step: Option<(NodeId, String)>,
        error: &NodeError,
    ) -> Option<NewDeadLetter> {
        let workflow = self.storage.run(stranded.run).await.ok()?.workflow;
        Some(dead_letter(workflow, reason, step, error))
    }

    /// Stores the end, however often that has to be tried, and tells of it.
    async fn end(&self, stranded: &Stranded, progress: Progress, ending: Ending) {
        let (status, error) = (ending.status, ending.error.clone());
        let next = Next::End(ending);
        loop {
            match self.queue.record(stranded.lease, progress.clone(), next.clone()).await {
                Ok(()) => break,
                Err(StorageError::LeaseLost) => return,
                Err(error) => {
                    tracing::error!(%error, run = %stranded.run, "the end of a run could not be stored; trying again");
                    tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
                }
            }
        }
        let run = stranded.run;
        if let Ok(record) = self.storage.run(run).await {
            self.live.tell(|| News::Run { workflow: record.workflow, run, status });
        }
        self.live.answer(run, || Answer::Finished { status, output: Value::Null, error });
    }
}

fn dead(dead_letter: Option<NewDeadLetter>, now: Timestamp) -> Ending {
    Ending { dead_letter, ..Ending::new(RunStatus::Dead, now) }
}
