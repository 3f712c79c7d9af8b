//! A run that a person starts, with a sample of their own or a stored event.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path};
use engine::live::News;
use engine::{Engine, order_key_or_own};
use model::{Definition, Event, EventId, NodeId, RunId, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::queue::{Disposition, NewEvent, Parsed, RunMode, StartRun};
use storage::{Storage, WorkflowRecord};
use utoipa::ToSchema;

use super::definitions::check as check_definition;
use super::events::usable_event;
use crate::audit;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::webhooks::{Receipt, as_received};

/// What to run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The trigger to begin at; the first one when left out.
    pub node: Option<String>,
    /// What the trigger is to have received; what the manual trigger has as its sample when left out.
    pub sample: Option<StartSample>,
    /// A stored event that is run (again) instead of a sample: the run belongs to this event. One that was refused has no
    /// content to run with.
    #[schema(value_type = Option<Uuid>)]
    pub event: Option<EventId>,
    /// `published`, `draft`, or what is there when left out: the published version if there is one.
    #[serde(default)]
    pub version: Which,
}

/// Which definition to run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The published version if there is one, else the draft.
    #[default]
    Latest,
    /// The published version.
    Published,
    /// The draft.
    Draft,
}

/// What a trigger is to have received.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartSample {
    /// The method; `POST` when left out.
    pub method: Option<String>,
    /// Header names in lower case.
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    /// Query parameters.
    #[schema(value_type = Object)]
    pub query: Map<String, Value>,
    /// The parsed body.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// Starts a run by hand. The workflow need not be active.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/run", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = Option<Start>,
    responses((status = 202, body = Receipt), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn run(
    caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    engine: Data<Engine>,
    id: Path<WorkflowId>,
    wish: Option<Json<Start>>,
) -> Result<(Json<Receipt>, actix_web::http::StatusCode), Problem> {
    let wish = wish.map(Json::into_inner).unwrap_or_default();
    let workflow = storage.workflow(*id).await?;
    let (definition_key, version, definition) = definition_of(&storage, &catalogue, &workflow, wish.version).await?;
    let trigger_node = trigger_of(&definition, &catalogue, wish.node.as_deref())?;
    // A stored event is not stored again: the new run belongs to it, too.
    let again_at = wish.event.map(|_| storage.now());
    let event = event_of(&storage, &workflow, &definition, &trigger_node, wish).await?;
    let node = trigger_node.clone();
    let start = StartRun::new(RunId::generate(), trigger_node, definition_key, version, RunMode::Manual);
    let start = StartRun { again_at, order_key: order_key_or_own(&definition.settings, &event), ..start };
    let new = NewEvent {
        raw_body: if event.body.is_null() { Vec::new() } else { event.body.to_string().into_bytes() },
        event: Arc::new(event),
        workflow_key: workflow.key,
        endpoint_key: None,
        remote_address: None,
        content_type: Some("application/json".to_owned()),
        parsed: Parsed::AsRawJson,
        dedup_key: None,
        files: Vec::new(),
        disposition: Disposition::Start(start),
    };
    let accepted = storage.queue().accept(new).await?;
    if let Some(run) = accepted.run.filter(|_| again_at.is_some()) {
        let details = json!({ "event": accepted.event, "workflow": workflow.id, "version": version });
        audit::note(&storage, caller.name(), "run.started", ("run", run.to_string()), details).await;
    }
    let (event, status, run) = (accepted.event, accepted.status, accepted.run);
    engine.live().tell(|| News::Event { workflow: workflow.id, node, event, status, run });
    Ok((Json(Receipt::from(accepted)), actix_web::http::StatusCode::ACCEPTED))
}

async fn definition_of(
    storage: &Storage,
    catalogue: &Catalogue,
    workflow: &WorkflowRecord,
    which: Which,
) -> Result<(i64, Option<i32>, Definition), Problem> {
    let published = workflow.published_version.filter(|_| which != Which::Draft);
    if let Some(number) = published {
        let version = storage.version(workflow.key, number).await?;
        return Ok((version.definition_key, Some(number), storage.definition(version.definition_key).await?));
    }
    if which == Which::Published {
        return Err(Problem::not_now("problem.only_draft"));
    }
    let problems = check_definition(&workflow.draft, catalogue, storage).await?;
    if !problems.is_empty() {
        return Err(Problem::invalid_definition(problems));
    }
    let key = storage.store_definition(workflow.key, &workflow.draft).await?;
    Ok((key, None, workflow.draft.clone()))
}

fn trigger_of(definition: &Definition, catalogue: &Catalogue, wanted: Option<&str>) -> Result<NodeId, Problem> {
    let is_trigger = |node: &&model::Node| {
        catalogue.get(&node.node_type).is_some_and(|known| known.node_type().kind == NodeKind::Trigger)
    };
    let mut triggers = definition.nodes.iter().filter(is_trigger).map(|node| node.id.clone());
    match wanted {
        None => triggers.next().ok_or_else(|| Problem::not_now("problem.no_trigger")),
        Some(id) => triggers.find(|node| node.as_str() == id).ok_or_else(|| {
            Problem::invalid_request(format!("`{id}` is not a trigger of this workflow.")).at_parameter("node")
        }),
    }
}

async fn event_of(
    storage: &Storage,
    workflow: &WorkflowRecord,
    definition: &Definition,
    trigger: &NodeId,
    wish: Start,
) -> Result<Event, Problem> {
    let received_at = storage.now();
    if let Some(event) = wish.event {
        usable_event(storage, workflow.id, event).await?;
        return Ok(storage.event_content(event).await?);
    }
    let own = definition.node(trigger).and_then(|node| node.params.get("sample")).cloned();
    let sample = wish.sample.unwrap_or_else(|| StartSample { body: own.unwrap_or_default(), ..StartSample::default() });
    // The same form as a request has, so that what works with the sample works with a request.
    let received = as_received(json!({
        "method": sample.method, "headers": sample.headers, "query": sample.query, "body": sample.body,
    }));
    let object = |name: &str| received[name].as_object().cloned().unwrap_or_default();
    Ok(Event {
        id: EventId::generate(),
        received_at,
        method: received["method"].as_str().unwrap_or_default().to_owned(),
        headers: object("headers"),
        query: object("query"),
        body: received["body"].clone(),
    })
}
