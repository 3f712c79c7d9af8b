//! What the editor uses as example data: one value for each node of a workflow, drawn or not yet saved.

use model::{EventId, NodeId, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entities::sample;
use crate::error::StorageError;
use crate::storage::Storage;

/// The most samples that one workflow may have; as many as it may have nodes.
const MAX_SAMPLES: u64 = model::check::MAX_NODES as u64;

/// Where a sample comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleSource {
    /// A stored event.
    Event,
    /// A person wrote it.
    Edited,
    /// The step was tested and this came out.
    Test,
}

/// Example data of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRecord {
    /// The node; it need not be in the saved draft.
    pub node: NodeId,
    /// Where it comes from.
    pub source: SampleSource,
    /// The event that it was taken from. The event itself may have been forgotten meanwhile.
    pub event: Option<EventId>,
    /// The data: for a trigger method, headers, query and body; otherwise the step's output.
    pub value: Value,
    /// When it was set.
    pub updated_at: Timestamp,
}

impl Storage {
    /// The samples of a workflow by node.
    pub async fn samples(&self, workflow_key: i64) -> Result<Vec<SampleRecord>, StorageError> {
        let rows = sample::Entity::find()
            .filter(sample::Column::WorkflowId.eq(workflow_key))
            .order_by_asc(sample::Column::NodeId)
            .all(self.read())
            .await?;
        rows.into_iter().map(SampleRecord::from_row).collect()
    }

    /// Sets the sample of a node, in place of the one before.
    pub async fn set_sample(
        &self,
        workflow_key: i64,
        node: NodeId,
        source: SampleSource,
        event: Option<EventId>,
        value: Value,
    ) -> Result<SampleRecord, StorageError> {
        let record = SampleRecord { node, source, event, value, updated_at: self.now() };
        let row = sample::ActiveModel {
            workflow_id: Set(workflow_key),
            node_id: Set(record.node.0.clone()),
            source: Set(record.source.as_str().to_owned()),
            event_id: Set(record.event.map(|event| event.0)),
            value: Set(record.value.to_string()),
            updated_at: Set(record.updated_at.0),
        };
        let node = record.node.0.clone();
        self.write(move |transaction| {
            Box::pin(async move {
                let of_others = sample::Entity::find()
                    .filter(sample::Column::WorkflowId.eq(workflow_key))
                    .filter(sample::Column::NodeId.ne(node))
                    .count(transaction)
                    .await?;
                if of_others >= MAX_SAMPLES {
                    return Err(StorageError::TooMany { what: "samples of this workflow", limit: MAX_SAMPLES });
                }
                let replace = OnConflict::columns([sample::Column::WorkflowId, sample::Column::NodeId])
                    .update_columns([
                        sample::Column::Source,
                        sample::Column::EventId,
                        sample::Column::Value,
                        sample::Column::UpdatedAt,
                    ])
                    .to_owned();
                sample::Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await?;
                Ok(())
            })
        })
        .await?;
        Ok(record)
    }

    /// Removes the sample of a node.
    pub async fn delete_sample(&self, workflow_key: i64, node: NodeId) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let deleted = sample::Entity::delete_by_id((workflow_key, node.0)).exec(transaction).await?;
                if deleted.rows_affected == 0 { Err(StorageError::NotFound { what: "sample" }) } else { Ok(()) }
            })
        })
        .await
    }
}

impl SampleSource {
    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Edited => "edited",
            Self::Test => "test",
        }
    }

    fn from_stored(text: &str) -> Self {
        match text {
            "event" => Self::Event,
            "test" => Self::Test,
            _ => Self::Edited,
        }
    }
}

impl SampleRecord {
    fn from_row(row: sample::Model) -> Result<Self, StorageError> {
        Ok(Self {
            node: NodeId(row.node_id),
            source: SampleSource::from_stored(&row.source),
            event: row.event_id.map(EventId),
            value: serde_json::from_str(&row.value)?,
            updated_at: Timestamp(row.updated_at),
        })
    }
}
