//! One event: what was sent, what was answered, and what can be made of it.

mod actions;
mod content;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{EventId, RunId, Timestamp};
use storage::{EventRecord, RunFilter, RunRecord, Storage, StorageError, WorkflowRecord};

pub(super) use self::actions::in_words;
use self::content::{Content, Raw};
use super::form;
use super::inbox::Answer;
use super::layout::{Layout, page};
use crate::api::events::is_usable;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::redaction::{Sight, note_reveal};

/// How many runs of one event the page shows at the most.
const MAX_RUNS: u64 = 50;

/// The addresses of an event.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/events/{id}").route(get().to(show)))
        .service(form("/events/{id}/run").route(post().to(actions::run)))
        .service(form("/events/{id}/reveal").route(post().to(reveal)))
        .service(form("/events/{id}/use-as-sample").route(post().to(actions::use_as_sample)));
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    l: Layout,
    event: EventRecord,
    answer: Answer,
    origin: Option<Origin>,
    runs: Vec<RunRow>,
    size: String,
    content: Content,
    /// What keeps the draft from running, when somebody just tried.
    obstacles: Vec<Obstacle>,
    /// Whether who looks may have personal fields shown.
    may_reveal: bool,
    /// Whether there is a content that something can be made of.
    is_usable: bool,
}

/// Where an event came in. Its workflow is still there.
struct Origin {
    workflow: WorkflowRecord,
    /// The trigger; none when a person started the run.
    node: Option<String>,
    /// Its address in the inbox.
    endpoint: Option<model::EndpointId>,
}

struct RunRow {
    id: RunId,
    /// A state of a run, or `filtered` when conditions ended it.
    state: &'static str,
    at: Timestamp,
}

/// A problem of a draft and where to mend it.
pub(super) struct Obstacle {
    message: String,
    node: String,
}

/// Shows an event.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<EventId>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let shown = event_page(l, &storage, *id, Vec::new()).await?;
    page(StatusCode::OK, &EventPage { may_reveal: signed_in.user.is_owner, ..shown })
}

/// Shows an event with what is masked otherwise, because it is personal. Only the owner may, and it is written down.
async fn reveal(
    request: HttpRequest,
    _form: CheckedForm<actions::Nothing>,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<EventId>,
) -> Result<HttpResponse, Problem> {
    if !signed_in.user.is_owner {
        return Err(Problem::forbidden());
    }
    note_reveal(&storage, &signed_in.user.email, "event", &id.to_string()).await?;
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/events/{id}");
    page(StatusCode::OK, &event_page_in(l, &storage, *id, Vec::new(), Sight::Revealed).await?)
}

async fn event_page(l: Layout, storage: &Storage, id: EventId, obstacles: Vec<Obstacle>) -> Result<EventPage, Problem> {
    event_page_in(l, storage, id, obstacles, Sight::Masked).await
}

async fn event_page_in(
    l: Layout,
    storage: &Storage,
    id: EventId,
    obstacles: Vec<Obstacle>,
    sight: Sight,
) -> Result<EventPage, Problem> {
    let event = storage.event(id).await?;
    let content = Content::read(&l, storage, &event, sight).await?;
    Ok(EventPage {
        may_reveal: false,
        answer: Answer::of(&l, &event),
        origin: origin_of(storage, &event).await?,
        runs: runs_of(storage, id).await?,
        size: l.format().bytes(u64::try_from(event.body_bytes).unwrap_or_default()),
        content,
        obstacles,
        is_usable: is_usable(&event),
        event,
        l,
    })
}

/// Where an event came in; none when its workflow was deleted.
async fn origin_of(storage: &Storage, event: &EventRecord) -> Result<Option<Origin>, Problem> {
    let workflow = match storage.workflow(event.workflow).await {
        Ok(workflow) => workflow,
        Err(StorageError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let endpoints = storage.endpoints(workflow.key).await?;
    let endpoint = endpoints.into_iter().find(|endpoint| Some(endpoint.key) == event.endpoint_key);
    Ok(Some(Origin {
        workflow,
        endpoint: endpoint.as_ref().map(|endpoint| endpoint.id),
        node: endpoint.map(|endpoint| endpoint.node),
    }))
}

/// The runs that an event started, the latest first.
async fn runs_of(storage: &Storage, id: EventId) -> Result<Vec<RunRow>, Problem> {
    let filter = RunFilter { text: Some(id.to_string()), limit: MAX_RUNS, ..RunFilter::default() };
    let runs: Vec<_> = storage.runs(&filter).await?.into_iter().filter(|run| run.event == id).collect();
    let filtered = storage.filtered_runs(&runs.iter().map(|run| run.id).collect::<Vec<_>>()).await?;
    let state = |run: &RunRecord| if filtered.contains(&run.id) { "filtered" } else { run.status.as_str() };
    Ok(runs.iter().map(|run| RunRow { id: run.id, state: state(run), at: run.created_at }).collect())
}
