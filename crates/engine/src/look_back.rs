//! Looking back at a step of a run: what it had to work with, computed anew, and what the other side has of it.

use std::sync::Arc;

use model::{ErrorCode, NodeError, NodeId, RunId};
use nodes::effect::{Effect, HttpBody, HttpReply, HttpRequest, Reply, ResponseFormat};
use nodes::parameters::resolve_each;
use nodes::{Input, Outcome};
use serde_json::{Map, Value, json};
use storage::{RunRecord, StepRecord, StorageError};
use tokio::runtime::Handle;

use crate::effects::{Call, Exchange, OpenCredential};
use crate::engine::{Engine, Shared};
use crate::output_size::within_size;
use crate::prepared::Prepared;
use crate::run::context::of_run;
use crate::step::{Try, panicked, resolved_params, surroundings};
use crate::transition::Finished;

/// What the other side has of a step that is in doubt.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// What the step would give to the steps after it.
    pub output: Value,
    /// The port that the run would go on along.
    pub port: String,
    /// What was sent and what came back, without secrets.
    pub exchange: Exchange,
}

/// Why nothing could be fetched. Nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No step of the run is in doubt.
    #[error("no step of the run is in doubt")]
    NotInDoubt,
    /// The other side did not answer with a result.
    #[error("{0}")]
    Failed(NodeError),
    /// The database refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Engine {
    /// The parameters of a step outside of loops as its node got them, computed anew: what cannot be computed is null. None
    /// when the run's version has no such node, or its type is gone.
    pub async fn input_of_step(&self, run: RunId, node: &NodeId) -> Result<Option<Map<String, Value>>, StorageError> {
        let shared = self.shared().clone();
        let record = shared.storage.run(run).await?;
        let prepared = prepared_of(&shared, &record).await?;
        let Some(node) = prepared.node(node).filter(|node| node.parent.is_none()) else { return Ok(None) };
        let steps = shared.storage.outer_steps(record.key).await?;
        let this = attempt_of(&shared, &prepared, (&record, node), &steps).await?;
        let surroundings = surroundings(&shared, &prepared, &this, this.step_started_at);
        Ok(shared.catalogue.get(&node.node_type).map(|known| {
            let mut input = resolve_each(known.node_type(), node, &this.context, &surroundings);
            input.extend(this.given.unwrap_or_default());
            input
        }))
    }

    /// Asks the other side at an address, with the step's credential, for what became of the step that is in doubt. `limit_ms`
    /// is how long the answer may take, in milliseconds. Nothing is decided by it.
    pub async fn fetch_result(&self, run: RunId, url: String, limit_ms: u64) -> Result<Fetched, FetchError> {
        let shared = self.shared().clone();
        let record = shared.storage.run(run).await?;
        let step = self.step_in_doubt(&record).await?.ok_or(FetchError::NotInDoubt)?;
        // As when a step is tried: what computes must not hold up a thread that answers requests.
        let home = shared.home.get().cloned().unwrap_or_else(Handle::current);
        let task = home.spawn(async move { fetch(&shared, &record, step, (url, limit_ms)).await });
        task.await.unwrap_or_else(|_| Err(FetchError::Failed(panicked())))
    }
}

async fn prepared_of(shared: &Shared, record: &RunRecord) -> Result<Arc<Prepared>, StorageError> {
    let workflow_key = shared.storage.workflow_key(record.workflow).await?;
    shared.definitions.get(&shared.storage, &shared.catalogue, record.definition_key, workflow_key).await
}

/// An attempt of a step as it was made outside of loops, to compute with; it is not made.
async fn attempt_of<'a>(
    shared: &Shared,
    prepared: &'a Prepared,
    (record, node): (&RunRecord, &'a model::Node),
    steps: &[StepRecord],
) -> Result<Try<'a>, StorageError> {
    let mut event = shared.storage.event_content(record.event).await?;
    let started_at = record.started_at.unwrap_or(record.created_at);
    let mut context = of_run(shared, prepared, (event.take_context(), record.id), started_at);
    if let Some(Value::Object(seen)) = Arc::make_mut(&mut context).get_mut("steps") {
        let over = steps.iter().filter(|step| step.status.is_final() && step.node != node.id);
        seen.extend(over.filter_map(|step| Some((step.node.0.clone(), step.output.clone()?))));
    }
    let own = steps.iter().find(|step| step.node == node.id);
    Ok(Try {
        node,
        iteration: Arc::from(""),
        number: own.map_or(1, |step| step.attempts.max(1)),
        step_started_at: own.map_or(started_at, |step| step.started_at),
        run: record.id,
        run_key: Some(record.key),
        workflow_key: None,
        context,
        given: record.given.get(&node.id).cloned(),
        incoming: Vec::new(),
        limit_ms: 0,
    })
}

async fn fetch(
    shared: &Shared,
    record: &RunRecord,
    step: StepRecord,
    (url, limit_ms): (String, u64),
) -> Result<Fetched, FetchError> {
    let prepared = prepared_of(shared, record).await?;
    let failed = |error: NodeError| Err(FetchError::Failed(error));
    let known = prepared.node(&step.node).and_then(|node| Some((node, shared.catalogue.get(&node.node_type)?)));
    let Some((node, behaviour)) = known else {
        let message = format!("There is no step `{}` any more, or its connector was removed.", step.node);
        return failed(NodeError::permanent(ErrorCode::Parameter, message));
    };
    let credential = match node.credential {
        None => None,
        Some(id) => match shared.vault.open(id, &behaviour.node_type().credential_kinds).await {
            Ok(credential) => Some(credential),
            Err(error) => return failed(error),
        },
    };
    let call = Call {
        credential: credential.as_ref(),
        allowed_hosts: &behaviour.node_type().hosts,
        idempotency_key: "",
        timeout_ms: limit_ms,
        run: Some(record.id),
        workflow_key: None,
        node: &step.node,
        iteration: &step.iteration,
    };
    let done = shared.effects.carry_out(&Effect::Http(question(url)), &call).await;
    let done = done.map_err(|failed| FetchError::Failed(failed.error))?;
    let Reply::Http(reply) = done.reply else { return failed(panicked()) };
    if !(200..300).contains(&reply.status) {
        return failed(nothing_there(&reply));
    }
    let own = own_output(shared, record, (&prepared, node), (credential.as_ref(), &step), &reply).await?;
    let (port, output) = own.unwrap_or_else(|| {
        let whole = json!({ "status": reply.status, "headers": reply.headers, "body": reply.body, "url": reply.url });
        (model::definition::OUT.to_owned(), whole)
    });
    let finished = Finished::Done { port: port.clone(), output: output.clone() };
    within_size(finished, shared.settings.max_output_bytes).map_err(FetchError::Failed)?;
    Ok(Fetched { output, port, exchange: done.exchange })
}

fn question(url: String) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url,
        query: Vec::new(),
        headers: vec![("Accept".to_owned(), "application/json, */*;q=0.5".to_owned())],
        body: HttpBody::None,
        response: ResponseFormat::Auto,
        redirects: None,
        safe_to_repeat: true,
    }
}

fn nothing_there(reply: &HttpReply) -> NodeError {
    let status = reply.status;
    let message = format!(
        "The address answered {status}, which is no result. If it means that the step did not happen, have it done again."
    );
    NodeError::permanent(ErrorCode::HttpStatus, message).with_details(json!({ "status": status, "url": reply.url }))
}

/// The answer in the shape that the step itself gives it, as if it had been the answer to what the step sent. None where that
/// cannot be known: in a loop, or after the first of several requests.
async fn own_output(
    shared: &Shared,
    record: &RunRecord,
    (prepared, node): (&Prepared, &model::Node),
    (credential, step): (Option<&OpenCredential>, &StepRecord),
    reply: &HttpReply,
) -> Result<Option<(String, Value)>, StorageError> {
    if !step.iteration.is_empty() {
        return Ok(None);
    }
    let steps = shared.storage.outer_steps(record.key).await?;
    let this = attempt_of(shared, prepared, (record, node), &steps).await?;
    let Ok(params) = resolved_params(shared, prepared, &this, this.step_started_at) else { return Ok(None) };
    let public = credential.map_or(Value::Null, OpenCredential::public_fields);
    let surroundings = surroundings(shared, prepared, &this, this.step_started_at);
    let input = Input {
        node,
        params: &params,
        context: &this.context,
        incoming: &this.incoming,
        credential: &public,
        surroundings: &surroundings,
    };
    let Some(behaviour) = shared.catalogue.get(&node.node_type) else { return Ok(None) };
    let Ok(Outcome::Do { effect: Effect::Http(_), state }) = behaviour.start(&input) else { return Ok(None) };
    Ok(match behaviour.resume(&input, state, Reply::Http(reply.clone())) {
        Ok(Outcome::Done { port, output }) => Some((port, output)),
        _ => None,
    })
}
