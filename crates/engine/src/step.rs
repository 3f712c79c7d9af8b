//! One attempt of one step: parameters are computed, the node decides, the engine carries out what it asks for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ErrorCode, Node as NodeDefinition, NodeError, RunId, Timestamp};
use nodes::{Input, Node, Outcome, Surroundings};
use serde_json::{Map, Value};
use storage::crash_points::{self, CrashPoint};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::computing_time::stop_after_computing;
use crate::effects::{Call, OpenCredential};
use crate::engine::Shared;
use crate::prepared::Prepared;
use crate::transition::{Attempt, Finished};

/// How long after its limit an attempt is cut off, in milliseconds. An effect ends by itself at the limit and tells how
/// far it came, which would be lost if both happened at the same time.
const CUT_OFF_DELAY_MS: u64 = 100;

/// An attempt to be made.
pub(crate) struct Try {
    /// The node, as its place in the definition.
    pub(crate) node: NodeDefinition,
    /// The attempt's number; the first is 1.
    pub(crate) number: u32,
    /// When the step's first attempt began.
    pub(crate) step_started_at: Timestamp,
    /// The run; of a trial, an id that no run has.
    pub(crate) run: RunId,
    /// Whether the step is tried by itself, outside of any run.
    pub(crate) is_trial: bool,
    /// What expressions see.
    pub(crate) context: Arc<Value>,
    /// How long it may take, in milliseconds.
    pub(crate) limit_ms: u64,
}

/// Makes one attempt and never fails itself: whatever goes wrong is the attempt's result.
pub(crate) async fn attempt(shared: &Shared, prepared: &Prepared, this: Try) -> Attempt {
    let started_at = shared.clock.now();
    let mut exchanges = Vec::new();
    let work = work(shared, prepared, &this, started_at, &mut exchanges);
    let cut_off = Duration::from_millis(this.limit_ms.saturating_add(CUT_OFF_DELAY_MS));
    let result = match tokio::time::timeout(cut_off, work).await {
        Ok(result) => result.and_then(|finished| within_size(finished, shared.settings.max_output_bytes)),
        Err(_) => Err(timed_out(this.limit_ms)),
    };
    Attempt {
        node: this.node.id,
        number: this.number,
        step_started_at: this.step_started_at,
        started_at,
        finished_at: shared.clock.now(),
        result,
        exchanges,
    }
}

async fn work(
    shared: &Shared,
    prepared: &Prepared,
    this: &Try,
    started_at: Timestamp,
    exchanges: &mut Vec<Value>,
) -> Result<Finished, NodeError> {
    let began = Instant::now();
    let node = &this.node;
    let behaviour = shared.catalogue.get(&node.node_type).ok_or_else(|| {
        let message = format!("There is no node type `{}` here; its connector may have been removed.", node.node_type);
        NodeError::permanent(ErrorCode::Parameter, message)
    })?;
    let node_type = behaviour.node_type();
    let credential = match node.credential {
        Some(id) => Some(shared.vault.open(id, &node_type.credential_kinds).await?),
        None => None,
    };
    let public = credential.as_ref().map_or(Value::Null, OpenCredential::public_fields);
    let heavy = prepared.is_heavy(&node.id);
    let surroundings = |shared: &Shared| surroundings(shared, prepared, this, started_at);
    let params = resolved_params(shared, prepared, this, started_at)?;
    let decide = |reply: Option<(Value, nodes::effect::Reply)>| {
        let surroundings = surroundings(shared);
        let input =
            Input { node, params: &params, context: &this.context, credential: &public, surroundings: &surroundings };
        compute(heavy, || decide(behaviour.as_ref(), &input, reply))
    };
    let mut outcome = decide(None)?;
    loop {
        let (effect, state) = match outcome {
            Outcome::Done { port, output } => return Ok(Finished::Done { port, output }),
            Outcome::Skip { output } => return Ok(Finished::Skipped { output }),
            Outcome::Do { effect, state } => (effect, state),
            Outcome::Wait { .. } | Outcome::Call { .. } | Outcome::Each { .. } => {
                let message = "This server cannot wait, call workflows or walk lists yet.";
                return Err(NodeError::permanent(ErrorCode::Internal, message));
            }
        };
        if exchanges.len() >= shared.settings.max_exchanges {
            let message = format!("The step needed more than {} exchanges in one attempt.", exchanges.len());
            return Err(NodeError::permanent(ErrorCode::TooLarge, message));
        }
        let key = format!("{}-{}-{}", this.run, node.id, exchanges.len());
        let spent_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let call = Call {
            credential: credential.as_ref(),
            allowed_hosts: &node_type.hosts,
            idempotency_key: &key,
            timeout_ms: this.limit_ms.saturating_sub(spent_ms).max(1),
            run: (!this.is_trial).then_some(this.run),
            node: &node.id,
        };
        let carried_out = shared.effects.carry_out(&effect, &call).await;
        crash_points::reached(CrashPoint::AfterEffect);
        let done = carried_out.map_err(|failed| {
            exchanges.extend(failed.exchange.iter().filter_map(|exchange| serde_json::to_value(exchange).ok()));
            failed.error
        })?;
        exchanges.extend(serde_json::to_value(&done.exchange).ok());
        outcome = decide(Some((state, done.reply)))?;
    }
}

/// The node's parameters with every expression computed.
pub(crate) fn resolved_params(
    shared: &Shared,
    prepared: &Prepared,
    this: &Try,
    started_at: Timestamp,
) -> Result<Map<String, Value>, NodeError> {
    let surroundings = surroundings(shared, prepared, this, started_at);
    let heavy = prepared.is_heavy(&this.node.id);
    compute(heavy, || shared.catalogue.resolve_params(&this.node, &this.context, &surroundings))
}

fn decide(
    behaviour: &dyn Node,
    input: &Input<'_>,
    reply: Option<(Value, nodes::effect::Reply)>,
) -> Result<Outcome, NodeError> {
    match reply {
        None => behaviour.start(input),
        Some((state, reply)) => behaviour.resume(input, state, reply),
    }
}

/// Computes where it hurts least: what may take long must not hold up the other runs of the same thread.
fn compute<T>(heavy: bool, work: impl FnOnce() -> T) -> T {
    let may_move_others = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if heavy && may_move_others { tokio::task::block_in_place(work) } else { work() }
}

fn surroundings(shared: &Shared, prepared: &Prepared, this: &Try, now: Timestamp) -> Surroundings {
    let mut hasher = DefaultHasher::new();
    (this.run, &this.node.id, this.number).hash(&mut hasher);
    Surroundings {
        now,
        timezone: prepared.definition.settings.timezone.clone(),
        seed: hasher.finish(),
        interrupt: stop_after_computing(shared.settings.script_limit_ms),
    }
}

fn within_size(finished: Finished, max_bytes: usize) -> Result<Finished, NodeError> {
    let (Finished::Done { output, .. } | Finished::Skipped { output }) = &finished;
    if fits(output, &mut max_bytes.clone()) {
        return Ok(finished);
    }
    let message = format!("The step's output is larger than {max_bytes} bytes. Keep only the fields that are needed.");
    Err(NodeError::permanent(ErrorCode::TooLarge, message))
}

/// Whether a value's JSON has about at most as many bytes as are `left`.
fn fits(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len() + 2,
        Value::Array(_) | Value::Object(_) => 2,
        _ => 5,
    };
    if own > *left {
        return false;
    }
    *left -= own;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(fields) => fields.iter().all(|(name, field)| {
            *left = left.saturating_sub(name.len() + 3);
            fits(field, left)
        }),
        _ => true,
    }
}

fn timed_out(limit_ms: u64) -> NodeError {
    let message =
        format!("The step took longer than {limit_ms} ms. Give it more time, or see why the other side is slow.");
    NodeError::passing(ErrorCode::Timeout, message)
}

/// The error of a step whose code panicked.
pub(crate) fn panicked() -> NodeError {
    let message = "The step ran into a fault of Stellwerk itself; the server's log says more.";
    NodeError::permanent(ErrorCode::Internal, message)
}
