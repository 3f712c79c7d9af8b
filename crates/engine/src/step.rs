//! One attempt of one step: parameters are computed, the node decides, the engine carries out what it asks for.
//!
//! An attempt goes from stage to stage. Between them the run may store what must be on disk first.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ErrorCode, Node as NodeDefinition, NodeError, RunId, Timestamp};
use nodes::effect::{Effect, Reply};
use nodes::{Incoming, Input, Node, Outcome, Surroundings};
use serde_json::{Map, Value};
use storage::crash_points::{self, CrashPoint};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::at_work;
use crate::computing_time::stop_after_computing;
use crate::effects::{Call, Exchange, OpenCredential};
use crate::engine::Shared;
use crate::output_size::within_size;
use crate::prepared::Prepared;
use crate::transition::{Attempt, Finished, in_doubt};

/// How long after its limit an attempt is cut off, in milliseconds. An effect ends by itself at the limit and tells how
/// far it came, which would be lost if both happened at the same time.
const CUT_OFF_DELAY_MS: u64 = 100;

/// An attempt to be made.
pub(crate) struct Try<'a> {
    /// The node, as its place in the definition.
    pub(crate) node: &'a NodeDefinition,
    /// Which turn of a box; empty outside of boxes.
    pub(crate) iteration: Arc<str>,
    /// The attempt's number; the first is 1.
    pub(crate) number: u32,
    /// When the step's first attempt began.
    pub(crate) step_started_at: Timestamp,
    /// The run; of a trial, an id that no run has.
    pub(crate) run: RunId,
    /// The run's key; none when the step is tried by itself, outside of any run.
    pub(crate) run_key: Option<i64>,
    /// The workflow's key; none when the step is tried by itself.
    pub(crate) workflow_key: Option<i64>,
    /// What expressions see.
    pub(crate) context: Arc<Value>,
    /// What a person gave the step to work with, in place of some of its parameters.
    pub(crate) given: Option<Map<String, Value>>,
    /// The edges that lead to the node.
    pub(crate) incoming: Vec<Incoming>,
    /// How long it may take, in milliseconds.
    pub(crate) limit_ms: u64,
}

/// How far an attempt has come.
pub(crate) enum Stage<'a> {
    /// It is over.
    Over(Attempt),
    /// It wants to act outside.
    Acts(Box<Acting<'a>>),
    /// It wants to wait, to call another workflow or to walk a list.
    Suspends(Box<Suspends<'a>>),
}

/// An attempt that is about to act outside.
pub(crate) struct Acting<'a> {
    going: Going<'a>,
    effect: Effect,
    state: Value,
    /// Whether the effect may simply be repeated when it is cut off.
    pub(crate) is_safe: bool,
}

/// An attempt that goes on later, after something else.
pub(crate) struct Suspends<'a> {
    going: Going<'a>,
    /// [`Outcome::Wait`], [`Outcome::Call`] or [`Outcome::Each`].
    pub(crate) outcome: Outcome,
}

/// Begins an attempt.
pub(crate) async fn begin<'a>(shared: &Shared, prepared: &Prepared, this: Try<'a>) -> Stage<'a> {
    advance(shared, prepared, Going::new(shared, this), Push::Start).await
}

/// Goes on with an attempt that was suspended.
pub(crate) async fn resume<'a>(
    shared: &Shared,
    prepared: &Prepared,
    this: Try<'a>,
    state: Value,
    reply: Reply,
) -> Stage<'a> {
    advance(shared, prepared, Going::new(shared, this), Push::Reply(state, Box::new(reply))).await
}

/// Carries out what an attempt wants to do, and goes on with the answer.
pub(crate) async fn carry_on<'a>(shared: &Shared, prepared: &Prepared, acting: Acting<'a>) -> Stage<'a> {
    let Acting { mut going, effect, state, is_safe } = acting;
    going.is_exposed = !is_safe;
    advance(shared, prepared, going, Push::Effect(Box::new(effect), state)).await
}

impl Acting<'_> {
    /// Everything that went out in this attempt so far and, last, what is about to: without an answer.
    pub(crate) fn exchanges(&self, shared: &Shared) -> Vec<Value> {
        let request = shared.effects.preview(&self.effect, self.going.credential.as_ref());
        let coming = serde_json::to_value(Exchange { request, response: Value::Null });
        self.going.exchanges.iter().cloned().chain(coming.ok()).collect()
    }

    /// When the attempt began.
    pub(crate) fn started_at(&self) -> Timestamp {
        self.going.started_at
    }
}

impl Suspends<'_> {
    /// The attempt, ended by an error.
    pub(crate) fn failed(self, shared: &Shared, error: NodeError) -> Attempt {
        self.going.over(shared, Err(error))
    }
}

/// What an attempt carries from stage to stage.
struct Going<'a> {
    this: Try<'a>,
    started_at: Timestamp,
    began: Instant,
    /// Its parameters, once they are computed.
    params: Option<Map<String, Value>>,
    credential: Option<OpenCredential>,
    exchanges: Vec<Value>,
    /// Whether something is under way that must not be repeated blindly.
    is_exposed: bool,
}

/// What makes an attempt go on.
enum Push {
    Start,
    Reply(Value, Box<Reply>),
    Effect(Box<Effect>, Value),
}

impl<'a> Going<'a> {
    fn new(shared: &Shared, this: Try<'a>) -> Self {
        Self {
            this,
            started_at: shared.clock.now(),
            began: Instant::now(),
            params: None,
            credential: None,
            exchanges: Vec::new(),
            is_exposed: false,
        }
    }

    fn left_ms(&self) -> u64 {
        let spent_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.this.limit_ms.saturating_sub(spent_ms).max(1)
    }

    fn over(self, shared: &Shared, result: Result<Finished, NodeError>) -> Attempt {
        Attempt {
            node: self.this.node.id.clone(),
            iteration: self.this.iteration.as_ref().to_owned(),
            number: self.this.number,
            step_started_at: self.this.step_started_at,
            started_at: self.started_at,
            finished_at: shared.clock.now(),
            result,
            exchanges: self.exchanges,
        }
    }
}

/// Goes on to the next stage and never fails itself: whatever goes wrong is the attempt's result.
async fn advance<'a>(shared: &Shared, prepared: &Prepared, mut going: Going<'a>, push: Push) -> Stage<'a> {
    let cut_off = Duration::from_millis(going.left_ms().saturating_add(CUT_OFF_DELAY_MS));
    let outcome = match tokio::time::timeout(cut_off, decide(shared, prepared, &mut going, push)).await {
        Ok(outcome) => outcome,
        Err(_) if going.is_exposed && going.this.run_key.is_some() => Err(in_doubt(timed_out(going.this.limit_ms))),
        Err(_) => Err(timed_out(going.this.limit_ms)),
    };
    going.is_exposed = false;
    let result = match outcome {
        Ok(Outcome::Do { effect, state }) => match may_act(shared, &going) {
            Ok(()) => {
                let is_safe = is_safe(shared, &going, &effect);
                return Stage::Acts(Box::new(Acting { going, effect, state, is_safe }));
            }
            Err(error) => Err(error),
        },
        Ok(Outcome::Done { port, output }) => Ok(Finished::Done { port, output }),
        Ok(Outcome::Skip { output }) => Ok(Finished::Skipped { output }),
        Ok(outcome) => return Stage::Suspends(Box::new(Suspends { going, outcome })),
        Err(error) => Err(error),
    };
    let result = result.and_then(|finished| within_size(finished, shared.settings.max_output_bytes));
    Stage::Over(going.over(shared, result))
}

/// Lets the node decide, after the effect if there is one.
async fn decide(shared: &Shared, prepared: &Prepared, going: &mut Going<'_>, push: Push) -> Result<Outcome, NodeError> {
    let node = going.this.node;
    let behaviour = behaviour(shared, node)?;
    let reply = match push {
        Push::Start => None,
        Push::Reply(state, reply) => Some((state, *reply)),
        Push::Effect(effect, state) => Some((state, act(shared, behaviour.as_ref(), going, &effect).await?)),
    };
    if let (None, None, Some(id)) = (&going.params, &going.credential, node.credential) {
        going.credential = Some(shared.vault.open(id, &behaviour.node_type().credential_kinds).await?);
    }
    let public = going.credential.as_ref().map_or(Value::Null, OpenCredential::public_fields);
    let is_box_over = matches!(&reply, Some((_, Reply::Turns(_))));
    // What a box was given it made use of when it began: its items are not computed once more.
    let known = going.params.take().or_else(|| is_box_over.then(Map::new));
    let this = &going.this;
    let (params, outcome) = compute(prepared.is_heavy(&node.id), || {
        let params = match known {
            Some(params) => params,
            None => params_now(shared, prepared, this, going.started_at)?,
        };
        let surroundings = surroundings(shared, prepared, this, going.started_at);
        let input = Input {
            node,
            params: &params,
            context: &this.context,
            incoming: &this.incoming,
            credential: &public,
            surroundings: &surroundings,
        };
        let outcome = match reply {
            None => behaviour.start(&input),
            Some((state, reply)) => behaviour.resume(&input, state, reply),
        };
        Ok::<_, NodeError>((params, outcome))
    })?;
    going.params = Some(params);
    outcome
}

async fn act(
    shared: &Shared,
    behaviour: &dyn Node,
    going: &mut Going<'_>,
    effect: &Effect,
) -> Result<Reply, NodeError> {
    let this = &going.this;
    let mut key = format!("{}-{}", this.run, this.node.id);
    if !this.iteration.is_empty() {
        key.push('-');
        key.push_str(&this.iteration);
    }
    let key = format!("{key}-{}", going.exchanges.len());
    let call = Call {
        credential: going.credential.as_ref(),
        allowed_hosts: &behaviour.node_type().hosts,
        idempotency_key: &key,
        timeout_ms: going.left_ms(),
        run: this.run_key.is_some().then_some(this.run),
        workflow_key: this.workflow_key,
        node: &this.node.id,
        iteration: &this.iteration,
    };
    let carried_out = shared.effects.carry_out(effect, &call).await;
    crash_points::reached(CrashPoint::AfterEffect);
    match carried_out {
        Ok(done) => {
            going.exchanges.extend(serde_json::to_value(&done.exchange).ok());
            going.is_exposed = false;
            Ok(done.reply)
        }
        Err(failed) => {
            going.exchanges.extend(failed.exchange.iter().filter_map(|exchange| serde_json::to_value(exchange).ok()));
            let is_open = failed.is_uncertain && going.is_exposed && this.run_key.is_some();
            Err(if is_open { in_doubt(failed.error) } else { failed.error })
        }
    }
}

fn behaviour(shared: &Shared, node: &NodeDefinition) -> Result<Arc<dyn Node>, NodeError> {
    shared.catalogue.get(&node.node_type).cloned().ok_or_else(|| {
        let message = format!("There is no node type `{}` here; its connector may have been removed.", node.node_type);
        NodeError::permanent(ErrorCode::Parameter, message)
    })
}

fn may_act(shared: &Shared, going: &Going<'_>) -> Result<(), NodeError> {
    if going.exchanges.len() < shared.settings.max_exchanges {
        return Ok(());
    }
    let message = format!("The step needed more than {} exchanges in one attempt.", going.exchanges.len());
    Err(NodeError::permanent(ErrorCode::TooLarge, message))
}

/// Whether an effect may simply be repeated when it is cut off: the person's word counts first, then the connector's, then
/// what kind of effect it is.
fn is_safe(shared: &Shared, going: &Going<'_>, effect: &Effect) -> bool {
    let node = going.this.node;
    let by_type = || shared.catalogue.get(&node.node_type).is_some_and(|known| known.node_type().safe_to_repeat);
    node.safe_to_repeat.unwrap_or_else(|| {
        by_type()
            || match effect {
                Effect::Http(request) => {
                    const SAFE: [&str; 5] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
                    let method = request.method.trim();
                    request.safe_to_repeat || SAFE.iter().any(|safe| safe.eq_ignore_ascii_case(method))
                }
                // The built-in outbox knows a mail again; a mail server does not.
                Effect::Mail(_) => going.credential.is_none(),
                Effect::Contacts(_) | Effect::Table(_) | Effect::Seen(_) => true,
            }
    })
}

/// The node's parameters with every expression computed.
pub(crate) fn resolved_params(
    shared: &Shared,
    prepared: &Prepared,
    this: &Try<'_>,
    started_at: Timestamp,
) -> Result<Map<String, Value>, NodeError> {
    compute(prepared.is_heavy(&this.node.id), || params_now(shared, prepared, this, started_at))
}

fn params_now(
    shared: &Shared,
    prepared: &Prepared,
    this: &Try<'_>,
    started_at: Timestamp,
) -> Result<Map<String, Value>, NodeError> {
    let surroundings = surroundings(shared, prepared, this, started_at);
    match &this.given {
        Some(given) => shared.catalogue.resolve_given(this.node, given, &this.context, &surroundings),
        None => shared.catalogue.resolve_params(this.node, &this.context, &surroundings),
    }
}

/// Computes where it hurts least: what may take long must not hold up the other runs of the same thread.
fn compute<T>(heavy: bool, work: impl FnOnce() -> T) -> T {
    at_work::busy();
    let may_move_others = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if heavy && may_move_others { tokio::task::block_in_place(work) } else { work() }
}

/// What expressions and scripts of an attempt see of time and chance, and how long they may compute.
pub(crate) fn surroundings(shared: &Shared, prepared: &Prepared, this: &Try<'_>, now: Timestamp) -> Surroundings {
    let mut hasher = DefaultHasher::new();
    (this.run, &this.node.id, this.number, &*this.iteration).hash(&mut hasher);
    Surroundings {
        now,
        timezone: prepared.definition.settings.timezone.clone(),
        seed: hasher.finish(),
        interrupt: stop_after_computing(shared.settings.script_limit_ms),
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
