//! From draft to running: check, publish, activate, pause, and the addresses to give to senders.

use actix_web::web::{Data, Json, Path};
use model::{Problem as DraftProblem, WorkflowId};
use nodes::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{Storage, WorkflowRecord};
use utoipa::ToSchema;

use super::Items;
use super::definitions::check as check_definition;
use super::versions::VersionSummary;
use super::workflows::WorkflowSummary;
use crate::audit;
use crate::auth::Caller;
use crate::pages::Site;
use crate::problem::{Problem, ProblemDocument};
use crate::schedules;
use crate::webhooks::{Endpoints, url_of, webhook_nodes};

/// What to publish.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The revision that is meant; the latest when left out.
    pub revision: Option<i64>,
}

/// A workflow's state after a change of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct State {
    /// The workflow.
    #[serde(flatten)]
    pub workflow: WorkflowSummary,
    /// The version that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// Every problem of a draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckResult {
    /// The problems; empty when the draft can be published.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<DraftProblem>,
}

/// The address of a webhook trigger.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAddress {
    /// The trigger's node id.
    pub node: String,
    /// The readable part, which may be changed.
    pub slug: String,
    /// What to paste into the sender's settings. It is the same for testing and for production.
    pub url: String,
}

/// Lists every problem of the draft.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/check", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = CheckResult)))]
pub async fn check(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    id: Path<WorkflowId>,
) -> Result<Json<CheckResult>, Problem> {
    let record = storage.workflow(*id).await?;
    Ok(Json(CheckResult { problems: check_definition(&record.draft, &catalogue, &storage).await? }))
}

/// Makes the draft the next version and the one that runs. Refused with every problem when there are any.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/publish", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = Option<Publish>, responses((status = 200, body = State), (status = 422, body = ProblemDocument)))]
pub async fn publish(
    caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
    wish: Option<Json<Publish>>,
) -> Result<Json<State>, Problem> {
    let record = storage.workflow(*id).await?;
    let problems = check_definition(&record.draft, &catalogue, &storage).await?;
    if !problems.is_empty() {
        return Err(Problem::invalid_definition(problems));
    }
    let revision = wish.and_then(|wish| wish.revision).unwrap_or(record.revision);
    let (record, version) = storage.publish_workflow(*id, revision, Some(caller.name())).await?;
    endpoints.forget();
    schedules::follow(&storage, &record).await?;
    let details = json!({ "version": version.version });
    audit::note(&storage, caller.name(), "workflow.published", ("workflow", id.to_string()), details).await;
    Ok(Json(State { workflow: WorkflowSummary::of(&record), version: Some(version.version) }))
}

/// Lets the workflow's triggers start runs. It must have been published.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/activate", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = State), (status = 409, body = ProblemDocument)))]
pub async fn activate(
    caller: Caller,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<Json<State>, Problem> {
    if storage.workflow(*id).await?.published_version.is_none() {
        return Err(Problem::not_now("problem.draft_stays_off"));
    }
    set_active(&storage, &endpoints, *id, true, &caller.name()).await
}

/// Stops the workflow's triggers from starting runs. Requests are kept meanwhile; runs under way go on.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/pause", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = State)))]
pub async fn pause(
    caller: Caller,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<Json<State>, Problem> {
    set_active(&storage, &endpoints, *id, false, &caller.name()).await
}

/// Lists the addresses of the workflow's webhook triggers.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/webhooks", tag = "workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<WebhookAddress>)))]
pub async fn webhooks(
    _caller: Caller,
    storage: Data<Storage>,
    site: Data<Site>,
    id: Path<WorkflowId>,
) -> Result<Json<Items<WebhookAddress>>, Problem> {
    let record = storage.workflow(*id).await?;
    Ok(Json(Items { items: webhook_addresses(&storage, &site, &record).await? }))
}

/// The addresses of the webhook triggers that the draft or the published version has.
pub(crate) async fn webhook_addresses(
    storage: &Storage,
    site: &Site,
    record: &WorkflowRecord,
) -> Result<Vec<WebhookAddress>, Problem> {
    let mut used: Vec<String> = webhook_nodes(&record.draft).into_iter().map(|node| node.node).collect();
    if let Some(number) = record.published_version {
        let version: VersionSummary = storage.version(record.key, number).await?.into();
        let published = storage.definition(version.definition_key).await?;
        used.extend(webhook_nodes(&published).into_iter().map(|node| node.node));
    }
    let endpoints = storage.endpoints(record.key).await?;
    let items = endpoints.into_iter().filter(|endpoint| used.contains(&endpoint.node)).map(|endpoint| WebhookAddress {
        url: url_of(&site.base_url, &endpoint),
        node: endpoint.node,
        slug: endpoint.slug,
    });
    Ok(items.collect())
}

async fn set_active(
    storage: &Storage,
    endpoints: &Endpoints,
    id: WorkflowId,
    active: bool,
    by: &str,
) -> Result<Json<State>, Problem> {
    let record = storage.set_workflow_active(id, active).await?;
    endpoints.forget();
    schedules::follow(storage, &record).await?;
    let action = if active { "workflow.activated" } else { "workflow.paused" };
    audit::note(storage, by, action, ("workflow", id.to_string()), json!({ "version": record.published_version }))
        .await;
    Ok(Json(State { version: record.published_version, workflow: WorkflowSummary::of(&record) }))
}
