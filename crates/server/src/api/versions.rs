//! Published versions.

use actix_web::web::{Data, Json, Path};
use model::{Definition, Timestamp, WorkflowId};
use serde::Serialize;
use storage::{Storage, VersionRecord};
use utoipa::ToSchema;

use super::Items;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// A version in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionSummary {
    /// Its number; the first is 1.
    pub version: i32,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// Who published it.
    pub published_by: Option<String>,
    #[serde(skip)]
    pub(super) definition_key: i64,
}

/// A version with its definition.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionDetail {
    /// What the list shows, too.
    #[serde(flatten)]
    pub summary: VersionSummary,
    /// The definition; it never changes.
    #[schema(value_type = Object)]
    pub definition: Definition,
}

/// Lists the versions of a workflow, the latest first.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/versions", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<VersionSummary>)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
) -> Result<Json<Items<VersionSummary>>, Problem> {
    let record = storage.workflow(*id).await?;
    let items = storage.versions(record.key).await?.into_iter().map(Into::into).collect();
    Ok(Json(Items { items }))
}

/// Reads one version with its definition.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/versions/{version}", tag = "workflows",
    params(("id" = Uuid, Path), ("version" = i32, Path)),
    responses((status = 200, body = VersionDetail), (status = 404, body = ProblemDocument)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    path: Path<(WorkflowId, i32)>,
) -> Result<Json<VersionDetail>, Problem> {
    let (id, version) = path.into_inner();
    let record = storage.workflow(id).await?;
    let summary: VersionSummary = storage.version(record.key, version).await?.into();
    let definition = storage.definition(summary.definition_key).await?;
    Ok(Json(VersionDetail { summary, definition }))
}

impl From<VersionRecord> for VersionSummary {
    fn from(record: VersionRecord) -> Self {
        Self {
            version: record.version,
            published_at: record.published_at,
            published_by: record.published_by,
            definition_key: record.definition_key,
        }
    }
}
