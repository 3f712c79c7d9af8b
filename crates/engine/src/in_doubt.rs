//! What a person says about a step of which nobody knows whether it took effect.

use model::definition::OUT;
use model::{NodeId, RunId, RunStatus, StepStatus};
use serde_json::Value;
use storage::queue::Revival;
use storage::{RunRecord, StepRecord, StorageError};

use crate::engine::Engine;
use crate::live::News;
use crate::ordering::order_key_or_own;
use crate::transition::is_for_a_person;

/// What became of a step in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum InDoubtAnswer {
    /// It happened: the run goes on after it.
    Happened {
        /// What the step gives to the steps after it.
        output: Value,
        /// The port that the run goes on along; `out` when none is given.
        port: Option<String>,
    },
    /// It did not happen, or twice does no harm: it is done again, under the same idempotency key.
    Again,
}

impl Engine {
    /// Lets a run go on that is dead because one of its steps is in doubt. False when it is not, or when somebody answered
    /// before. `by` is the person, for the record.
    pub async fn answer_in_doubt(
        &self,
        run: RunId,
        answer: InDoubtAnswer,
        by: Option<String>,
    ) -> Result<bool, StorageError> {
        let shared = self.shared();
        let record = shared.storage.run(run).await?;
        let Some(step) = self.step_in_doubt(&record).await? else { return Ok(false) };
        let step = decided(step, answer, shared.clock.now());
        let order_key = self.order_key_of(&record).await?;
        let revival = Revival { steps: vec![step], attempts: Vec::new(), decided_by: by, order_key };
        let revived = shared.queue.revive(run, revival).await?;
        if revived {
            let workflow = record.workflow;
            shared.live.tell(|| News::Run { workflow, run, status: RunStatus::Running });
        }
        Ok(revived)
    }

    /// What keeps a run in order with others of its workflow. It follows from its event, which never changes.
    async fn order_key_of(&self, run: &RunRecord) -> Result<Option<String>, StorageError> {
        let storage = &self.shared().storage;
        let settings = storage.definition(run.definition_key).await?.settings;
        if settings.order_by.trim().is_empty() {
            return Ok(None);
        }
        Ok(order_key_or_own(&settings, &storage.event_content(run.event).await?))
    }

    /// The step that a dead run is in doubt about.
    pub async fn step_in_doubt(&self, run: &RunRecord) -> Result<Option<StepRecord>, StorageError> {
        let Some(error) = run.error.as_ref().filter(|_| run.status == RunStatus::Dead) else { return Ok(None) };
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let (node, iteration) = (NodeId::from(text("node")), text("iteration"));
        let step = self.shared().storage.run_step(run.key, &node, iteration).await?;
        Ok(step.filter(|step| step.error.as_ref().is_some_and(is_for_a_person)))
    }
}

fn decided(step: StepRecord, answer: InDoubtAnswer, now: model::Timestamp) -> StepRecord {
    let open = StepRecord { error: None, output: None, port: None, retry_at: None, state: None, ..step };
    match answer {
        InDoubtAnswer::Happened { output, port } => StepRecord {
            status: StepStatus::Succeeded,
            port: Some(port.unwrap_or_else(|| OUT.to_owned())),
            output: Some(output),
            finished_at: Some(now),
            ..open
        },
        InDoubtAnswer::Again => StepRecord { status: StepStatus::Running, finished_at: None, ..open },
    }
}
