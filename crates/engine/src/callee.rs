//! Workflows that are started by others: which version runs, and from which trigger.

use std::sync::Arc;

use model::{ErrorCode, NodeError, NodeId, WorkflowId};
use storage::StorageError;

use crate::engine::Shared;
use crate::prepared::Prepared;

/// The field of a called run's event that says how deep in calls it is.
pub(crate) const DEPTH_HEADER: &str = "stellwerk-call-depth";

/// How deep workflows may call each other.
pub(crate) const MOST_CALLS: u32 = 20;

/// A workflow that can be called.
pub(crate) struct Callee {
    pub(crate) workflow_key: i64,
    pub(crate) definition_key: i64,
    pub(crate) version: i32,
    pub(crate) trigger: NodeId,
    pub(crate) prepared: Arc<Prepared>,
}

impl Callee {
    /// The published version of a workflow, which must be active. It begins at its manual trigger, or else at its first one.
    pub(crate) async fn find(shared: &Shared, workflow: WorkflowId) -> Result<Self, NodeError> {
        let record = shared.storage.workflow(workflow).await.map_err(|error| match error {
            StorageError::NotFound { .. } => refused("The workflow that is to be called does not exist any more."),
            other => unread(&other),
        })?;
        let Some(version) = record.published_version.filter(|_| record.active) else {
            let state = if record.published_version.is_some() { "paused" } else { "not published yet" };
            let message = format!("The workflow “{}” cannot be called: it is {state}. Activate it first.", record.name);
            return Err(refused(&message));
        };
        let definition_key =
            shared.storage.version(record.key, version).await.map_err(|error| unread(&error))?.definition_key;
        let definitions = &shared.definitions;
        let prepared = definitions.get(&shared.storage, &shared.catalogue, definition_key, record.key).await;
        let prepared = prepared.map_err(|error| unread(&error))?;
        let Some(trigger) = prepared.entry() else {
            return Err(refused(&format!("The workflow “{}” has no trigger to begin at.", record.name)));
        };
        Ok(Self { workflow_key: record.key, definition_key, version, trigger, prepared })
    }
}

fn refused(message: &str) -> NodeError {
    NodeError::permanent(ErrorCode::Parameter, message).at("workflow")
}

fn unread(error: &StorageError) -> NodeError {
    NodeError::passing(ErrorCode::Internal, format!("The workflow to be called could not be read: {error}."))
}
