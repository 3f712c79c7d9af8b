//! One step tried by itself, while a person draws.

use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::trial::{Trial, TrialResult};
use model::graph::Graph;
use model::{Definition, ErrorCode, EventId, NodeError, NodeId, StepStatus, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use storage::{SampleRecord, Storage};
use utoipa::ToSchema;

use super::definitions::check as check_definition;
use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};
use crate::webhooks::as_received;

/// What to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestStep {
    /// The definition that the node stands in; the saved draft when left out.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Definition>,
    /// The node.
    pub node: String,
    /// What expressions see: `trigger`, `steps` and so on. What is left out comes from the workflow's samples.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub context: Map<String, Value>,
}

/// What came of a tried step.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestStepResult {
    /// `succeeded`, `failed` or `skipped`.
    #[schema(value_type = String)]
    pub status: StepStatus,
    /// The port that a run would go on along.
    pub port: Option<String>,
    /// The output.
    #[schema(value_type = Object)]
    pub output: Option<Value>,
    /// The parameters as the node got them; null when they could not be computed. Never a secret.
    #[schema(value_type = Option<Object>)]
    pub params: Option<Map<String, Value>>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub error: Option<NodeError>,
    /// What was sent and what came back, without secrets.
    #[schema(value_type = Vec<Object>)]
    pub exchanges: Vec<Value>,
    /// How long it took.
    pub duration_ms: u64,
}

/// Tries one step for real, once: what it does outside happens. Nothing of it is stored as a run.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/test-step", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = TestStep, responses((status = 200, body = TestStepResult), (status = 422, body = ProblemDocument)))]
pub async fn test(
    _caller: Caller,
    (storage, catalogue, config): (Data<Storage>, Data<Catalogue>, Data<Config>),
    engine: Data<Engine>,
    id: Path<WorkflowId>,
    wish: Json<TestStep>,
) -> Result<Json<TestStepResult>, Problem> {
    let TestStep { definition, node, context } = wish.into_inner();
    let workflow = storage.workflow(*id).await?;
    let definition = definition.unwrap_or(workflow.draft);
    let node = NodeId(node);
    if definition.node(&node).is_none() {
        let detail = format!("There is no node `{node}` in the workflow.");
        return Err(Problem::invalid_request(detail).at_parameter("node"));
    }
    if let Some(error) = fault(&definition, &node, &catalogue, &storage).await? {
        return Ok(Json(TrialResult::refused(error).into()));
    }
    let samples = storage.samples(workflow.key).await?;
    let context = with_samples(context, &definition, &node, &catalogue, samples, &storage);
    let trial = Trial {
        workflow: workflow.id,
        workflow_name: workflow.name,
        definition,
        node,
        context,
        limit_ms: config.api.test_timeout_ms,
    };
    Ok(Json(engine.try_step(trial).await.into()))
}

/// Why the node cannot even begin; where it stands in the graph does not matter here.
async fn fault(
    definition: &Definition,
    node: &NodeId,
    catalogue: &Catalogue,
    storage: &Storage,
) -> Result<Option<NodeError>, Problem> {
    let mut problems = check_definition(definition, catalogue, storage).await?;
    let about_order = ["unknown_reference", "reference_not_before", "no_respond_node"];
    problems.retain(|problem| {
        let is_own = problem.node.as_ref() == Some(node) && !about_order.contains(&problem.code.as_str());
        is_own && (problem.parameter.is_some() || problem.code == "unknown_node_type")
    });
    let Some(first) = problems.first() else { return Ok(None) };
    let code = match first.code.as_str() {
        "missing_credential" | "unexpected_credential" | "invalid_credential" => ErrorCode::Credential,
        "invalid_expression" => ErrorCode::Expression,
        "invalid_script" => ErrorCode::Script,
        _ => ErrorCode::Parameter,
    };
    let error = NodeError::permanent(code, first.message.clone()).with_details(json!({ "problems": problems }));
    Ok(Some(match first.parameter.clone() {
        Some(parameter) => error.at(parameter),
        None => error,
    }))
}

/// The context, with the workflow's samples where it says nothing. A trigger's sample is what began the run, not a step.
fn with_samples(
    mut context: Map<String, Value>,
    definition: &Definition,
    node: &NodeId,
    catalogue: &Catalogue,
    samples: Vec<SampleRecord>,
    storage: &Storage,
) -> Map<String, Value> {
    let is_trigger = |node: &NodeId| {
        let known = definition.node(node).and_then(|node| catalogue.get(&node.node_type));
        known.is_some_and(|known| known.node_type().kind == NodeKind::Trigger)
    };
    let graph = Graph::of(definition);
    let leads_here = |trigger: &NodeId| trigger == node || graph.reachable_from(trigger).contains(node);
    let (triggers, steps): (Vec<_>, Vec<_>) = samples.into_iter().partition(|sample| is_trigger(&sample.node));
    let received = triggers.into_iter().find(|sample| leads_here(&sample.node)).map(|sample| sample.value);
    let received = context.remove("trigger").or(received).unwrap_or_else(|| json!({}));
    context.insert("trigger".to_owned(), as_event(received, storage));
    if let Value::Object(outputs) = context.entry("steps").or_insert_with(|| json!({})) {
        for sample in steps {
            outputs.entry(sample.node.0).or_insert(sample.value);
        }
    }
    context
}

/// A trigger's sample in the form in which a run sees an event.
fn as_event(received: Value, storage: &Storage) -> Value {
    let mut event = as_received(received);
    if let Value::Object(fields) = &mut event {
        fields.entry("event").or_insert_with(|| json!(EventId::generate()));
        fields.entry("received_at").or_insert_with(|| json!(storage.now()));
    }
    event
}

impl From<TrialResult> for TestStepResult {
    fn from(result: TrialResult) -> Self {
        Self {
            status: result.status,
            port: result.port,
            output: result.output,
            params: result.params,
            error: result.error,
            exchanges: result.exchanges,
            duration_ms: result.duration_ms,
        }
    }
}
