//! One run: how it stands, what it did on the canvas, and every step with its attempts.

mod steps;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use model::{EventId, RunId, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::Deserialize;
use storage::queue::RunMode;
use storage::{RunRecord, Storage, WorkflowRecord};

use self::steps::{StepRow, step_rows};
use super::editor::opening_of_run;
use super::failure::Failure;
use super::island::Island;
use super::layout::{Layout, page, see_other};
use super::workflows::Nothing;
use crate::api::runs::run_detail_in;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::redaction::{Sight, mask_event, note_reveal, personal_of};

/// What the address of the page says.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    /// The step to open.
    node: Option<String>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    l: Layout,
    id: RunId,
    status: &'static str,
    is_over: bool,
    workflow: WorkflowId,
    name: String,
    is_deleted: bool,
    version: Option<i32>,
    event: EventId,
    mode: String,
    created_at: Timestamp,
    duration_ms: Option<u64>,
    failure: Option<Failure>,
    /// The title of the failed node.
    failed: String,
    steps: Vec<StepRow>,
    island: Option<Island>,
    /// Whether something is masked because it is personal.
    is_masked: bool,
    /// Whether who looks may have personal fields shown.
    may_reveal: bool,
}

/// The page of a run.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    id: Path<RunId>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let shown = run_page(l, &storage, &catalogue, *id, wish.node.as_deref(), Sight::Masked).await?;
    page(StatusCode::OK, &RunPage { may_reveal: signed_in.user.is_owner, ..shown })
}

/// The page of a run with what is masked otherwise, because it is personal. Only the owner may, and it is written down.
pub(super) async fn reveal(
    request: HttpRequest,
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    if !signed_in.user.is_owner {
        return Err(Problem::forbidden());
    }
    note_reveal(&storage, &signed_in.user.email, "run", &id.to_string()).await?;
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/runs/{id}");
    page(StatusCode::OK, &run_page(l, &storage, &catalogue, *id, None, Sight::Revealed).await?)
}

async fn run_page(
    l: Layout,
    storage: &Storage,
    catalogue: &Catalogue,
    id: RunId,
    node: Option<&str>,
    sight: Sight,
) -> Result<RunPage, Problem> {
    let mut run = storage.run(id).await?;
    let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    let workflow = storage.workflow(run.workflow).await.ok();
    let definition = storage.definition(run.definition_key).await?;
    let mut trigger = storage.event_content(run.event).await?;
    let detail = run_detail_in(storage, &run, sight).await?;
    let mut is_masked = false;
    if sight == Sight::Masked {
        run.error.clone_from(&detail.summary.error);
        is_masked = mask_event(&personal_of(storage, run.workflow, Some(run.definition_key)).await?, &mut trigger);
    }
    let steps = step_rows(&l, catalogue, &definition, &trigger, (&run, &name), detail.steps, node);
    let failure = run.error.as_ref().and_then(|error| Failure::of_run(l.texts(), error));
    let failed = failure.as_ref().and_then(|failure| steps.iter().find(|step| step.node == failure.node));
    Ok(RunPage {
        is_masked,
        may_reveal: false,
        id: run.id,
        status: run.status.as_str(),
        is_over: run.status.is_final(),
        workflow: run.workflow,
        name,
        is_deleted: workflow.is_none(),
        version: run.version,
        event: run.event,
        mode: mode(&l, run.mode),
        created_at: run.created_at,
        duration_ms: run.finished_at.zip(run.started_at).map(|(end, start)| end.ms_since(start)),
        failed: failed.map(|step| step.title.clone()).unwrap_or_default(),
        failure,
        steps,
        island: island(&l, storage, catalogue, workflow, &run).await?,
        l,
    })
}

/// Ends a run that is not over yet.
pub(super) async fn cancel(
    _signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    engine: Data<Engine>,
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let run = storage.run(*id).await?;
    let notice = if engine.cancel(run.id).await? { "run_cancelled" } else { "run_over" };
    Ok(see_other(&format!("/runs/{}?notice={notice}", run.id)))
}

/// The run drawn on the canvas; none when its workflow is gone.
async fn island(
    l: &Layout,
    storage: &Storage,
    catalogue: &Catalogue,
    workflow: Option<WorkflowRecord>,
    run: &RunRecord,
) -> Result<Option<Island>, Problem> {
    let Some(workflow) = workflow else { return Ok(None) };
    let opening = opening_of_run(storage, workflow, run).await?;
    Island::new(l, catalogue, &opening).map(Some)
}

fn mode(l: &Layout, mode: RunMode) -> String {
    let key = match mode {
        RunMode::Live => "run.mode.live",
        RunMode::Manual => "run.mode.manual",
        RunMode::Replay => "run.mode.replay",
        RunMode::Call => "run.mode.call",
        RunMode::Error => "run.mode.error",
        RunMode::Callback => "run.mode.callback",
    };
    l.t(key).to_owned()
}
