//! What the editor uses as example data: one value for each node.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use model::{EventId, NodeId, Timestamp, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::{SampleRecord, SampleSource, Storage, WorkflowRecord};
use utoipa::ToSchema;

use super::Items;
use super::events::usable_event;
use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemCode, ProblemDocument};
use crate::redaction::masked_event;
use crate::webhooks::as_received;

/// Example data of one node.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Sample {
    /// The node.
    pub node: String,
    /// `event`, `edited` or `test`.
    #[schema(value_type = String)]
    pub source: SampleSource,
    /// The event that it was taken from.
    #[schema(value_type = Option<Uuid>)]
    pub event: Option<EventId>,
    /// The data: for a trigger `method`, `headers`, `query` and `body`; otherwise the step's output.
    #[schema(value_type = Object)]
    pub value: Value,
    /// When it was set.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Example data to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSample {
    /// `event`, `edited` or `test`.
    #[schema(value_type = String)]
    pub source: SampleSource,
    /// The event that it is taken from.
    #[schema(value_type = Option<Uuid>)]
    pub event: Option<EventId>,
    /// The data. When left out, that of the event, which must not have been refused.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    pub value: Option<Value>,
}

/// A null that is given is a value; only what is left out is none.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Lists the samples of a workflow.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/samples", tag = "samples", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<Sample>), (status = 404, body = ProblemDocument)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<WorkflowId>,
) -> Result<Json<Items<Sample>>, Problem> {
    let workflow = storage.workflow(*id).await?;
    let items = storage.samples(workflow.key).await?.into_iter().map(Sample::from).collect();
    Ok(Json(Items { items }))
}

/// Sets the sample of a node. The node need not be in the saved draft yet.
#[utoipa::path(put, path = "/api/v1/workflows/{id}/samples/{node}", tag = "samples",
    params(("id" = Uuid, Path), ("node" = String, Path)), request_body = NewSample,
    responses((status = 200, body = Sample), (status = 409, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub async fn set(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    config: Data<Config>,
    path: Path<(WorkflowId, NodeId)>,
    new: Json<NewSample>,
) -> Result<Json<Sample>, Problem> {
    let ((id, node), new) = (path.into_inner(), new.into_inner());
    let workflow = storage.workflow(id).await?;
    if !node.is_valid() {
        let detail = format!("`{node}` cannot be a node id: use up to 64 letters, digits, `_` and `-`.");
        return Err(Problem::invalid_request(detail).at_parameter("node"));
    }
    let value = match (new.value, new.event) {
        (Some(value), _) if may_be_trigger(&workflow, &catalogue, &node) => as_received(value),
        (Some(value), _) => value,
        (None, Some(event)) => event_value(&storage, &workflow, event).await?,
        (None, None) => {
            let detail = "Give a `value`, or an `event` to take it from.";
            return Err(Problem::invalid_request(detail).at_parameter("value"));
        }
    };
    let limit = config.api.max_sample_bytes;
    if value.to_string().len() > limit {
        let detail = format!("The sample is larger than {limit} bytes. Shorten it to the fields that matter.");
        return Err(Problem::new(ProblemCode::TooLarge, detail).at_parameter("value"));
    }
    Ok(Json(storage.set_sample(workflow.key, node, new.source, new.event, value).await?.into()))
}

/// Removes the sample of a node.
#[utoipa::path(delete, path = "/api/v1/workflows/{id}/samples/{node}", tag = "samples",
    params(("id" = Uuid, Path), ("node" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(
    _caller: Caller,
    storage: Data<Storage>,
    path: Path<(WorkflowId, NodeId)>,
) -> Result<HttpResponse, Problem> {
    let (id, node) = path.into_inner();
    let workflow = storage.workflow(id).await?;
    storage.delete_sample(workflow.key, node).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a stored event of the workflow looks like as a sample. The sender's secrets are masked in it already.
pub(crate) async fn event_value(
    storage: &Storage,
    workflow: &WorkflowRecord,
    event: EventId,
) -> Result<Value, Problem> {
    usable_event(storage, workflow.id, event).await?;
    // What is personal stays masked: a sample is there for its form.
    let event = masked_event(storage, workflow.id, event).await?;
    Ok(json!({ "method": event.method, "headers": event.headers, "query": event.query, "body": event.body }))
}

/// Whether a node is a trigger, or may become one because the draft does not know it yet.
fn may_be_trigger(workflow: &WorkflowRecord, catalogue: &Catalogue, node: &NodeId) -> bool {
    let known = workflow.draft.node(node).and_then(|node| catalogue.get(&node.node_type));
    known.is_none_or(|known| known.node_type().kind == NodeKind::Trigger)
}

impl From<SampleRecord> for Sample {
    fn from(record: SampleRecord) -> Self {
        Self {
            node: record.node.0,
            source: record.source,
            event: record.event,
            value: record.value,
            updated_at: record.updated_at,
        }
    }
}
