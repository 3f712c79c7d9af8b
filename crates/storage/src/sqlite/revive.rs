//! A dead run goes on, because a person has decided what became of the step that it died of.

use model::{RunId, RunStatus, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};

use super::script::Script;
use super::step_rows::{PackedAttempt, PackedStep, add_attempts, add_steps, pack_attempt};
use super::writer::Keys;
use crate::dead_letters::DeadLetterState;
use crate::entities::{dead_letter, queue, run};
use crate::error::StorageError;
use crate::queue::Revival;

/// A run that goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revived {
    pub(super) run_key: i64,
    pub(super) workflow_key: i64,
    pub(super) epoch: i64,
}

/// Writes the steps as given and puts the run back into the queue. None when it is not dead.
pub(super) async fn revive(
    transaction: &DatabaseTransaction,
    keys: &mut Keys,
    id: RunId,
    revival: Revival,
    now: Timestamp,
    inline_bytes: usize,
) -> Result<Option<Revived>, StorageError> {
    let found = run::Entity::find().filter(run::Column::PublicId.eq(id.0)).one(transaction).await?;
    let found = found.ok_or(StorageError::NotFound { what: "run" })?;
    if found.status != RunStatus::Dead.as_str() {
        return Ok(None);
    }
    let run_key = found.id;
    let steps: Vec<PackedStep> = revival
        .steps
        .into_iter()
        .map(|step| PackedStep::pack(run_key, step, inline_bytes))
        .collect::<Result<_, _>>()?;
    let attempts: Vec<PackedAttempt> = revival
        .attempts
        .into_iter()
        .map(|attempt| pack_attempt(run_key, attempt, inline_bytes))
        .collect::<Result<_, _>>()?;
    let mut script = Script::default();
    add_steps(steps.iter(), keys, &mut script)?;
    add_attempts(attempts.iter(), keys, &mut script)?;
    script.run(transaction).await?;
    // Its time limit counts from here: the time that it lay on the desk is not its own.
    run::Entity::update_many()
        .col_expr(run::Column::Status, Expr::value(RunStatus::Running.as_str()))
        .col_expr(run::Column::StartedAt, Expr::value(now.0))
        .col_expr(run::Column::FinishedAt, Expr::value(None::<i64>))
        .col_expr(run::Column::Error, Expr::value(None::<String>))
        .filter(run::Column::Id.eq(run_key))
        .exec(transaction)
        .await?;
    // Later than every lease that there ever was: those count from nought.
    let epoch = now.0;
    let place = queue::ActiveModel {
        run_id: Set(run_key),
        due_at: Set(now.0),
        epoch: Set(epoch),
        lease_owner: Set(None),
        lease_until: Set(None),
        crashes: NotSet,
        order_key: Set(revival.order_key),
    };
    place.insert(transaction).await?;
    dead_letter::Entity::update_many()
        .col_expr(dead_letter::Column::State, Expr::value(DeadLetterState::Resolved.as_str()))
        .col_expr(dead_letter::Column::DecidedAt, Expr::value(now.0))
        .col_expr(dead_letter::Column::DecidedBy, Expr::value(revival.decided_by))
        .filter(dead_letter::Column::RunId.eq(run_key))
        .exec(transaction)
        .await?;
    Ok(Some(Revived { run_key, workflow_key: found.workflow_id, epoch }))
}
