//! What can be made of an event: a sample for the editor, or another run.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use engine::Engine;
use model::{EventId, NodeId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde::Deserialize;
use storage::{SampleSource, Storage};

use super::super::layout::{Layout, page, see_other};
use super::super::query::with_query;
use super::{Obstacle, Origin, event_page, origin_of};
use crate::api::events::is_usable;
use crate::api::samples::{self, NewSample};
use crate::api::start::{self, Start};
use crate::auth::{Caller, CheckedForm, SignedIn};
use crate::config::Config;
use crate::problem::{Problem, ProblemCode};
use crate::texts::Language;

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Makes an event the sample of its trigger, and opens the trigger in the editor.
pub(super) async fn use_as_sample(
    request: HttpRequest,
    _form: CheckedForm<Nothing>,
    signed_in: SignedIn,
    (storage, catalogue, config): (Data<Storage>, Data<Catalogue>, Data<Config>),
    id: Path<EventId>,
) -> Result<HttpResponse, Problem> {
    let event = storage.event(*id).await?;
    if !is_usable(&event) {
        return refused(&request, &signed_in, &storage, *id).await;
    }
    let origin = origin_of(&storage, &event).await?.ok_or_else(|| Problem::not_found("workflow"))?;
    let node = trigger_of(&origin, &catalogue).ok_or_else(|| Problem::not_now("problem.no_trigger_for_event"))?;
    let editor = with_query(&format!("/workflows/{}", origin.workflow.id), &[("node", node.as_str())]);
    let new = NewSample { source: SampleSource::Event, event: Some(*id), value: None };
    let caller = Caller::User(signed_in.user.clone());
    let place = Path::from((origin.workflow.id, node));
    match samples::set(caller, storage.clone(), catalogue, config.clone(), place, Json(new)).await {
        Ok(_) => Ok(see_other(&editor)),
        Err(problem) if problem.code() == ProblemCode::TooLarge => {
            let mut l = Layout::for_user(&request, &signed_in);
            l.path = format!("/events/{id}");
            let limit = l.format().bytes(u64::try_from(config.api.max_sample_bytes).unwrap_or(u64::MAX));
            let obstacle = Obstacle { message: l.t1("event.sample_too_large", "limit", limit), node: String::new() };
            page(StatusCode::UNPROCESSABLE_ENTITY, &event_page(l, &storage, *id, vec![obstacle]).await?)
        }
        Err(problem) => Err(problem),
    }
}

/// The trigger that an event came in at; the first one when that is gone or a person started the run.
fn trigger_of(origin: &Origin, catalogue: &Catalogue) -> Option<NodeId> {
    let is_trigger = |node: &&model::Node| {
        catalogue.get(&node.node_type).is_some_and(|known| known.node_type().kind == NodeKind::Trigger)
    };
    let draft = &origin.workflow.draft;
    let own = origin.node.clone().map(NodeId).filter(|node| draft.node(node).is_some());
    own.or_else(|| draft.nodes.iter().find(is_trigger).map(|node| node.id.clone()))
}

/// Starts a run with the content of an event: of the published version if there is one, else of the draft.
pub(super) async fn run(
    request: HttpRequest,
    _form: CheckedForm<Nothing>,
    signed_in: SignedIn,
    (storage, catalogue, engine): (Data<Storage>, Data<Catalogue>, Data<Engine>),
    id: Path<EventId>,
) -> Result<HttpResponse, Problem> {
    let event = storage.event(*id).await?;
    if !is_usable(&event) {
        return refused(&request, &signed_in, &storage, *id).await;
    }
    let origin = origin_of(&storage, &event).await?.ok_or_else(|| Problem::not_found("workflow"))?;
    let wish = Start { event: Some(*id), node: origin.node, ..Start::default() };
    let (caller, workflow) = (Caller::User(signed_in.user.clone()), Path::from(origin.workflow.id));
    let problem = match start::run(caller, storage.clone(), catalogue, engine, workflow, Some(Json(wish))).await {
        Ok((Json(receipt), _)) => {
            let run = receipt.run.ok_or_else(|| Problem::unexpected("a run by hand was not started"))?;
            return Ok(see_other(&format!("/runs/{run}")));
        }
        Err(problem) => problem,
    };
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/events/{id}");
    let obstacles = match problem.code() {
        ProblemCode::InvalidDefinition => {
            problem.document().problems.iter().map(|problem| Obstacle::of(&l, problem)).collect()
        }
        ProblemCode::WrongState => vec![Obstacle::of_text(&l, "event.no_trigger")],
        ProblemCode::InvalidRequest => vec![Obstacle::of_text(&l, "event.trigger_not_published")],
        _ => return Err(problem),
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &event_page(l, &storage, *id, obstacles).await?)
}

/// Says that nothing can be made of an event, because it was turned away.
async fn refused(
    request: &HttpRequest,
    signed_in: &SignedIn,
    storage: &Storage,
    id: EventId,
) -> Result<HttpResponse, Problem> {
    let mut l = Layout::for_user(request, signed_in);
    l.path = format!("/events/{id}");
    let obstacle = Obstacle::of_text(&l, "event.unusable");
    page(StatusCode::CONFLICT, &event_page(l, storage, id, vec![obstacle]).await?)
}

impl Obstacle {
    fn of_text(l: &Layout, key: &str) -> Self {
        Self { message: l.t(key).to_owned(), node: String::new() }
    }

    fn of(l: &Layout, problem: &model::Problem) -> Self {
        Self { message: in_words(l, problem), node: problem.node.as_ref().map(ToString::to_string).unwrap_or_default() }
    }
}

/// A problem in the reader's language. Its own message is English and more exact, so English readers get that.
pub(in super::super) fn in_words(l: &Layout, problem: &model::Problem) -> String {
    let key = format!("draft.{}", problem.code);
    let words = l.t(&key);
    if l.texts().language() == Language::En || words == key || words.contains('{') {
        return problem.message.clone();
    }
    match &problem.parameter {
        Some(parameter) => format!("{words} ({parameter})"),
        None => words.to_owned(),
    }
}
