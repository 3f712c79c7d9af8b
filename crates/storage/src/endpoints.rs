//! The addresses of webhook triggers.

use model::{Definition, EndpointId, WorkflowId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entities::{definition, endpoint, workflow, workflow_version};
use crate::error::StorageError;
use crate::storage::Storage;

/// The address of one webhook trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its key.
    pub key: i64,
    /// The part of its URL that decides.
    pub id: EndpointId,
    /// The trigger's node id.
    pub node: String,
    /// The readable part of its URL.
    pub slug: String,
}

/// All that is needed to receive a request at an address.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointTarget {
    /// The address.
    pub endpoint: Endpoint,
    /// The workflow's key.
    pub workflow_key: i64,
    /// The workflow's id.
    pub workflow: WorkflowId,
    /// Whether its triggers start runs.
    pub active: bool,
    /// The published version with its definition's key and the definition; none while there is only a draft.
    pub published: Option<(i32, i64, Definition)>,
    /// The draft, which says how to read requests as long as nothing is published.
    pub draft: Definition,
}

impl Storage {
    /// The addresses of a workflow's webhook triggers.
    pub async fn endpoints(&self, workflow_key: i64) -> Result<Vec<Endpoint>, StorageError> {
        let rows = endpoint::Entity::find()
            .filter(endpoint::Column::WorkflowId.eq(workflow_key))
            .order_by_asc(endpoint::Column::Id)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(Endpoint::from_row).collect())
    }

    /// What lies behind an address; none when there is no such address or its workflow was deleted.
    pub async fn endpoint_target(&self, id: EndpointId) -> Result<Option<EndpointTarget>, StorageError> {
        let found = endpoint::Entity::find().filter(endpoint::Column::PublicId.eq(id.0)).one(self.read()).await?;
        let Some(row) = found else { return Ok(None) };
        let owner = workflow::Entity::find_by_id(row.workflow_id)
            .filter(workflow::Column::DeletedAt.is_null())
            .one(self.read())
            .await?;
        let Some(owner) = owner else { return Ok(None) };
        let published = match owner.published_version {
            None => None,
            Some(number) => {
                let version = workflow_version::Entity::find_by_id((owner.id, number)).one(self.read()).await?;
                let version = version.ok_or(StorageError::NotFound { what: "version" })?;
                let stored = definition::Entity::find_by_id(version.definition_id).one(self.read()).await?;
                let stored = stored.ok_or(StorageError::NotFound { what: "definition" })?;
                Some((number, stored.id, serde_json::from_str(&stored.document)?))
            }
        };
        Ok(Some(EndpointTarget {
            workflow_key: owner.id,
            workflow: WorkflowId(owner.public_id),
            active: owner.active,
            published,
            draft: serde_json::from_str(&owner.draft)?,
            endpoint: Endpoint::from_row(row),
        }))
    }
}

impl Endpoint {
    fn from_row(row: endpoint::Model) -> Self {
        Self { key: row.id, id: EndpointId(row.public_id), node: row.node_id, slug: row.slug }
    }
}
