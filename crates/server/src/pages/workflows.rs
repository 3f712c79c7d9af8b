//! What the list of workflows does: make, duplicate, activate, pause, delete, bring back, export.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use engine::Engine;
use model::WorkflowId;
use model::slug::slug;
use serde::Deserialize;
use serde_json::json;
use storage::{SampleSource, Storage};

use super::layout::see_other;
use super::query::with_query;
use super::templates;
use crate::audit;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::schedules;
use crate::texts::{Language, Texts};
use crate::webhooks::{Endpoints, webhook_nodes};

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

/// Makes a workflow with a webhook, or from a template, and leads to its editor.
pub(super) async fn create(
    request: HttpRequest,
    signed_in: SignedIn,
    form: CheckedForm<New>,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    let language = Language::of_request(&request);
    let CheckedForm(New { template }) = form;
    if template == "webhook" {
        let draft = templates::only_webhook();
        let name = Texts::of(language).t("workflow.new_name");
        let record = storage.create_workflow(name, &draft, webhook_nodes(&draft)).await?;
        return Ok(see_other(&format!("/workflows/{}", record.id)));
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
    storage.delete_workflow(*id).await?;
    endpoints.forget();
    audit::note(&storage, signed_in.user.email, "workflow.deleted", ("workflow", id.to_string()), json!({})).await;
    Ok(back_with("workflow_deleted", *id))
}

/// Brings a deleted workflow back.
pub(super) async fn restore(
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    engine: Data<Engine>,
    endpoints: Data<Endpoints>,
    id: Path<WorkflowId>,
) -> Result<HttpResponse, Problem> {
    storage.restore_workflow(*id).await?;
    engine.forget_definitions();
    endpoints.forget();
    audit::note(&storage, signed_in.user.email, "workflow.restored", ("workflow", id.to_string()), json!({})).await;
    Ok(back_with("workflow_restored", *id))
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
