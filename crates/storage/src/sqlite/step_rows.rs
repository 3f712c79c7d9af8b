//! Steps and attempts on their way into their tables.

use model::{AttemptStatus, StepStatus};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, IntoActiveModel};

use super::ready::StepKey;
use super::script::{Replace, Script};
use super::writer::Keys;
use crate::entities::{attempt, payload, step};
use crate::error::StorageError;
use crate::payload::{Payload, into_text};
use crate::runs::{AttemptRecord, StepRecord};

/// A step with everything packed that takes time.
#[derive(Debug, Clone)]
pub(super) struct PackedStep {
    pub(super) row: step::Model,
    output: Option<Payload>,
    state: Option<Payload>,
}

impl PackedStep {
    /// Packs a step of a run.
    pub(super) fn pack(run_key: i64, step: StepRecord, inline_bytes: usize) -> Result<Self, StorageError> {
        let pack = |value: Option<serde_json::Value>| -> Result<Option<Payload>, StorageError> {
            value.map(|value| Payload::pack(serde_json::to_vec(&value)?, inline_bytes)).transpose()
        };
        Ok(Self {
            output: pack(step.output)?,
            state: pack(step.state)?,
            row: step::Model {
                run_id: run_key,
                node_id: step.node.0,
                iteration: step.iteration,
                status: step.status.as_str().to_owned(),
                port: step.port,
                output: None,
                output_payload_id: None,
                error: step.error.as_ref().map(serde_json::to_string).transpose()?,
                attempts: i32::try_from(step.attempts).unwrap_or(i32::MAX),
                started_at: step.started_at.0,
                finished_at: step.finished_at.map(|time| time.0),
                retry_at: step.retry_at.map(|time| time.0),
                state: None,
                state_payload_id: None,
            },
        })
    }

    /// Which step of its run it is.
    pub(super) fn key(&self) -> StepKey {
        (self.row.node_id.clone(), self.row.iteration.clone())
    }

    /// Whether the step wants something back when it goes on.
    pub(super) fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Whether the step is over.
    pub(super) fn is_final(&self) -> bool {
        self.row.status.parse().is_ok_and(StepStatus::is_final)
    }

    /// The row, and what of it goes aside.
    fn split(
        &self,
        keys: &mut Keys,
        payloads: &mut Vec<payload::ActiveModel>,
    ) -> Result<step::ActiveModel, StorageError> {
        let mut row = self.row.clone();
        (row.output, row.output_payload_id) = place(self.output.as_ref(), keys, payloads)?;
        (row.state, row.state_payload_id) = place(self.state.as_ref(), keys, payloads)?;
        let mut row = row.into_active_model();
        if self.state.is_none() {
            // Columns that no row of a statement sets are left out of it.
            (row.state, row.state_payload_id) = (NotSet, NotSet);
        }
        Ok(row)
    }
}

fn place(
    value: Option<&Payload>,
    keys: &mut Keys,
    payloads: &mut Vec<payload::ActiveModel>,
) -> Result<(Option<String>, Option<i64>), StorageError> {
    let Some(value) = value else { return Ok((None, None)) };
    let (inline, aside) = value.clone().split(&mut keys.payload);
    let id = aside.as_ref().and_then(|aside| aside.id.clone().take());
    payloads.extend(aside);
    Ok((inline.map(into_text).transpose()?, id))
}

/// Adds steps to the script.
pub(super) fn add_steps<'a>(
    steps: impl Iterator<Item = &'a PackedStep>,
    keys: &mut Keys,
    script: &mut Script,
) -> Result<(), StorageError> {
    let mut payloads = Vec::new();
    let rows: Vec<_> = steps.map(|step| step.split(keys, &mut payloads)).collect::<Result<_, _>>()?;
    script.insert(payloads);
    script.replace(rows, &UNFINISHED_STEPS);
    Ok(())
}

/// Adds a step of a run whose key was not known when it was packed.
pub(super) fn add_copied(
    steps: &[PackedStep],
    run_key: i64,
    keys: &mut Keys,
    payloads: &mut Vec<payload::ActiveModel>,
) -> Result<Vec<step::ActiveModel>, StorageError> {
    let copy = |step: &PackedStep| {
        let mut row = step.split(keys, payloads)?;
        row.run_id = Set(run_key);
        Ok(row)
    };
    steps.iter().map(copy).collect()
}

/// An attempt with everything packed that takes time.
#[derive(Debug, Clone)]
pub(super) struct PackedAttempt {
    row: attempt::Model,
    exchanges: Option<Payload>,
}

/// Packs an attempt of a run.
pub(super) fn pack_attempt(
    run_id: i64,
    attempt: AttemptRecord,
    inline_bytes: usize,
) -> Result<PackedAttempt, StorageError> {
    let exchanges = &attempt.exchanges;
    let exchanges = (!exchanges.is_empty()).then(|| serde_json::to_vec(exchanges)).transpose()?;
    let row = attempt::Model {
        run_id,
        node_id: attempt.node.0,
        iteration: attempt.iteration,
        number: i32::try_from(attempt.number).unwrap_or(i32::MAX),
        status: attempt.status.as_str().to_owned(),
        started_at: attempt.started_at.0,
        finished_at: attempt.finished_at.map(|time| time.0),
        error: attempt.error.as_ref().map(serde_json::to_string).transpose()?,
        exchanges: None,
        exchanges_payload_id: None,
    };
    // What stands there only until the attempt is over stays in the row, where its end replaces it.
    let inline_bytes = if attempt.status == AttemptStatus::Started { usize::MAX } else { inline_bytes };
    let exchanges = exchanges.map(|bytes| Payload::pack(bytes, inline_bytes)).transpose()?;
    Ok(PackedAttempt { row, exchanges })
}

/// Adds attempts to the script.
pub(super) fn add_attempts<'a>(
    attempts: impl Iterator<Item = &'a PackedAttempt>,
    keys: &mut Keys,
    script: &mut Script,
) -> Result<(), StorageError> {
    let mut payloads = Vec::new();
    let mut rows = Vec::new();
    for attempt in attempts {
        let mut row = attempt.row.clone();
        (row.exchanges, row.exchanges_payload_id) = place(attempt.exchanges.as_ref(), keys, &mut payloads)?;
        rows.push(row.into_active_model());
    }
    script.insert(payloads);
    script.replace(rows, &ATTEMPTS);
    Ok(())
}

const ATTEMPTS: Replace<attempt::Column> = {
    use attempt::Column;
    Replace {
        key: &[Column::RunId, Column::NodeId, Column::Iteration, Column::Number],
        columns: &[Column::Status, Column::FinishedAt, Column::Error, Column::Exchanges, Column::ExchangesPayloadId],
        unless: None,
    }
};

/// The last arbiter: whoever writes a step that has succeeded already changes nothing.
const UNFINISHED_STEPS: Replace<step::Column> = {
    use step::Column;
    Replace {
        key: &[Column::RunId, Column::NodeId, Column::Iteration],
        columns: &[
            Column::Status,
            Column::Port,
            Column::Output,
            Column::OutputPayloadId,
            Column::Error,
            Column::Attempts,
            Column::FinishedAt,
            Column::RetryAt,
            Column::State,
            Column::StatePayloadId,
        ],
        unless: Some((Column::Status, "succeeded")),
    }
};
