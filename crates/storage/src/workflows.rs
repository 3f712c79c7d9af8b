//! Workflows: their drafts, numbered versions, and whether their triggers start runs.

use model::{Definition, EndpointId, Timestamp, WorkflowId, slug::slug};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Statement,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entities::{definition, endpoint, workflow, workflow_version};
use crate::error::StorageError;
use crate::storage::Storage;

/// A workflow as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRecord {
    /// Its key, for other functions of this crate.
    pub key: i64,
    /// Its id.
    pub id: WorkflowId,
    /// What a person calls it.
    pub name: String,
    /// The editable definition.
    pub draft: Definition,
    /// Counts the changes of name and draft.
    pub revision: i64,
    /// The version that runs; none while it is only a draft.
    pub published_version: Option<i32>,
    /// Whether its triggers start runs.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name, draft or state last changed.
    pub updated_at: Timestamp,
}

/// A numbered version of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// Its number; the first is 1.
    pub version: i32,
    /// The definition, by its key.
    pub definition_key: i64,
    /// When it was published.
    pub published_at: Timestamp,
    /// Who published it.
    pub published_by: Option<String>,
}

/// The version that the triggers of an active workflow start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveVersion {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its key.
    pub workflow_key: i64,
    /// The version's number.
    pub version: i32,
    /// Its definition, by its key.
    pub definition_key: i64,
}

impl WorkflowRecord {
    fn from_row(row: workflow::Model) -> Result<Self, StorageError> {
        Ok(Self {
            key: row.id,
            id: WorkflowId(row.public_id),
            name: row.name,
            draft: serde_json::from_str(&row.draft)?,
            revision: row.revision,
            published_version: row.published_version,
            active: row.active,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

impl VersionRecord {
    fn from_row(row: workflow_version::Model) -> Self {
        Self {
            version: row.version,
            definition_key: row.definition_id,
            published_at: Timestamp(row.published_at),
            published_by: row.published_by,
        }
    }
}

impl Storage {
    /// Makes a workflow with a draft. `webhook_nodes` are the ids of its webhook triggers; each gets an address.
    pub async fn create_workflow(
        &self,
        name: &str,
        draft: &Definition,
        webhook_nodes: Vec<WebhookNode>,
    ) -> Result<WorkflowRecord, StorageError> {
        self.create_workflow_as(WorkflowId::generate(), name, draft, webhook_nodes).await
    }

    /// Makes a workflow that has an id already, for example on another server.
    pub async fn create_workflow_as(
        &self,
        id: WorkflowId,
        name: &str,
        draft: &Definition,
        webhook_nodes: Vec<WebhookNode>,
    ) -> Result<WorkflowRecord, StorageError> {
        let now = self.now();
        let taken = workflow::Entity::find().filter(workflow::Column::PublicId.eq(id.0)).one(self.read()).await?;
        if taken.is_some() {
            return Err(StorageError::AlreadyExists { what: "a deleted workflow with this id" });
        }
        let row = workflow::ActiveModel {
            public_id: Set(id.0),
            name: Set(name.to_owned()),
            draft: Set(serde_json::to_string(draft)?),
            revision: Set(1),
            published_version: Set(None),
            active: Set(false),
            created_at: Set(now.0),
            updated_at: Set(now.0),
            deleted_at: Set(None),
            ..Default::default()
        };
        self.write(move |transaction| {
            Box::pin(async move {
                let row = row.insert(transaction).await?;
                ensure_endpoints(transaction, &row, &webhook_nodes, now).await?;
                WorkflowRecord::from_row(row)
            })
        })
        .await
    }

    /// The workflows that are not deleted, the latest change first.
    pub async fn workflows(&self) -> Result<Vec<WorkflowRecord>, StorageError> {
        let rows = workflow::Entity::find()
            .filter(workflow::Column::DeletedAt.is_null())
            .order_by_desc(workflow::Column::UpdatedAt)
            .order_by_desc(workflow::Column::Id)
            .all(self.read())
            .await?;
        rows.into_iter().map(WorkflowRecord::from_row).collect()
    }

    /// These workflows, except the deleted ones, in no order.
    pub async fn workflows_of(&self, ids: &[WorkflowId]) -> Result<Vec<WorkflowRecord>, StorageError> {
        let rows = workflow::Entity::find()
            .filter(workflow::Column::DeletedAt.is_null())
            .filter(workflow::Column::PublicId.is_in(ids.iter().map(|id| id.0)))
            .all(self.read())
            .await?;
        rows.into_iter().map(WorkflowRecord::from_row).collect()
    }

    /// The names of the workflows that are not deleted, the latest change first.
    pub async fn workflow_names(&self) -> Result<Vec<(WorkflowId, String)>, StorageError> {
        let rows = workflow::Entity::find()
            .filter(workflow::Column::DeletedAt.is_null())
            .select_only()
            .columns([workflow::Column::PublicId, workflow::Column::Name])
            .order_by_desc(workflow::Column::UpdatedAt)
            .order_by_desc(workflow::Column::Id)
            .into_tuple::<(Uuid, String)>()
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(|(id, name)| (WorkflowId(id), name)).collect())
    }

    /// One workflow.
    pub async fn workflow(&self, id: WorkflowId) -> Result<WorkflowRecord, StorageError> {
        WorkflowRecord::from_row(find(self.read(), id).await?)
    }

    /// The key of a workflow, also of a deleted one.
    pub async fn workflow_key(&self, id: WorkflowId) -> Result<i64, StorageError> {
        let row = workflow::Entity::find().filter(workflow::Column::PublicId.eq(id.0)).one(self.read()).await?;
        row.map(|row| row.id).ok_or(StorageError::NotFound { what: "workflow" })
    }

    /// The name and id of a workflow, also of a deleted one, by its key.
    pub async fn workflow_name(&self, key: i64) -> Result<(WorkflowId, String), StorageError> {
        let row = workflow::Entity::find_by_id(key).one(self.read()).await?;
        row.map(|row| (WorkflowId(row.public_id), row.name)).ok_or(StorageError::NotFound { what: "workflow" })
    }

    /// Changes name or draft. `revision` is the one that the change started from; a later one in the database is a conflict.
    pub async fn update_workflow(
        &self,
        id: WorkflowId,
        revision: i64,
        name: Option<String>,
        draft: Option<Definition>,
        webhook_nodes: Vec<WebhookNode>,
    ) -> Result<WorkflowRecord, StorageError> {
        let now = self.now();
        let draft = draft.as_ref().map(serde_json::to_string).transpose()?;
        self.write(move |transaction| {
            Box::pin(async move {
                let row = find(transaction, id).await?;
                if row.revision != revision {
                    return Err(StorageError::RevisionConflict { current: row.revision });
                }
                let mut change = row.into_active_model();
                change.revision = Set(revision + 1);
                change.updated_at = Set(now.0);
                if let Some(name) = name {
                    change.name = Set(name);
                }
                if let Some(draft) = draft {
                    change.draft = Set(draft);
                }
                let row = change.update(transaction).await?;
                ensure_endpoints(transaction, &row, &webhook_nodes, now).await?;
                WorkflowRecord::from_row(row)
            })
        })
        .await
    }

    /// Makes the present draft the next version and the one that runs. An unchanged draft keeps its version.
    pub async fn publish_workflow(
        &self,
        id: WorkflowId,
        revision: i64,
        published_by: Option<String>,
    ) -> Result<(WorkflowRecord, VersionRecord), StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = find(transaction, id).await?;
                if row.revision != revision {
                    return Err(StorageError::RevisionConflict { current: row.revision });
                }
                let definition_key = store_definition(transaction, row.id, &row.draft).await?;
                let last = workflow_version::Entity::find()
                    .filter(workflow_version::Column::WorkflowId.eq(row.id))
                    .order_by_desc(workflow_version::Column::Version)
                    .one(transaction)
                    .await?;
                let version = match last {
                    Some(last) if last.definition_id == definition_key => last,
                    last => {
                        let row = workflow_version::Model {
                            workflow_id: row.id,
                            version: last.map_or(1, |last| last.version + 1),
                            definition_id: definition_key,
                            published_at: now.0,
                            published_by,
                        };
                        row.into_active_model().reset_all().insert(transaction).await?
                    }
                };
                let mut change = row.into_active_model();
                change.published_version = Set(Some(version.version));
                change.updated_at = Set(now.0);
                let row = change.update(transaction).await?;
                Ok((WorkflowRecord::from_row(row)?, VersionRecord::from_row(version)))
            })
        })
        .await
    }

    /// Lets the triggers start runs, or not. The workflow must have a published version to be activated.
    pub async fn set_workflow_active(&self, id: WorkflowId, active: bool) -> Result<WorkflowRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = find(transaction, id).await?;
                if active && row.published_version.is_none() {
                    return Err(StorageError::NotFound { what: "published version" });
                }
                let mut change = row.into_active_model();
                change.active = Set(active);
                change.updated_at = Set(now.0);
                WorkflowRecord::from_row(change.update(transaction).await?)
            })
        })
        .await
    }

    /// Takes a workflow out of all lists and stops its triggers. Its events and runs stay.
    pub async fn delete_workflow(&self, id: WorkflowId) -> Result<(), StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let mut change = find(transaction, id).await?.into_active_model();
                change.active = Set(false);
                change.deleted_at = Set(Some(now.0));
                change.update(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// Brings a deleted workflow back with everything of it; its triggers stay stopped. One that is not deleted stays as it is.
    pub async fn restore_workflow(&self, id: WorkflowId) -> Result<WorkflowRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let found =
                    workflow::Entity::find().filter(workflow::Column::PublicId.eq(id.0)).one(transaction).await?;
                let row = found.ok_or(StorageError::NotFound { what: "workflow" })?;
                if row.deleted_at.is_none() {
                    return WorkflowRecord::from_row(row);
                }
                let mut change = row.into_active_model();
                change.deleted_at = Set(None);
                change.updated_at = Set(now.0);
                WorkflowRecord::from_row(change.update(transaction).await?)
            })
        })
        .await
    }

    /// The versions of a workflow, the latest first.
    pub async fn versions(&self, workflow_key: i64) -> Result<Vec<VersionRecord>, StorageError> {
        let rows = workflow_version::Entity::find()
            .filter(workflow_version::Column::WorkflowId.eq(workflow_key))
            .order_by_desc(workflow_version::Column::Version)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(VersionRecord::from_row).collect())
    }

    /// One version of a workflow.
    pub async fn version(&self, workflow_key: i64, version: i32) -> Result<VersionRecord, StorageError> {
        let row = workflow_version::Entity::find_by_id((workflow_key, version)).one(self.read()).await?;
        row.map(VersionRecord::from_row).ok_or(StorageError::NotFound { what: "version" })
    }

    /// What the triggers of all active workflows start.
    pub async fn active_versions(&self) -> Result<Vec<ActiveVersion>, StorageError> {
        let sql = "SELECT workflows.public_id, workflows.id, workflow_versions.version, workflow_versions.definition_id \
                   FROM workflows JOIN workflow_versions ON workflow_versions.workflow_id = workflows.id \
                   AND workflow_versions.version = workflows.published_version \
                   WHERE workflows.active = 1 AND workflows.deleted_at IS NULL ORDER BY workflows.id";
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let read = |row: &QueryResult| -> Result<ActiveVersion, StorageError> {
            Ok(ActiveVersion {
                workflow: WorkflowId(row.try_get_by_index(0)?),
                workflow_key: row.try_get_by_index(1)?,
                version: row.try_get_by_index(2)?,
                definition_key: row.try_get_by_index(3)?,
            })
        };
        self.read().query_all_raw(statement).await?.iter().map(read).collect()
    }

    /// A stored definition.
    pub async fn definition(&self, key: i64) -> Result<Definition, StorageError> {
        let row = definition::Entity::find_by_id(key).one(self.read()).await?;
        Ok(serde_json::from_str(&row.ok_or(StorageError::NotFound { what: "definition" })?.document)?)
    }

    /// Stores a definition for a run of a draft, and returns its key.
    pub async fn store_definition(&self, workflow_key: i64, definition: &Definition) -> Result<i64, StorageError> {
        let document = serde_json::to_string(definition)?;
        self.write(move |transaction| {
            Box::pin(async move { store_definition(transaction, workflow_key, &document).await })
        })
        .await
    }

    /// The definition that runs; none while there is only a draft.
    pub async fn published_definition(&self, record: &WorkflowRecord) -> Result<Option<Definition>, StorageError> {
        let Some(number) = record.published_version else { return Ok(None) };
        let version = self.version(record.key, number).await?;
        Ok(Some(self.definition(version.definition_key).await?))
    }

    /// How many workflows there are.
    pub async fn count_workflows(&self) -> Result<u64, StorageError> {
        Ok(workflow::Entity::find().filter(workflow::Column::DeletedAt.is_null()).count(self.read()).await?)
    }
}

/// A webhook trigger that needs an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookNode {
    /// The node's id.
    pub node: String,
    /// The readable part of its URL that a person wants; none for one made from the workflow's name.
    pub slug: Option<String>,
}

async fn find(connection: &impl ConnectionTrait, id: WorkflowId) -> Result<workflow::Model, StorageError> {
    let row = workflow::Entity::find()
        .filter(workflow::Column::PublicId.eq(id.0))
        .filter(workflow::Column::DeletedAt.is_null())
        .one(connection)
        .await?;
    row.ok_or(StorageError::NotFound { what: "workflow" })
}

/// Gives each webhook trigger an address. One that has an address keeps it for ever; only its readable part may change.
async fn ensure_endpoints(
    transaction: &DatabaseTransaction,
    row: &workflow::Model,
    nodes: &[WebhookNode],
    now: Timestamp,
) -> Result<(), StorageError> {
    for node in nodes {
        let wanted = node.slug.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&row.name);
        let address = endpoint::ActiveModel {
            public_id: Set(EndpointId::generate().0),
            workflow_id: Set(row.id),
            node_id: Set(node.node.clone()),
            slug: Set(slug(wanted)),
            created_at: Set(now.0),
            ..Default::default()
        };
        let keep_address = OnConflict::columns([endpoint::Column::WorkflowId, endpoint::Column::NodeId])
            .update_column(endpoint::Column::Slug)
            .to_owned();
        endpoint::Entity::insert(address).on_conflict(keep_address).exec_without_returning(transaction).await?;
    }
    Ok(())
}

async fn store_definition(
    transaction: &DatabaseTransaction,
    workflow_key: i64,
    document: &str,
) -> Result<i64, StorageError> {
    let digest = Sha256::digest(document.as_bytes()).to_vec();
    let known = definition::Entity::find()
        .filter(definition::Column::WorkflowId.eq(workflow_key))
        .filter(definition::Column::Digest.eq(digest.clone()))
        .select_only()
        .expr(Expr::col(definition::Column::Id))
        .into_tuple::<i64>()
        .one(transaction)
        .await?;
    if let Some(key) = known {
        return Ok(key);
    }
    let row = definition::ActiveModel {
        workflow_id: Set(workflow_key),
        digest: Set(digest),
        document: Set(document.to_owned()),
        ..Default::default()
    };
    Ok(row.insert(transaction).await?.id)
}
