//! Workflows and their drafts.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use engine::Engine;
use model::{Definition, Problem as DraftProblem, RunId, RunStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{Storage, StorageError, WorkflowActivity, WorkflowRecord};
use utoipa::ToSchema;

use super::Items;
use super::definitions::check as check_definition;
use crate::audit;
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

/// A workflow in the list of all.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowItem {
    /// What every view of a workflow shows.
    #[serde(flatten)]
    pub summary: WorkflowSummary,
    /// Its latest run.
    pub last_run: Option<LastRun>,
    /// How many runs of the last 24 hours have which status; every status is there.
    #[schema(value_type = Object)]
    pub runs_last_day: BTreeMap<RunStatus, i64>,
}

/// The latest run of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastRun {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RunId,
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: RunStatus,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
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
    /// Whether the draft differs from the published version; also true while there is none.
    pub draft_differs: bool,
    /// Every problem of the draft; empty when it can be published.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<DraftProblem>,
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
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", responses((status = 200, body = Items<WorkflowItem>)))]
pub async fn list(_caller: Caller, storage: Data<Storage>) -> Result<Json<Items<WorkflowItem>>, Problem> {
    const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
    let workflows = storage.workflows().await?;
    let keys: Vec<i64> = workflows.iter().map(|workflow| workflow.key).collect();
    let mut activity = storage.workflow_activity(&keys, storage.now().minus_ms(DAY_MS)).await?;
    let item = |record: &WorkflowRecord| {
        let WorkflowActivity { last_run, recent } = activity.remove(&record.id).unwrap_or_default();
        let last_run = last_run.map(|run| LastRun { id: run.id, status: run.status, created_at: run.created_at });
        WorkflowItem { summary: WorkflowSummary::of(record), last_run, runs_last_day: recent }
    };
    let items = workflows.iter().map(item).collect();
    Ok(Json(Items { items }))
}

/// Makes a workflow as a draft. Its webhook triggers have their addresses at once.
#[utoipa::path(post, path = "/api/v1/workflows", tag = "workflows", request_body = NewWorkflow,
    responses((status = 201, body = WorkflowDetail), (status = 422, body = ProblemDocument)))]
pub async fn create(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    new: Json<NewWorkflow>,
) -> Result<HttpResponse, Problem> {
    let new = new.into_inner();
    let name = checked_name(&new.name)?;
    let webhooks = webhook_nodes(&new.definition);
    let record = storage.create_workflow(&name, &new.definition, webhooks).await?;
    created(&storage, &catalogue, record).await
}

/// Reads a workflow with its draft.
#[utoipa::path(get, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkflowDetail), (status = 404, body = ProblemDocument)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    id: Path<WorkflowId>,
) -> Result<Json<WorkflowDetail>, Problem> {
    let record = storage.workflow(*id).await?;
    Ok(Json(WorkflowDetail::with_problems(&storage, &catalogue, record).await?))
}

/// Changes name or draft. A change that started from an outdated revision is refused with 409.
#[utoipa::path(put, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = WorkflowChange, responses((status = 200, body = WorkflowDetail), (status = 409, body = ProblemDocument)))]
pub async fn update(
    _caller: Caller,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    (engine, endpoints): (Data<Engine>, Data<Endpoints>),
    id: Path<WorkflowId>,
    change: Json<WorkflowChange>,
) -> Result<Json<WorkflowDetail>, Problem> {
    let change = change.into_inner();
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let was_renamed = name.is_some();
    let webhooks = change.definition.as_ref().map(webhook_nodes).unwrap_or_default();
    let changed = storage.update_workflow(*id, change.revision, name, change.definition, webhooks).await;
    let record = match changed {
        Ok(record) => record,
        Err(StorageError::RevisionConflict { current }) => {
            let changed_at = storage.workflow(*id).await?.updated_at;
            return Err(Problem::revision_conflict(current).changed_at(changed_at));
        }
        Err(error) => return Err(error.into()),
    };
    if was_renamed {
        engine.forget_definitions();
    }
    endpoints.forget();
    Ok(Json(WorkflowDetail::with_problems(&storage, &catalogue, record).await?))
}

/// Deletes a workflow and stops its triggers. Its events and runs can still be read.
#[utoipa::path(delete, path = "/api/v1/workflows/{id}", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(
    caller: Caller,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    storage.delete_workflow(*id).await?;
    endpoints.forget();
    audit::note(&storage, caller.name(), "workflow.deleted", ("workflow", id.to_string()), json!({})).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Undoes the deletion of a workflow. It comes back paused, with its addresses, versions and samples.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/restore", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkflowDetail), (status = 404, body = ProblemDocument)))]
pub async fn restore(
    caller: Caller,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    (engine, endpoints): (Data<Engine>, Data<Endpoints>),
    id: Path<WorkflowId>,
) -> Result<Json<WorkflowDetail>, Problem> {
    let record = storage.restore_workflow(*id).await?;
    engine.forget_definitions();
    endpoints.forget();
    audit::note(&storage, caller.name(), "workflow.restored", ("workflow", id.to_string()), json!({})).await;
    Ok(Json(WorkflowDetail::with_problems(&storage, &catalogue, record).await?))
}

/// Makes a copy of a workflow's draft under another name, with addresses of its own.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/duplicate", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = Option<Duplicate>, responses((status = 201, body = WorkflowDetail)))]
pub async fn duplicate(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    id: Path<WorkflowId>,
    wish: Option<Json<Duplicate>>,
) -> Result<HttpResponse, Problem> {
    let original = storage.workflow(*id).await?;
    let name = wish.and_then(|wish| wish.into_inner().name).unwrap_or_else(|| format!("{} (copy)", original.name));
    let webhooks = webhook_nodes(&original.draft);
    let record = storage.create_workflow(&checked_name(&name)?, &original.draft, webhooks).await?;
    for sample in storage.samples(original.key).await? {
        storage.set_sample(record.key, sample.node, sample.source, sample.event, sample.value).await?;
    }
    created(&storage, &catalogue, record).await
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
    /// What the API shows of a stored workflow, with the problems of its draft.
    pub async fn with_problems(
        storage: &Storage,
        catalogue: &Catalogue,
        record: WorkflowRecord,
    ) -> Result<Self, Problem> {
        let published = storage.published_definition(&record).await?;
        let problems = check_definition(&record.draft, catalogue, storage).await?;
        let draft_differs = published.is_none_or(|published| published != record.draft);
        Ok(Self { draft_differs, problems, ..Self::of(record) })
    }

    /// The same without a look at the draft's problems and at the published version.
    pub fn of(record: WorkflowRecord) -> Self {
        Self {
            summary: WorkflowSummary::of(&record),
            definition: record.draft,
            draft_differs: false,
            problems: Vec::new(),
        }
    }
}

async fn created(storage: &Storage, catalogue: &Catalogue, record: WorkflowRecord) -> Result<HttpResponse, Problem> {
    let location = format!("/api/v1/workflows/{}", record.id);
    let view = WorkflowDetail::with_problems(storage, catalogue, record).await?;
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(view))
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
