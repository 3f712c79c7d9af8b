//! The way of one event through a definition.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::definition::{ERROR, OUT};
use model::graph::Graph;
use model::{ErrorCode, Node as NodeDefinition, NodeError, NodeId, OnError, RunId, RunStatus, StepStatus, Timestamp};
use nodes::effect::{Effect, Reply, SeenReply, TurnsReply};
use nodes::node::{EachRules, SignalKind, WaitFor};
use nodes::{Catalogue, Incoming, Input, Interrupt, Outcome, Surroundings};
use serde_json::{Map, Value, json};

use super::scope::{is_reached, last_nodes, nodes_in_order, ways};
use super::{DryRun, DryRunResult, DryStep, HeldBack, StandInSource};
use crate::settings::EngineSettings;

/// How many turns of one box are carried out.
pub const MOST_TURNS: usize = 20;

/// How many steps are taken in all.
const MOST_STEPS: usize = 2_000;

/// An event on its way.
pub(super) struct Walk<'a> {
    catalogue: &'a Catalogue,
    settings: &'a EngineSettings,
    dry_run: &'a DryRun,
    graph: Graph<'a>,
    credentials: BTreeMap<NodeId, Result<Value, NodeError>>,
    now: Timestamp,
    deadline: Instant,
    steps: Vec<DryStep>,
    is_shortened: bool,
}

/// What a node came to.
struct Came {
    step: Result<(StepStatus, Option<String>, Value), NodeError>,
    held_back: Option<HeldBack>,
    stand_in: Option<StandInSource>,
}

/// A step that failed and that nothing handles.
type Failed = (NodeId, NodeError);

impl<'a> Walk<'a> {
    /// Before the first step. `credentials` are what nodes may see of theirs.
    pub(super) fn new(
        catalogue: &'a Catalogue,
        settings: &'a EngineSettings,
        dry_run: &'a DryRun,
        credentials: BTreeMap<NodeId, Result<Value, NodeError>>,
        now: Timestamp,
        deadline: Instant,
    ) -> Self {
        let graph = Graph::of(&dry_run.definition);
        Self { catalogue, settings, dry_run, graph, credentials, now, deadline, steps: Vec::new(), is_shortened: false }
    }

    /// Goes the whole way.
    pub(super) fn take(mut self) -> DryRunResult {
        let mut context = json!({
            "trigger": self.dry_run.event.to_context(),
            "steps": {},
            "vars": {},
            "run": { "id": RunId::generate(), "started_at": self.now, "links": self.links() },
            "workflow": { "id": self.dry_run.workflow, "name": self.dry_run.workflow_name },
        });
        let error = self.scope(None, &mut context, "").err();
        let status = match &error {
            None => RunStatus::Succeeded,
            Some((_, error)) if error.code == ErrorCode::Stopped => RunStatus::Failed,
            Some(_) => RunStatus::Dead,
        };
        DryRunResult { status, steps: self.steps, error, is_shortened: self.is_shortened }
    }

    /// Carries out the nodes of a scope; what its last nodes give. None: filters ended every branch.
    #[expect(clippy::result_large_err, reason = "a failure ends the dry run, so there is one at the most")]
    fn scope(
        &mut self,
        parent: Option<&NodeId>,
        context: &mut Value,
        iteration: &str,
    ) -> Result<Option<Value>, Failed> {
        let dry_run = self.dry_run;
        let begins_at = parent.is_none().then_some(&dry_run.trigger_node);
        let nodes = nodes_in_order(&dry_run.definition, &self.graph, parent);
        let mut ports: BTreeMap<NodeId, Option<String>> = BTreeMap::new();
        let mut outputs: BTreeMap<NodeId, Value> = BTreeMap::new();
        for id in &nodes {
            let Some(node) = dry_run.definition.node(id) else { continue };
            if begins_at == Some(*id) {
                continue;
            }
            if !is_reached(&self.graph, id, begins_at, &ports) {
                ports.insert((*id).clone(), None);
                continue;
            }
            if self.steps.len() >= MOST_STEPS || Instant::now() >= self.deadline {
                self.is_shortened = true;
                return Ok(None);
            }
            let place = self.steps.len();
            let incoming = ways(&self.graph, id, begins_at, &ports);
            let came = self.node(node, context, &incoming, iteration);
            let step = self.concluded(node, iteration, came);
            if let Some(Value::Object(steps)) = context.get_mut("steps") {
                steps.insert(node.id.0.clone(), step.output.clone().unwrap_or_default());
            }
            ports.insert(node.id.clone(), step.port.clone());
            outputs.insert(node.id.clone(), step.output.clone().unwrap_or_default());
            let failed = step.error.clone().filter(|_| step.port.is_none());
            // A box stands before the steps that are taken in it.
            self.steps.insert(place, step);
            if let Some(error) = failed {
                return Err((node.id.clone(), error));
            }
        }
        Ok(scope_output(&last_nodes(&self.graph, &nodes), &ports, outputs))
    }

    fn node(&mut self, node: &NodeDefinition, context: &Value, incoming: &[Incoming], iteration: &str) -> Came {
        match self.decided(node, context, incoming, iteration) {
            Ok(came) => came,
            Err(error) => Came { step: Err(error), held_back: None, stand_in: None },
        }
    }

    fn decided(
        &mut self,
        node: &NodeDefinition,
        context: &Value,
        incoming: &[Incoming],
        iteration: &str,
    ) -> Result<Came, NodeError> {
        let behaviour = self.catalogue.get(&node.node_type).ok_or_else(|| {
            let message =
                format!("There is no node type `{}` here; its connector may have been removed.", node.node_type);
            NodeError::permanent(ErrorCode::Parameter, message)
        })?;
        let credential = self.credentials.get(&node.id).cloned().transpose()?.unwrap_or_default();
        let surroundings = self.surroundings();
        let params = self.catalogue.resolve_params(node, context, &surroundings)?;
        let input =
            Input { node, params: &params, context, incoming, credential: &credential, surroundings: &surroundings };
        let again = |state: Value, reply: Reply| behaviour.resume(&input, state, reply);
        match behaviour.start(&input)? {
            Outcome::Done { port, output } => Ok(done(port, output)),
            Outcome::Skip { output } => Ok(skipped(output)),
            Outcome::Do { effect, state } => {
                let known = self.stood_in_for(node, iteration, HeldBack::effect(&effect));
                match effect {
                    // Whether a key was seen is asked of the store; for a dry run, every event is a first one.
                    Effect::Seen(_) if known.stand_in != Some(StandInSource::Run) => {
                        let reply = Reply::Seen(SeenReply { seen_before: false, first_at: self.now });
                        Ok(assumed(known, again(state, reply)?))
                    }
                    _ => Ok(known),
                }
            }
            Outcome::Call { workflow, input, .. } => {
                Ok(self.stood_in_for(node, iteration, HeldBack::call(workflow, &input)))
            }
            Outcome::Wait { until, state } => {
                let known = self.stood_in_for(node, iteration, HeldBack::wait(until));
                if known.stand_in == Some(StandInSource::Run) {
                    return Ok(known);
                }
                Ok(assumed(known, again(state, usual_reply(until))?))
            }
            Outcome::Each { items, rules, state } => {
                let is_long = items.len() > MOST_TURNS;
                let reply = self.turns(&node.id, items, rules, context, iteration)?;
                // What the turns that were left out would give is known only from the run.
                match self.known_of(node, iteration).filter(|_| is_long) {
                    Some(known) => Ok(known),
                    None => Ok(plain(again(state, reply)?)),
                }
            }
        }
    }

    /// Carries out the turns of a box, the first ones of many.
    fn turns(
        &mut self,
        parent: &NodeId,
        items: Vec<Value>,
        rules: EachRules,
        context: &Value,
        outer: &str,
    ) -> Result<Reply, NodeError> {
        let count = items.len();
        self.is_shortened |= count > MOST_TURNS;
        let (mut outputs, mut failed, mut skipped) = (Vec::new(), 0, 0);
        for (index, item) in items.into_iter().take(MOST_TURNS).enumerate() {
            let mut inner = context.clone();
            if let Value::Object(fields) = &mut inner {
                fields.insert("item".to_owned(), item);
                fields.insert("index".to_owned(), index.into());
            }
            let iteration = if outer.is_empty() { index.to_string() } else { format!("{outer}/{index}") };
            match self.scope(Some(parent), &mut inner, &iteration) {
                Ok(Some(output)) => outputs.push(output),
                Ok(None) => {
                    skipped += 1;
                    outputs.push(Value::Null);
                }
                Err((_, error)) if rules.on_failure == OnError::Stop => return Err(error),
                Err(_) => {
                    failed += 1;
                    outputs.push(Value::Null);
                }
            }
        }
        let succeeded = outputs.len().saturating_sub(failed + skipped);
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Reply::Turns(TurnsReply {
            count: number(count),
            succeeded: number(succeeded),
            failed: number(failed),
            skipped: number(skipped),
            outputs: if rules.collect { outputs } else { Vec::new() },
        }))
    }

    /// What the same step really gave for this event.
    fn known_of(&self, node: &NodeDefinition, iteration: &str) -> Option<Came> {
        let step = self.dry_run.known.steps.get(&(node.id.clone(), iteration.to_owned()))?;
        let port = step.port.clone().unwrap_or_else(|| OUT.to_owned());
        Some(Came { stand_in: Some(StandInSource::Run), ..done(port, step.output.clone()) })
    }

    /// Goes on with what stands in for the answer of something that is held back.
    fn stood_in_for(&self, node: &NodeDefinition, iteration: &str, held_back: HeldBack) -> Came {
        let known = &self.dry_run.known;
        let (port, output, source) = if let Some(step) = known.steps.get(&(node.id.clone(), iteration.to_owned())) {
            (step.port.clone(), step.output.clone(), StandInSource::Run)
        } else if let Some(sample) = known.samples.get(&node.id) {
            (None, sample.clone(), StandInSource::Sample)
        } else {
            (None, Value::Null, StandInSource::Nothing)
        };
        let port = port.or_else(|| self.catalogue.ports_of(node).into_iter().next()).unwrap_or_else(|| OUT.to_owned());
        Came {
            step: Ok((StepStatus::Succeeded, Some(port), output)),
            held_back: Some(held_back),
            stand_in: Some(source),
        }
    }

    /// What becomes of a step: as in a run, but without further attempts.
    fn concluded(&self, node: &NodeDefinition, iteration: &str, came: Came) -> DryStep {
        let mut step = DryStep {
            node: node.id.clone(),
            iteration: iteration.to_owned(),
            status: StepStatus::Succeeded,
            port: None,
            output: None,
            error: None,
            held_back: came.held_back,
            stand_in: came.stand_in,
        };
        match came.step {
            Ok((status, port, output)) => (step.status, step.port, step.output) = (status, port, Some(output)),
            Err(error) => {
                step.status = StepStatus::Failed;
                if self.graph.has_edge_from(&node.id, ERROR) {
                    step.port = Some(ERROR.to_owned());
                } else if node.on_error == OnError::Continue && error.code != ErrorCode::Stopped {
                    step.port = Some(OUT.to_owned());
                }
                step.output = step.port.is_some().then(|| json!({ "error": error }));
                step.error = Some(error);
            }
        }
        step
    }

    fn surroundings(&self) -> Surroundings {
        let own = Instant::now() + Duration::from_millis(self.settings.script_limit_ms);
        let stop_at = own.min(self.deadline);
        Surroundings {
            now: self.now,
            timezone: self.dry_run.definition.settings.timezone.clone(),
            seed: 0,
            interrupt: Interrupt::when(move || Instant::now() >= stop_at),
        }
    }

    /// The links of waiting nodes lead nowhere, because there is no run that could go on.
    fn links(&self) -> Value {
        let nothing = || json!({ "callback": "https://stellwerk.invalid/", "approve": "https://stellwerk.invalid/" });
        let waits = self.dry_run.definition.nodes.iter().filter(|node| node.node_type == "wait");
        waits.map(|node| (node.id.0.clone(), nothing())).collect::<Map<_, _>>().into()
    }
}

fn done(port: String, output: Value) -> Came {
    Came { step: Ok((StepStatus::Succeeded, Some(port), output)), held_back: None, stand_in: None }
}

fn skipped(output: Value) -> Came {
    Came { step: Ok((StepStatus::Skipped, None, output)), held_back: None, stand_in: None }
}

/// What a node came to after an answer that was assumed.
fn assumed(held: Came, outcome: Outcome) -> Came {
    Came { held_back: held.held_back, stand_in: Some(StandInSource::Assumed), ..plain(outcome) }
}

/// What a node came to after its answer; whatever it asks for then is not followed.
fn plain(outcome: Outcome) -> Came {
    match outcome {
        Outcome::Done { port, output } => done(port, output),
        Outcome::Skip { output } => skipped(output),
        _ => done(OUT.to_owned(), Value::Null),
    }
}

/// What usually ends a wait.
fn usual_reply(until: WaitFor) -> Reply {
    match until.signal {
        None => Reply::Time,
        Some(SignalKind::Approval) => Reply::Signal(json!({ "approved": true, "comment": "", "by": "" })),
        Some(SignalKind::Callback) => {
            Reply::Signal(json!({ "method": "POST", "headers": {}, "query": {}, "body": null }))
        }
    }
}

/// One last node gives its output; several give theirs by name; none that was reached gives nothing.
fn scope_output(
    last: &[&NodeId],
    ports: &BTreeMap<NodeId, Option<String>>,
    mut outputs: BTreeMap<NodeId, Value>,
) -> Option<Value> {
    let reached = |id: &&&NodeId| ports.get(**id).is_some_and(Option::is_some);
    let mut given: Vec<(String, Value)> =
        last.iter().filter(reached).filter_map(|id| Some((id.0.clone(), outputs.remove(*id)?))).collect();
    match (last.len(), given.len()) {
        (_, 0) => None,
        (1, _) => Some(given.remove(0).1),
        _ => Some(Value::Object(given.into_iter().collect())),
    }
}
