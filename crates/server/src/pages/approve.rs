//! A decision that a run waits for. Opening the link only shows the question, because programs open links in mails, too;
//! the answer needs a button.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, REFERRER_POLICY};
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use engine::links::step_name;
use model::{NodeId, RunId, StepStatus, Timestamp};
use nodes::Catalogue;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::Storage;
use storage::queue::SignalOutcome;

use super::layout::{Layout, page, see_other};
use super::waiting::message_of;
use crate::api::runs::Waiting;
use crate::audit;
use crate::auth::{Accounts, CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::texts::Language;
use crate::webhooks::links::WaitLink;

/// How long a comment and a name may be, in characters.
const MOST_COMMENT: usize = 2_000;
const MOST_NAME: usize = 200;

/// What the form says.
#[expect(clippy::struct_field_names, reason = "the form names its fields")]
#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    decision: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    by: String,
}

/// What the form on the page of a run says.
#[derive(Debug, Deserialize)]
pub(super) struct RunDecision {
    node: String,
    #[serde(default)]
    iteration: String,
    decision: String,
    #[serde(default)]
    comment: String,
}

#[derive(Template)]
#[template(path = "approval.html")]
struct ApprovalPage {
    l: Layout,
    workflow: String,
    title: String,
    message: String,
    action: String,
    /// Until when it can be decided.
    until: Option<Timestamp>,
    by: String,
    fault: String,
    /// What was decided, by whom; empty as long as nothing was.
    decided: String,
    is_approved: bool,
    comment: String,
    /// Why nothing can be decided any more; empty when it can.
    closed: String,
}

/// Shows the question. Nothing is decided by that.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: Option<SignedIn>,
    path: Path<(String, String, String)>,
    (storage, engine, catalogue): (Data<Storage>, Data<Engine>, Data<Catalogue>),
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    accounts.count_link(&request)?;
    let link = WaitLink::open(&storage, &engine, (&path.0, &path.1, &path.2), "approval").await?;
    let l = layout(&request, signed_in.as_ref());
    respond(StatusCode::OK, &approval_page(l, &storage, &catalogue, &link, String::new()).await?)
}

/// Takes the decision. The first one counts.
pub(super) async fn decide(
    request: HttpRequest,
    signed_in: Option<SignedIn>,
    path: Path<(String, String, String)>,
    (storage, engine, catalogue): (Data<Storage>, Data<Engine>, Data<Catalogue>),
    accounts: Data<Accounts>,
    Form(form): Form<Decision>,
) -> Result<HttpResponse, Problem> {
    accounts.count_link(&request)?;
    let link = WaitLink::open(&storage, &engine, (&path.0, &path.1, &path.2), "approval").await?;
    let by = match &signed_in {
        Some(signed_in) => signed_in.user.email.clone(),
        None => form.by.trim().chars().take(MOST_NAME).collect(),
    };
    if by.is_empty() {
        let l = layout(&request, None);
        let fault = l.t("approval.name_missing").to_owned();
        let template = approval_page(l, &storage, &catalogue, &link, fault).await?;
        return respond(StatusCode::UNPROCESSABLE_ENTITY, &template);
    }
    let approved = is_approval(&form.decision)?;
    let who = if signed_in.is_some() { by.clone() } else { format!("link: {by}") };
    let step = (link.run.id, &link.node.id, link.iteration.as_str());
    bring(&storage, step, approved, &form.comment, (by, who)).await?;
    Ok(see_other(request.path()))
}

/// Takes the decision of somebody who is signed in, on the page of the run.
pub(super) async fn decide_on_run(
    CheckedForm(form): CheckedForm<RunDecision>,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let approved = is_approval(&form.decision)?;
    let run = storage.run(*id).await?;
    let definition = storage.definition(run.definition_key).await?;
    let node = NodeId(form.node);
    let waits = definition.node(&node).is_some_and(|node| crate::webhooks::links::waits_for(node, "approval"));
    if !waits {
        return Err(Problem::not_found("approval"));
    }
    let by = signed_in.user.email;
    let outcome = bring(&storage, (*id, &node, &form.iteration), approved, &form.comment, (by.clone(), by)).await?;
    let notice = if outcome == SignalOutcome::Stored { "approval_decided" } else { "already_decided" };
    Ok(see_other(&format!("/runs/{id}?notice={notice}")))
}

/// Brings a decision to the step that waits for it, and notes it when it counts.
async fn bring(
    storage: &Storage,
    (run, node, iteration): (RunId, &NodeId, &str),
    approved: bool,
    comment: &str,
    (by, who): (String, String),
) -> Result<SignalOutcome, Problem> {
    let comment: String = comment.trim().chars().take(MOST_COMMENT).collect();
    let value = json!({ "approved": approved, "comment": comment, "by": by });
    let outcome = storage.queue().signal(run, node, iteration, value).await?;
    if outcome == SignalOutcome::Stored {
        let details = json!({ "step": step_name(node, iteration), "approved": approved });
        audit::note(storage, who, "run.approval_decided", ("run", run.to_string()), details).await;
    }
    Ok(outcome)
}

fn is_approval(decision: &str) -> Result<bool, Problem> {
    match decision {
        "approve" => Ok(true),
        "reject" => Ok(false),
        _ => Err(Problem::invalid_request("The decision must be one of those on the page.")),
    }
}

fn layout(request: &HttpRequest, signed_in: Option<&SignedIn>) -> Layout {
    match signed_in {
        Some(signed_in) => Layout::for_user(request, signed_in),
        None => Layout::plain(Language::of_request(request), request.path()),
    }
}

/// The address of the page is a secret: it is neither kept nor told to other sites.
fn respond(status: StatusCode, template: &ApprovalPage) -> Result<HttpResponse, Problem> {
    let mut response = page(status, template)?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, actix_web::http::header::HeaderValue::from_static("no-referrer"));
    Ok(response)
}

async fn approval_page(
    l: Layout,
    storage: &Storage,
    catalogue: &Catalogue,
    link: &WaitLink,
    fault: String,
) -> Result<ApprovalPage, Problem> {
    let (_, workflow) = storage.workflow_name(storage.workflow_key(link.run.workflow).await?).await?;
    let step = storage.run_step(link.run.key, &link.node.id, &link.iteration).await?;
    let signal = storage.signal_value(link.run.key, &link.node.id, &link.iteration).await?;
    let answer = signal.filter(|answer| answer.get("approved").is_some());
    let answer = answer.or_else(|| step.as_ref()?.output.clone().filter(|output| output.get("approved").is_some()));
    let is_over = step.as_ref().is_some_and(|step| step.status.is_final());
    let waiting = step.as_ref().and_then(Waiting::of_step);
    let closed = match &answer {
        None if is_over && step.as_ref().is_some_and(|step| step.status == StepStatus::Succeeded) => {
            l.t("approval.expired")
        }
        None if is_over || link.run.status.is_final() => l.t("approval.over"),
        _ => "",
    };
    let is_approved = answer.as_ref().is_some_and(|answer| answer["approved"] == Value::Bool(true));
    let who = answer.as_ref().and_then(|answer| answer["by"].as_str()).filter(|who| !who.is_empty());
    let key = if is_approved { "approval.approved" } else { "approval.rejected" };
    let decided = answer.as_ref().map(|_| l.t1(key, "who", who.unwrap_or_else(|| l.t("approval.somebody"))));
    let comment = answer.as_ref().and_then(|answer| answer["comment"].as_str()).unwrap_or_default().to_owned();
    Ok(ApprovalPage {
        workflow,
        title: link.node.title.clone(),
        message: message_of(storage, catalogue, &link.run, &link.node, &link.iteration).await?,
        action: l.path.clone(),
        until: waiting.and_then(|waiting| waiting.until),
        by: String::new(),
        fault,
        decided: decided.unwrap_or_default(),
        is_approved,
        comment,
        closed: closed.to_owned(),
        l,
    })
}
