//! The first contract: a node only decides. It never acts, waits, reads the time or draws a number.

use std::fmt;
use std::sync::Arc;

use model::{Node as NodeDefinition, NodeError, NodeId, OnError, Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::effect::{Effect, Reply};
use crate::manifest::NodeType;

/// What a node type does. Same input, same outcome: whatever changes from call to call comes in with [`Input`].
pub trait Node: Send + Sync {
    /// Its manifest: name, texts, parameters, ports.
    fn node_type(&self) -> &NodeType;

    /// Begins a step.
    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError>;

    /// Goes on after the engine carried out an effect, or after what the node waited for. `state` is what the node gave along.
    ///
    /// The engine calls it only after an [`Outcome::Do`], [`Outcome::Wait`], [`Outcome::Call`] or [`Outcome::Each`] of the
    /// same attempt. Between the latter three and this call the process may have ended and begun anew.
    fn resume(&self, input: &Input<'_>, state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        let _ = (input, state, reply);
        Err(NodeError::permanent(
            model::ErrorCode::Internal,
            format!("`{}` asked for nothing and cannot go on", self.node_type().name),
        ))
    }
}

/// Everything that a node may look at.
#[derive(Debug)]
pub struct Input<'a> {
    /// The node as it stands in the definition.
    pub node: &'a NodeDefinition,
    /// Its parameters with every expression computed and every default filled in.
    pub params: &'a Map<String, Value>,
    /// The run's context document (`trigger`, `steps`, `vars`, `run`, `workflow`, …).
    pub context: &'a Value,
    /// The edges that lead to the node, in the order of the definition.
    pub incoming: &'a [Incoming],
    /// The credential's fields that are no secrets, for example a base address. Null without a credential.
    pub credential: &'a Value,
    /// Time, ids and chance for this attempt, and the right to go on computing.
    pub surroundings: &'a Surroundings,
}

/// An edge that leads to a node, and how it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where it starts.
    pub from: NodeId,
    /// The port that it starts at.
    pub port: String,
    /// Whether the run came along it.
    pub taken: bool,
}

/// What the world looks like to one attempt. Equal surroundings give equal outcomes.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The moment at which the attempt began.
    pub now: Timestamp,
    /// The workflow's IANA time zone.
    pub timezone: String,
    /// Feeds everything random, new ids included.
    pub seed: u64,
    /// Tells a long computation to stop.
    pub interrupt: Interrupt,
}

/// Asks whether a computation must stop. The engine decides by the time that was spent, which nodes do not know.
#[derive(Clone)]
pub struct Interrupt(Arc<dyn Fn() -> bool + Send + Sync>);

impl Interrupt {
    /// Stops when `must_stop` says so. It is asked often and must be quick.
    pub fn when(must_stop: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(must_stop))
    }

    /// Never stops; for tests and for work that is bounded anyway.
    pub fn never() -> Self {
        Self::when(|| false)
    }

    /// Whether to stop now.
    pub fn is_due(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interrupt")
    }
}

/// What a node decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The step is over and goes on along the edges of `port`.
    Done {
        /// The port; one of those in the manifest or in the node's own parameters.
        port: String,
        /// The step's output.
        output: Value,
    },
    /// The step is over and its branch ends here, which is not an error.
    Skip {
        /// What to show as the reason, for example the values a filter compared.
        output: Value,
    },
    /// The engine carries out the effect and calls [`Node::resume`] with its reply.
    Do {
        /// What to do outside.
        effect: Effect,
        /// What the node wants back with the reply.
        state: Value,
    },
    /// The step waits and holds nothing meanwhile. It goes on with [`Reply::Time`] or [`Reply::Signal`].
    Wait {
        /// What it waits for.
        until: WaitFor,
        /// What the node wants back.
        state: Value,
    },
    /// Starts another workflow. The step goes on with [`Reply::Called`].
    Call {
        /// The workflow; its published version runs, and it must be active.
        workflow: WorkflowId,
        /// What its run sees as `trigger.body`.
        input: Value,
        /// Whether to wait for its end. Otherwise the reply comes as soon as the run is certain to begin.
        wait: bool,
        /// What the node wants back.
        state: Value,
    },
    /// The step is a box: the nodes in it run once for every item. It goes on with [`Reply::Turns`] when all turns are over.
    Each {
        /// The items, in order.
        items: Vec<Value>,
        /// How the turns are made.
        rules: EachRules,
        /// What the node wants back.
        state: Value,
    },
}

/// What a step waits for: a moment, a signal, or a signal until a moment. At least one of them is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitFor {
    /// The moment to go on at, or the end of the wait for a signal.
    pub at: Option<Timestamp>,
    /// The signal.
    pub signal: Option<SignalKind>,
}

/// What may wake a step from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// Somebody requests the step's own address.
    Callback,
    /// A person says yes or no.
    Approval,
}

/// How the turns of a box are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EachRules {
    /// How many may be under way at the same time; at least 1.
    pub parallel: u32,
    /// What a failed turn means: the box fails, or the other turns go on.
    pub on_failure: OnError,
    /// Whether the turns' outputs are wanted in the reply.
    pub collect: bool,
}

impl Outcome {
    /// Over, along the port `out`.
    pub fn done(output: Value) -> Self {
        Self::Done { port: model::definition::OUT.to_owned(), output }
    }
}
