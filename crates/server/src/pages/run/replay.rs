//! Repeating one run: from where, with which version, with which data.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use model::{RunId, StepStatus};
use serde::Deserialize;
use serde_json::Value;
use storage::{RunRecord, Storage};

use super::super::layout::{Layout, page, see_other};
use crate::api::replay::{Replay, WhichVersion, carry_out};
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::{Problem, ProblemCode};
use crate::redaction::personal_of;

/// The largest body that can be edited in a form, in bytes of JSON. Forms are limited, and encoding may double it.
const MOST_EDITED_BYTES: usize = 24 * 1024;

/// What the form says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Form {
    from: String,
    version: String,
    /// Absent when the data are not edited.
    body: Option<String>,
    /// There when a person wants everything done again although a step is in doubt.
    although_in_doubt: Option<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a part that the page shows or leaves out")]
#[derive(Template)]
#[template(path = "replay.html")]
struct ReplayPage {
    l: Layout,
    run: RunId,
    name: String,
    has_failed_step: bool,
    /// Whether nobody knows what became of a step: then only the start is left, and only with a person's word.
    is_in_doubt: bool,
    from: String,
    version: String,
    /// Steps to begin at: id and title.
    nodes: Vec<(String, String)>,
    can_edit: bool,
    /// Whether the data are about people and therefore not shown.
    is_personal: bool,
    body: String,
    body_is_wrong: bool,
    fault: String,
}

/// Shows the form.
pub(in super::super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, engine): (Data<Storage>, Data<Engine>),
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let run = storage.run(*id).await?;
    let template = replay_page(l, (&storage, &engine), &run, Form::default(), String::new()).await?;
    page(StatusCode::OK, &template)
}

/// Repeats the run and leads to the new one, or shows the form again and says why not.
pub(in super::super) async fn replay(
    request: HttpRequest,
    CheckedForm(form): CheckedForm<Form>,
    signed_in: SignedIn,
    (storage, engine): (Data<Storage>, Data<Engine>),
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let run = storage.run(*id).await?;
    let event = match edited(&storage, &run, form.body.as_deref()).await? {
        Ok(event) => event,
        Err(reason) => {
            let fault = l.t1("replay.body_invalid", "reason", reason);
            let template = replay_page(l, (&storage, &engine), &run, form, fault).await?;
            return page(StatusCode::UNPROCESSABLE_ENTITY, &template);
        }
    };
    let wish = Replay {
        from: Some(form.from.clone()).filter(|from| !from.is_empty()),
        version: if form.version == "current" { WhichVersion::Current } else { WhichVersion::Original },
        event,
        although_in_doubt: form.although_in_doubt.is_some(),
        ..Replay::default()
    };
    match carry_out(&storage, &engine, run.id, wish, signed_in.user.email.clone()).await {
        Ok(accepted) => {
            let new = accepted.run.unwrap_or(run.id);
            Ok(see_other(&format!("/runs/{new}?notice=replayed")))
        }
        Err(problem) if matches!(problem.code(), ProblemCode::WrongState | ProblemCode::InvalidRequest) => {
            // A page says by itself what is in doubt and what to do about it.
            let is_in_doubt = engine.step_in_doubt(&run).await?.is_some();
            let fault = if is_in_doubt { String::new() } else { problem.document().detail.clone() };
            let template = replay_page(l, (&storage, &engine), &run, form, fault).await?;
            page(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
        Err(problem) => Err(problem),
    }
}

/// The body that was typed, when it is another one; the inner error says why it is no JSON.
async fn edited(
    storage: &Storage,
    run: &RunRecord,
    typed: Option<&str>,
) -> Result<Result<Option<Value>, String>, Problem> {
    let Some(typed) = typed else { return Ok(Ok(None)) };
    let body = match typed.trim() {
        "" => Value::Null,
        text => match serde_json::from_str(text) {
            Ok(body) => body,
            Err(error) => return Ok(Err(error.to_string())),
        },
    };
    let original = storage.event_content(run.event).await?.body;
    Ok(Ok(Some(body).filter(|body| *body != original)))
}

async fn replay_page(
    l: Layout,
    (storage, engine): (&Storage, &Engine),
    run: &RunRecord,
    form: Form,
    fault: String,
) -> Result<ReplayPage, Problem> {
    let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    let definition = storage.definition(run.definition_key).await?;
    let steps = storage.outer_steps(run.key).await?;
    let is_outside = |node: &&model::Node| node.parent.is_none() && node.id != run.trigger_node;
    let was_reached = |node: &&model::Node| steps.iter().any(|step| step.node == node.id && step.iteration.is_empty());
    let title = |node: &model::Node| if node.title.is_empty() { node.id.0.clone() } else { node.title.clone() };
    let is_in_doubt = engine.step_in_doubt(run).await?.is_some();
    let nodes = definition.nodes.iter().filter(is_outside).filter(was_reached).filter(|_| !is_in_doubt);
    // What is masked elsewhere is not laid open for editing either.
    let is_personal = !personal_of(storage, run.workflow, Some(run.definition_key)).await?.is_empty();
    let body = match form.body {
        _ if is_personal => String::new(),
        Some(typed) => typed,
        None => match storage.event_content(run.event).await?.body {
            Value::Null => String::new(),
            body => serde_json::to_string_pretty(&body).unwrap_or_default(),
        },
    };
    let is_undone = |step: &storage::StepRecord| step.status == StepStatus::Failed && step.port.is_none();
    let has_failed_step = !is_in_doubt && steps.iter().any(is_undone);
    let usual = if has_failed_step { "failed_step" } else { "start" };
    Ok(ReplayPage {
        run: run.id,
        name,
        has_failed_step,
        is_in_doubt,
        from: Some(form.from).filter(|from| !from.is_empty()).unwrap_or_else(|| usual.to_owned()),
        version: form.version,
        nodes: nodes.map(|node| (node.id.0.clone(), title(node))).collect(),
        is_personal,
        can_edit: !is_personal && body.len() <= MOST_EDITED_BYTES,
        body,
        body_is_wrong: !fault.is_empty(),
        fault,
        l,
    })
}
