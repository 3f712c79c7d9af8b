//! The addresses of webhook triggers.

use model::{Definition, EndpointId, Timestamp, WorkflowId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, Statement};

use crate::entities::{definition, endpoint, workflow, workflow_version};
use crate::error::StorageError;
use crate::moments::{Timeline, first_key_since};
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

/// An address and what came in at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointOverview {
    /// The address.
    pub endpoint: Endpoint,
    /// The workflow's id.
    pub workflow: WorkflowId,
    /// The workflow's name.
    pub workflow_name: String,
    /// Whether the workflow has a published version.
    pub is_published: bool,
    /// Whether its triggers start runs.
    pub active: bool,
    /// How many events came in since the asked moment.
    pub recent_events: i64,
    /// When the latest event came in.
    pub last_event_at: Option<Timestamp>,
}

/// Each address by two steps into the index of its events; the address that was used last comes first.
const OVERVIEW: &str = "SELECT e.id, e.public_id, e.node_id, e.slug, w.public_id, w.name, w.published_version, w.active, \
     (SELECT COUNT(*) FROM events v WHERE v.endpoint_id = e.id AND v.id >= ?), \
     (SELECT v.received_at FROM events v WHERE v.endpoint_id = e.id ORDER BY v.id DESC LIMIT 1) AS last_event_at \
     FROM endpoints e JOIN workflows w ON w.id = e.workflow_id WHERE w.deleted_at IS NULL \
     ORDER BY last_event_at IS NULL, last_event_at DESC, w.name, e.id";

impl Storage {
    /// All addresses of workflows that are not deleted, the one that was used last first. Events since `since` are counted.
    pub async fn endpoint_overview(&self, since: Timestamp) -> Result<Vec<EndpointOverview>, StorageError> {
        let first_key = first_key_since(self.read(), Timeline::Events, since).await?;
        let backend = self.read().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, OVERVIEW, [first_key.into()]);
        let rows = self.read().query_all_raw(statement).await?;
        rows.iter().map(EndpointOverview::from_row).collect()
    }

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

impl EndpointOverview {
    fn from_row(row: &QueryResult) -> Result<Self, StorageError> {
        Ok(Self {
            endpoint: Endpoint {
                key: row.try_get_by_index(0)?,
                id: EndpointId(row.try_get_by_index(1)?),
                node: row.try_get_by_index(2)?,
                slug: row.try_get_by_index(3)?,
            },
            workflow: WorkflowId(row.try_get_by_index(4)?),
            workflow_name: row.try_get_by_index(5)?,
            is_published: row.try_get_by_index::<Option<i32>>(6)?.is_some(),
            active: row.try_get_by_index(7)?,
            recent_events: row.try_get_by_index(8)?,
            last_event_at: row.try_get_by_index::<Option<i64>>(9)?.map(Timestamp),
        })
    }
}

impl Endpoint {
    fn from_row(row: endpoint::Model) -> Self {
        Self { key: row.id, id: EndpointId(row.public_id), node: row.node_id, slug: row.slug }
    }
}
