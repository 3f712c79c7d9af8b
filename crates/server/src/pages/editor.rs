//! The page on which a person draws a workflow.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{RunId, WorkflowId};
use nodes::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{Storage, WorkflowRecord};

use super::Site;
use super::island::{Island, Opening};
use super::layout::{Layout, page};
use crate::api::credentials::Credential;
use crate::api::publishing::webhook_addresses;
use crate::api::runs::{RunDetail, run_detail};
use crate::api::samples::Sample;
use crate::api::workflows::WorkflowDetail;
use crate::auth::SignedIn;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "editor.html")]
struct EditorPage {
    l: Layout,
    name: String,
    island: Island,
}

#[derive(Deserialize)]
pub(super) struct Wish {
    /// A run whose data and states are to lie over the canvas.
    run: Option<RunId>,
}

/// Shows the editor with the workflow's draft.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    site: Data<Site>,
    id: Path<WorkflowId>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let workflow = storage.workflow(*id).await?;
    let run = match wish.run {
        Some(run) => value(&run_of(&storage, &workflow, run).await?)?,
        None => Value::Null,
    };
    let l = Layout::for_user(&request, &signed_in);
    let opening = Opening {
        mode: "edit",
        webhooks: value(&webhook_addresses(&storage, &site, &workflow).await?)?,
        credentials: value(&credentials(&storage).await?)?,
        samples: value(&samples(&storage, &workflow).await?)?,
        run,
        workflow: value(&WorkflowDetail::with_problems(&storage, &catalogue, workflow.clone()).await?)?,
    };
    let island = Island::new(&l, &catalogue, &opening)?;
    page(StatusCode::OK, &EditorPage { l, name: workflow.name, island })
}

/// What the read-only canvas of a run is opened with: the definition that it ran, not today's draft.
pub(super) async fn opening_of_run(
    storage: &Storage,
    workflow: WorkflowRecord,
    run: &storage::RunRecord,
) -> Result<Opening, Problem> {
    let definition = storage.definition(run.definition_key).await?;
    Ok(Opening {
        mode: "run",
        webhooks: Value::Array(Vec::new()),
        credentials: Value::Array(Vec::new()),
        samples: Value::Array(Vec::new()),
        run: value(&run_detail(storage, run).await?)?,
        workflow: value(&WorkflowDetail::of(WorkflowRecord { draft: definition, ..workflow }))?,
    })
}

async fn run_of(storage: &Storage, workflow: &WorkflowRecord, id: RunId) -> Result<RunDetail, Problem> {
    let run = storage.run(id).await?;
    if run.workflow != workflow.id {
        return Err(Problem::not_found("run of this workflow"));
    }
    run_detail(storage, &run).await
}

async fn credentials(storage: &Storage) -> Result<Vec<Credential>, Problem> {
    Ok(storage.credentials().await?.into_iter().map(Credential::from).collect())
}

async fn samples(storage: &Storage, workflow: &WorkflowRecord) -> Result<Vec<Sample>, Problem> {
    Ok(storage.samples(workflow.key).await?.into_iter().map(Sample::from).collect())
}

fn value(view: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(Problem::unexpected)
}
