//! One run: how it stands, what it did on the canvas, and every step with its attempts.

pub(super) mod replay;
mod steps;
mod turns;

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use engine::links::step_name;
use model::{EventId, NodeId, RunId, Timestamp, WorkflowId};
use nodes::Catalogue;
use nodes::node::SignalKind;
use serde::Deserialize;
use serde_json::json;
use storage::queue::RunMode;
use storage::{RunRecord, Storage, WorkflowRecord};

use self::steps::{StepRow, step_rows};
use super::Site;
use super::dead_letters::Doubt;
use super::editor::opening_of_run;
use super::failure::Failure;
use super::island::Island;
use super::layout::{Layout, page, see_other};
use super::shown::Reader;
use super::workflows::Nothing;
use crate::api::runs::run_detail_in;
use crate::audit;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;
use crate::redaction::{Sight, mask_event, note_reveal, personal_of};

/// What the address of the page says.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    /// The step to open.
    node: Option<String>,
    /// The loop whose turns are shown instead of the run.
    r#loop: Option<String>,
    /// The turn of the loop around it.
    outer: Option<String>,
    /// The turn whose steps are shown, from 1.
    turn: Option<String>,
    /// The first turn of the list, from 0.
    from: Option<u64>,
}

/// Another run that has to do with this one.
struct Related {
    id: RunId,
    status: &'static str,
    at: Timestamp,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a part that the page shows or leaves out")]
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
    /// How far each loop is, by its node.
    turns: BTreeMap<String, String>,
    /// Links that let waiting steps go on, by node.
    links: BTreeMap<String, String>,
    doubt: Option<Doubt>,
    /// Whether nobody knows what became of a step, also when a person gave the run up.
    is_in_doubt: bool,
    has_failed_step: bool,
    replay_of: Option<Related>,
    replays: Vec<Related>,
    parent: Option<Related>,
    called: Vec<Related>,
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
    (engine, site): (Data<Engine>, Data<Site>),
    id: Path<RunId>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    if wish.r#loop.is_some() {
        let run = storage.run(*id).await?;
        let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
        return turns::show(l, (&storage, &catalogue), &run, name, &wish).await;
    }
    let parts = (&**storage, &**catalogue, &**engine, &**site);
    let shown = run_page(l, parts, *id, wish.node.as_deref(), Sight::Masked).await?;
    page(StatusCode::OK, &RunPage { may_reveal: signed_in.user.is_owner, ..shown })
}

/// The page of a run with what is masked otherwise, because it is personal. Only the owner may, and it is written down.
pub(super) async fn reveal(
    request: HttpRequest,
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    (engine, site): (Data<Engine>, Data<Site>),
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    if !signed_in.user.is_owner {
        return Err(Problem::forbidden());
    }
    note_reveal(&storage, &signed_in.user.email, "run", &id.to_string()).await?;
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/runs/{id}");
    let parts = (&**storage, &**catalogue, &**engine, &**site);
    page(StatusCode::OK, &run_page(l, parts, *id, None, Sight::Revealed).await?)
}

async fn run_page(
    l: Layout,
    (storage, catalogue, engine, site): (&Storage, &Catalogue, &Engine, &Site),
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
    let failure = failure.map(|failure| {
        let node = definition.node(&NodeId(failure.node.clone()));
        failure.in_form(&l, catalogue, node)
    });
    let failed = failure.as_ref().and_then(|failure| steps.iter().find(|step| step.node == failure.node));
    let mut turns = BTreeMap::new();
    for step in steps.iter().filter(|step| step.is_box) {
        let words = turns::summary(&l, storage, &run, &NodeId(step.node.clone()), "").await?;
        turns.insert(step.node.clone(), words);
    }
    let letter = storage.dead_letter(run.key).await?;
    let doubt = match &letter {
        Some(letter) => Doubt::of_letter(&mut Reader::new(&l), storage, letter).await?,
        None => None,
    };
    Ok(RunPage {
        turns,
        links: links(engine, site, run.id, &steps),
        doubt,
        is_in_doubt: engine.step_in_doubt(&run).await?.is_some(),
        has_failed_step: steps.iter().any(|step| step.failure.is_some()),
        replay_of: related(storage, run.replay_of).await?,
        replays: storage.replays_of(run.key).await?.iter().map(Related::of).collect(),
        parent: related(storage, run.parent_key).await?,
        called: storage.called_runs(run.key).await?.iter().map(Related::of).collect(),
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
    signed_in: SignedIn,
    _form: CheckedForm<Nothing>,
    storage: Data<Storage>,
    engine: Data<Engine>,
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let run = storage.run(*id).await?;
    let cancelled = engine.cancel(run.id).await?;
    if cancelled {
        audit::note(&storage, signed_in.user.email, "run.cancelled", ("run", id.to_string()), json!({})).await;
    }
    let notice = if cancelled { "run_cancelled" } else { "run_over" };
    Ok(see_other(&format!("/runs/{}?notice={notice}", run.id)))
}

/// The links that let waiting steps go on, by node.
fn links(engine: &Engine, site: &Site, run: RunId, steps: &[StepRow]) -> BTreeMap<String, String> {
    let waiting = steps.iter().filter_map(|step| Some((step.node.clone(), step.waiting?.signal?)));
    let link = |(node, signal): (String, SignalKind)| {
        let name = step_name(&NodeId(node.clone()), "");
        let token = engine.link_token(run, &name);
        let path = match signal {
            SignalKind::Callback => "hooks/v1/resume",
            SignalKind::Approval => "approve",
        };
        (node, format!("{}{path}/{run}/{name}/{token}", site.base_url))
    };
    waiting.map(link).collect()
}

async fn related(storage: &Storage, key: Option<i64>) -> Result<Option<Related>, Problem> {
    let Some(key) = key else { return Ok(None) };
    Ok(storage.run_by_key(key).await?.as_ref().map(Related::of))
}

impl Related {
    fn of(run: &RunRecord) -> Self {
        Self { id: run.id, status: run.status.as_str(), at: run.created_at }
    }
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
