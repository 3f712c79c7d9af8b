//! Repeating one run: from where, with which version, with which data.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use model::{Definition, Node, NodeId, RunId, StepStatus};
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::{RunRecord, Storage};

use super::super::MOST_EDITED_BYTES;
use super::super::layout::{Layout, page, see_other};
use crate::api::replay::{Replay, WhichVersion, carry_out};
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::{Problem, ProblemCode};
use crate::redaction::personal_of;

/// What the form says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Form {
    from: String,
    version: String,
    /// Absent when the data are not edited.
    body: Option<String>,
    /// The step whose input is edited.
    input_of: String,
    /// Absent when it is not edited.
    input: Option<String>,
    /// There when a person wants everything done again although a step is in doubt.
    although_in_doubt: Option<String>,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Asked {
    /// The step whose input is to be edited; the failed one when none is named.
    step: String,
}

/// What a step had to work with, to be edited.
struct StepInput {
    node: String,
    title: String,
    text: String,
    fault: String,
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
    body_fault: String,
    /// None when no step failed outside of loops, when its input cannot be edited, or is not to be seen.
    input: Option<StepInput>,
    fault: String,
}

/// Why a form is shown again: in general, or about one of its fields.
#[derive(Default)]
struct Faults {
    general: String,
    body: String,
    input: String,
}

/// Shows the form.
pub(in super::super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, engine): (Data<Storage>, Data<Engine>),
    id: Path<RunId>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let run = storage.run(*id).await?;
    let form = Form { input_of: asked.into_inner().step, ..Form::default() };
    let template = replay_page(l, (&storage, &engine), &run, form, Faults::default()).await?;
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
    let event = edited(&storage, &run, form.body.as_deref()).await?;
    let params = given(&engine, &run, &form).await?;
    let (event, params) = match (event, params) {
        (Ok(event), Ok(params)) => (event, params),
        (event, params) => {
            let fault = |reason: Option<String>| {
                reason.map(|reason| l.t1("replay.body_invalid", "reason", reason)).unwrap_or_default()
            };
            let faults = Faults { body: fault(event.err()), input: fault(params.err()), general: String::new() };
            let template = replay_page(l, (&storage, &engine), &run, form, faults).await?;
            return page(StatusCode::UNPROCESSABLE_ENTITY, &template);
        }
    };
    let wish = Replay {
        from: Some(form.from.clone()).filter(|from| !from.is_empty()),
        version: if form.version == "current" { WhichVersion::Current } else { WhichVersion::Original },
        event,
        params,
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
            let general = if is_in_doubt { String::new() } else { problem.words(l.texts()) };
            let faults = Faults { general, ..Faults::default() };
            let template = replay_page(l, (&storage, &engine), &run, form, faults).await?;
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

/// The parameters that were changed of the step whose input was edited; the inner error says why it is no JSON object.
async fn given(
    engine: &Engine,
    run: &RunRecord,
    form: &Form,
) -> Result<Result<BTreeMap<String, Map<String, Value>>, String>, Problem> {
    let Some(typed) = &form.input else { return Ok(Ok(BTreeMap::new())) };
    let mut typed: Map<String, Value> = match serde_json::from_str(typed) {
        Ok(typed) => typed,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let node = NodeId::from(form.input_of.as_str());
    let known = engine.input_of_step(run.id, &node).await?.unwrap_or_default();
    typed.retain(|name, value| known.get(name) != Some(value));
    Ok(Ok(if typed.is_empty() { BTreeMap::new() } else { BTreeMap::from([(node.0, typed)]) }))
}

/// The input of the step that is asked for, else of the one that failed. What is masked elsewhere is not laid open.
async fn input_of(
    engine: &Engine,
    run: &RunRecord,
    definition: &Definition,
    (form, fault): (&Form, String),
) -> Result<Option<StepInput>, Problem> {
    let failed = run.error.as_ref().filter(|error| error.get("iteration").is_none());
    let failed = failed.and_then(|error| error.get("node")).and_then(Value::as_str).unwrap_or_default();
    let wanted = if form.input_of.is_empty() { failed } else { &form.input_of };
    let Some(node) = definition.node(&NodeId::from(wanted)).filter(|node| node.id != run.trigger_node) else {
        return Ok(None);
    };
    let Some(input) = engine.input_of_step(run.id, &node.id).await?.filter(|input| !input.is_empty()) else {
        return Ok(None);
    };
    let text = form.input.clone().unwrap_or_else(|| serde_json::to_string_pretty(&input).unwrap_or_default());
    let input = StepInput { node: node.id.0.clone(), title: title_of(node), text, fault };
    Ok(Some(input).filter(|input| input.text.len() <= MOST_EDITED_BYTES))
}

fn title_of(node: &Node) -> String {
    if node.title.is_empty() { node.id.0.clone() } else { node.title.clone() }
}

async fn replay_page(
    l: Layout,
    (storage, engine): (&Storage, &Engine),
    run: &RunRecord,
    form: Form,
    faults: Faults,
) -> Result<ReplayPage, Problem> {
    let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    let definition = storage.definition(run.definition_key).await?;
    let steps = storage.outer_steps(run.key).await?;
    let is_outside = |node: &&Node| node.parent.is_none() && node.id != run.trigger_node;
    let was_reached = |node: &&Node| steps.iter().any(|step| step.node == node.id && step.iteration.is_empty());
    let is_in_doubt = engine.step_in_doubt(run).await?.is_some();
    let nodes = definition.nodes.iter().filter(is_outside).filter(was_reached).filter(|_| !is_in_doubt);
    // What is masked elsewhere is not laid open for editing either.
    let is_personal = !personal_of(storage, run.workflow, Some(run.definition_key)).await?.is_empty();
    let input = if is_personal || is_in_doubt {
        None
    } else {
        input_of(engine, run, &definition, (&form, faults.input)).await?
    };
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
    let usual = match form.input_of.as_str() {
        "" if has_failed_step => "failed_step".to_owned(),
        "" => "start".to_owned(),
        step => format!("node:{step}"),
    };
    Ok(ReplayPage {
        run: run.id,
        name,
        has_failed_step,
        is_in_doubt,
        from: Some(form.from).filter(|from| !from.is_empty()).unwrap_or(usual),
        version: form.version,
        nodes: nodes.map(|node| (node.id.0.clone(), title_of(node))).collect(),
        is_personal,
        can_edit: !is_personal && body.len() <= MOST_EDITED_BYTES,
        body,
        body_fault: faults.body,
        input,
        fault: faults.general,
        l,
    })
}
