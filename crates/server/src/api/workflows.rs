//! Workflows and their drafts.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use engine::Engine;
use model::{Definition, Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use storage::{Storage, WorkflowRecord};
use utoipa::ToSchema;

use super::Items;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::webhooks::{Endpoints, webhook_nodes};

/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// A workflow in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: WorkflowId,
    /// What a person calls it.
    pub name: String,
    /// Counts the changes of name and draft; give it back with the next change.
    pub revision: i64,
    /// `draft`, `active` or `paused`.
    pub state: &'static str,
    /// Whether its triggers start runs.
    pub active: bool,
    /// The version that runs; null while it is only a draft.
    pub published_version: Option<i32>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A workflow with its draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowDetail {
    /// What the list shows, too.
    #[serde(flatten)]
    pub summary: WorkflowSummary,
    /// The editable definition.
    #[schema(value_type = Object)]
    pub definition: Definition,
}

/// A workflow to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkflow {
    /// What a person calls it.
    pub name: String,
    /// The draft to begin with; empty when left out.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub definition: Definition,
}

/// A change to a workflow. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowChange {
    /// The revision that the change starts from; when it is not the latest, the change is refused.
    pub revision: i64,
    /// The new name.
    pub name: Option<String>,
    /// The new draft.
    #[schema(value_type = Object)]
    pub definition: Option<Definition>,
}

/// How to copy a workflow.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// The copy's name; the original's with “(copy)” behind it when left out.
    pub name: Option<String>,
}

/// Lists all workflows, the latest change first.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", responses((status = 200, body = Items<WorkflowSummary>)))]
pub async fn list(_caller: Caller, storage: Data<Storage>) -> Result<Json<Items<WorkflowSummary>>, Problem> {
    let items = storage.workflows().await?.iter().map(WorkflowSummary::of).collect();
    Ok(Json(Items { items }))
}

/// Makes a workflow as a draft. Its webhook triggers have their addresses at once.
#[utoipa::path(post, path = "/api/v1/workflows", tag = "workflows", request_body = NewWorkflow,
    responses((status = 201, body = WorkflowDetail), (status = 422, body = ProblemDocument)))]
pub async fn create(_caller: Caller, storage: Data<Storage>, new: Json<NewWorkflow>) -> Result<HttpResponse, Problem> {
    let new = new.into_inner();
    let name = checked_name(&new.name)?;
    let webhooks = webhook_nodes(&new.definition);
    let record = storage.create_workflow(&name, &new.definition, webhooks).await?;
    Ok(created(record))
}

/// Reads a workflow with its draft.
#[utoipa::path(get, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkflowDetail), (status = 404, body = ProblemDocument)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
) -> Result<Json<WorkflowDetail>, Problem> {
    Ok(Json(WorkflowDetail::of(storage.workflow(*id).await?)))
}

/// Changes name or draft. A change that started from an outdated revision is refused with 409.
#[utoipa::path(put, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = WorkflowChange, responses((status = 200, body = WorkflowDetail), (status = 409, body = ProblemDocument)))]
pub async fn update(
    _caller: Caller,
    storage: Data<Storage>,
    engine: Data<Engine>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
    change: Json<WorkflowChange>,
) -> Result<Json<WorkflowDetail>, Problem> {
    let change = change.into_inner();
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let was_renamed = name.is_some();
    let webhooks = change.definition.as_ref().map(webhook_nodes).unwrap_or_default();
    let record = storage.update_workflow(*id, change.revision, name, change.definition, webhooks).await?;
    if was_renamed {
        engine.forget_definitions();
    }
    endpoints.forget();
    Ok(Json(WorkflowDetail::of(record)))
}

/// Deletes a workflow and stops its triggers. Its events and runs can still be read.
#[utoipa::path(delete, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(
    _caller: Caller,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    storage.delete_workflow(*id).await?;
    endpoints.forget();
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a copy of a workflow's draft under another name, with addresses of its own.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/duplicate", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = Option<Duplicate>, responses((status = 201, body = WorkflowDetail)))]
pub async fn duplicate(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
    wish: Option<Json<Duplicate>>,
) -> Result<HttpResponse, Problem> {
    let original = storage.workflow(*id).await?;
    let name = wish.and_then(|wish| wish.into_inner().name).unwrap_or_else(|| format!("{} (copy)", original.name));
    let webhooks = webhook_nodes(&original.draft);
    let record = storage.create_workflow(&checked_name(&name)?, &original.draft, webhooks).await?;
    Ok(created(record))
}

impl WorkflowSummary {
    /// What the API shows of a stored workflow.
    pub fn of(record: &WorkflowRecord) -> Self {
        Self {
            id: record.id,
            name: record.name.clone(),
            revision: record.revision,
            state: match (record.published_version, record.active) {
                (None, _) => "draft",
                (Some(_), true) => "active",
                (Some(_), false) => "paused",
            },
            active: record.active,
            published_version: record.published_version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl WorkflowDetail {
    /// What the API shows of a stored workflow.
    pub fn of(record: WorkflowRecord) -> Self {
        Self { summary: WorkflowSummary::of(&record), definition: record.draft }
    }
}

fn created(record: WorkflowRecord) -> HttpResponse {
    let location = format!("/api/v1/workflows/{}", record.id);
    HttpResponse::Created().insert_header((header::LOCATION, location)).json(WorkflowDetail::of(record))
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Problem::invalid_request("`name` must not be empty.")),
        count if count > MAX_NAME => {
            Err(Problem::invalid_request(format!("`name` has {count} characters; at most {MAX_NAME} are allowed.")))
        }
        _ => Ok(name.to_owned()),
    }
}
