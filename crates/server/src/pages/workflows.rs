//! What the list of workflows does: make, duplicate, activate, pause, delete, bring back, export.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use engine::Engine;
use model::WorkflowId;
use model::slug::slug;
use serde::Deserialize;
use serde_json::json;
use storage::{SampleSource, Storage, StorageError};

use super::layout::see_other;
use super::query::with_query;
use super::templates;
use crate::audit;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::schedules;
use crate::texts::{Language, Texts};
use crate::webhooks::{Endpoints, WEBHOOK, webhook_nodes};

/// The longest name of a copy, in characters, before the word that marks it as one.
const MAX_COPIED_NAME: usize = 180;

/// What to begin with.
#[derive(Debug, Deserialize)]
pub(super) struct New {
    template: String,
}

/// A form that says nothing but that it was sent.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// Makes a workflow with nothing but a trigger, or from a template, and leads to its editor.
pub(super) async fn create(
    request: HttpRequest,
    signed_in: SignedIn,
    form: CheckedForm<New>,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    let language = Language::of_request(&request);
    let CheckedForm(New { template }) = form;
    if let Some(draft) = templates::only(&template) {
        let name = Texts::of(language).t("workflow.new_name");
        let record = storage.create_workflow(name, &draft, webhook_nodes(&draft)).await?;
        // A webhook says by itself what it waits for; the others have something to be set.
        let node = if template == WEBHOOK { "" } else { &template };
        return Ok(see_other(&with_query(&format!("/workflows/{}", record.id), &[("node", node)])));
    }
    let made = templates::make(&template, language, &signed_in.user.email);
    let made = made.ok_or_else(|| Problem::invalid_request("There is no such template."))?;
    let record = storage.create_workflow(&made.name, &made.definition, webhook_nodes(&made.definition)).await?;
    storage.set_sample(record.key, made.trigger, SampleSource::Edited, None, made.sample).await?;
    Ok(see_other(&format!("/workflows/{}", record.id)))
}

/// Makes a copy as a draft and leads to its editor.
pub(super) async fn duplicate(
    request: HttpRequest,
    _signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    let original = storage.workflow(*id).await?;
    let kept: String = original.name.chars().take(MAX_COPIED_NAME).collect();
    let name = Texts::of(Language::of_request(&request)).t1("workflow.copy_name", "name", kept);
    let copy = storage.create_workflow(&name, &original.draft, webhook_nodes(&original.draft)).await?;
    for sample in storage.samples(original.key).await? {
        storage.set_sample(copy.key, sample.node, sample.source, sample.event, sample.value).await?;
    }
    Ok(back_with("workflow_duplicated", copy.id))
}

/// Lets the triggers start runs.
pub(super) async fn activate(
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    schedules::follow(&storage, &storage.set_workflow_active(*id, true).await?).await?;
    endpoints.forget();
    audit::note(&storage, signed_in.user.email, "workflow.activated", ("workflow", id.to_string()), json!({})).await;
    Ok(back_with("workflow_activated", *id))
}

/// Keeps the triggers from starting runs.
pub(super) async fn pause(
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    schedules::follow(&storage, &storage.set_workflow_active(*id, false).await?).await?;
    endpoints.forget();
    audit::note(&storage, signed_in.user.email, "workflow.paused", ("workflow", id.to_string()), json!({})).await;
    Ok(back_with("workflow_paused", *id))
}

/// Deletes a workflow; the page that follows offers to bring it back.
pub(super) async fn delete(
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    let was_active = storage.workflow(*id).await?.active;
    storage.delete_workflow(*id).await?;
    endpoints.forget();
    audit::note(&storage, signed_in.user.email, "workflow.deleted", ("workflow", id.to_string()), json!({})).await;
    Ok(back_with(if was_active { "active_workflow_deleted" } else { "workflow_deleted" }, *id))
}

/// How a deleted workflow comes back.
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    /// Whether its triggers start runs again, as they did before.
    #[serde(default)]
    active: bool,
}

/// Brings a deleted workflow back.
pub(super) async fn restore(
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    (storage, engine): (Data<Storage>, Data<Engine>),
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
    wish: Query<Return>,
) -> Result<HttpResponse, Problem> {
    // One that is not deleted may have been paused on purpose.
    let was_deleted = matches!(storage.workflow(*id).await, Err(StorageError::NotFound { .. }));
    let mut record = storage.restore_workflow(*id).await?;
    if wish.active && was_deleted && record.published_version.is_some() {
        record = storage.set_workflow_active(*id, true).await?;
        schedules::follow(&storage, &record).await?;
    }
    engine.forget_definitions();
    endpoints.forget();
    let details = json!({ "active": record.active });
    audit::note(&storage, signed_in.user.email, "workflow.restored", ("workflow", id.to_string()), details).await;
    Ok(back_with(if record.active { "active_workflow_restored" } else { "workflow_restored" }, *id))
}

/// Name and draft as a file that can be imported again, here or elsewhere. Secrets are not in it.
pub(super) async fn export(
    _signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    let record = storage.workflow(*id).await?;
    let document = json!({ "name": record.name, "definition": record.draft });
    let text = serde_json::to_string_pretty(&document).map_err(Problem::unexpected)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.json\"", slug(&record.name))))
        .body(text + "\n"))
}

fn back_with(notice: &str, id: WorkflowId) -> HttpResponse {
    see_other(&with_query("/", &[("notice", notice), ("of", &id.to_string())]))
}
