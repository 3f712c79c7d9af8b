//! The steps of a run as the page shows them.

use std::time::{Duration, Instant};

use model::graph::Graph;
use model::{Definition, Event, Node, StepStatus, Timestamp};
use nodes::Catalogue;
use nodes::node::{Interrupt, Surroundings};
use serde_json::{Map, Value, json};
use storage::RunRecord;

use super::super::failure::Failure;
use super::super::layout::Layout;
use super::super::shown::{Reader, Shown};
use super::super::titles::{StepTitles, step_titles};
use crate::api::runs::{Attempt, Step, Waiting};

/// How long computing the inputs of all steps of a page may take.
const PATIENCE: Duration = Duration::from_millis(100);

/// A step.
#[expect(clippy::struct_excessive_bools, reason = "each is a part that the page shows or leaves out")]
pub(super) struct StepRow {
    pub(super) node: String,
    /// What a person calls it, else its type's title.
    pub(super) title: String,
    /// Its type's title.
    pub(super) kind: String,
    /// A state of a step, or `filtered` when the conditions did not hold.
    pub(super) state: &'static str,
    pub(super) is_open: bool,
    pub(super) is_trigger: bool,
    pub(super) duration_ms: Option<u64>,
    pub(super) attempt_count: u64,
    /// The port that it went on along, unless that is the usual one.
    pub(super) port: String,
    pub(super) retry_at: Option<Timestamp>,
    /// Whether its turns can be looked at.
    pub(super) is_box: bool,
    /// What it waits for.
    pub(super) waiting: Option<Waiting>,
    pub(super) input: Option<Shown>,
    /// Whether a person gave it input of its own.
    pub(super) is_given: bool,
    pub(super) output: Option<Shown>,
    pub(super) failure: Option<Failure>,
    pub(super) attempts: Vec<AttemptRow>,
}

/// An attempt.
pub(super) struct AttemptRow {
    pub(super) number: u32,
    pub(super) state: &'static str,
    pub(super) started_at: Timestamp,
    pub(super) duration_ms: Option<u64>,
    pub(super) failure: Option<Failure>,
    pub(super) exchanges: Vec<ExchangeRow>,
}

/// What was sent and what came back.
pub(super) struct ExchangeRow {
    /// `POST https://… → 201`; empty for what is no HTTP request.
    pub(super) line: String,
    pub(super) request: Shown,
    pub(super) response: Shown,
}

/// The steps with their titles, inputs and outputs; `open` is the one that the address names.
pub(super) fn step_rows(
    l: &Layout,
    catalogue: &Catalogue,
    definition: &Definition,
    trigger: &Event,
    run: (&RunRecord, &str),
    steps: Vec<Step>,
    open: Option<&str>,
) -> Vec<StepRow> {
    let context = context(trigger, run, &steps);
    let began = Instant::now();
    let mut reader = Reader::new(l);
    let row = |step: Step| {
        let node = definition.nodes.iter().find(|node| node.id.as_str() == step.node);
        let mut input = None;
        if let Some(node) = node.filter(|_| step.started_at.is_some() && began.elapsed() < PATIENCE) {
            let given = run.0.given.get(&node.id);
            let values = input_of(catalogue, definition, (node, given), &context, (&step, began));
            input = values.map(|input| reader.show(&input));
        }
        let is_trigger = run.0.trigger_node.as_str() == step.node;
        let is_box = is_box(catalogue, node);
        let is_open = open == Some(step.node.as_str());
        let is_given = node.is_some_and(|node| run.0.given.contains_key(&node.id));
        let row = StepRow { is_open, is_trigger, is_box, is_given, ..StepRow::of(l, catalogue, node, &step) };
        row_of(l, &mut reader, step_titles(l, catalogue, node), input, row, &step)
    };
    let mut rows: Vec<_> = steps.into_iter().map(row).collect();
    // What the trigger received is the event, which is no step of its own.
    if !rows.iter().any(|row| row.is_trigger) {
        let id = &run.0.trigger_node;
        let row = StepRow { is_open: open == Some(id.as_str()), ..StepRow::of_trigger(id.as_str()) };
        let StepTitles { title, kind } = step_titles(l, catalogue, definition.node(id));
        rows.insert(0, StepRow { title, kind, output: Some(reader.show(&trigger.to_context())), ..row });
    }
    // Steps may begin in the same millisecond; the way through the graph is the order that a person expects.
    let order = Graph::of(definition).order().unwrap_or_default();
    rows.sort_by_key(|row| order.iter().position(|id| id.as_str() == row.node));
    rows
}

/// The steps of one turn of a loop, without their inputs.
pub(super) fn inner_rows(
    l: &Layout,
    reader: &mut Reader,
    catalogue: &Catalogue,
    definition: &Definition,
    steps: Vec<Step>,
) -> Vec<StepRow> {
    let row = |step: Step| {
        let node = definition.nodes.iter().find(|node| node.id.as_str() == step.node);
        let is_box = is_box(catalogue, node);
        let row = StepRow { is_box, ..StepRow::of(l, catalogue, node, &step) };
        row_of(l, reader, step_titles(l, catalogue, node), None, row, &step)
    };
    steps.into_iter().map(row).collect()
}

fn is_box(catalogue: &Catalogue, node: Option<&Node>) -> bool {
    node.and_then(|node| catalogue.get(&node.node_type)).is_some_and(|known| known.node_type().contains)
}

fn row_of(
    l: &Layout,
    reader: &mut Reader,
    StepTitles { title, kind }: StepTitles,
    input: Option<Shown>,
    row: StepRow,
    step: &Step,
) -> StepRow {
    StepRow {
        title: if title.is_empty() { step.node.clone() } else { title },
        kind,
        input,
        output: step.output.as_ref().map(|output| reader.show(output)),
        attempts: step.attempts.iter().map(|attempt| AttemptRow::of(l, reader, attempt)).collect(),
        ..row
    }
}

/// The node's parameters filled in with the run's own data. What was computed at that time is not stored, so it is computed
/// again; none when that fails or the node has none.
fn input_of(
    catalogue: &Catalogue,
    definition: &Definition,
    (node, given): (&Node, Option<&Map<String, Value>>),
    context: &Value,
    (step, began): (&Step, Instant),
) -> Option<Value> {
    if node.params.is_empty() {
        return None;
    }
    let surroundings = Surroundings {
        now: step.started_at?,
        timezone: definition.settings.timezone.clone(),
        seed: 0,
        interrupt: Interrupt::when(move || began.elapsed() > PATIENCE),
    };
    let resolved = match given {
        Some(given) => catalogue.resolve_given(node, given, context, &surroundings),
        None => catalogue.resolve_params(node, context, &surroundings),
    };
    resolved.ok().map(Value::Object)
}

fn context(trigger: &Event, (run, name): (&RunRecord, &str), steps: &[Step]) -> Value {
    let outputs = steps.iter().map(|step| (step.node.clone(), step.output.clone().unwrap_or_default())).collect();
    json!({
        "trigger": trigger.to_context(),
        "steps": Value::Object(outputs),
        "vars": {},
        "run": { "id": run.id, "started_at": run.started_at },
        "workflow": { "id": run.workflow, "name": name },
    })
}

impl StepRow {
    fn of_trigger(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            title: String::new(),
            kind: String::new(),
            state: StepStatus::Succeeded.as_str(),
            is_open: false,
            is_trigger: true,
            duration_ms: None,
            attempt_count: 0,
            port: String::new(),
            retry_at: None,
            is_box: false,
            waiting: None,
            input: None,
            is_given: false,
            output: None,
            failure: None,
            attempts: Vec::new(),
        }
    }

    /// What the record of the step and the form of its node say.
    fn of(l: &Layout, catalogue: &Catalogue, node: Option<&Node>, step: &Step) -> Self {
        let failure = step.error.as_ref().map(|error| Failure::of(l.texts(), error).in_form(l, catalogue, node));
        let was_filtered = step.status == StepStatus::Skipped && step.started_at.is_some();
        Self {
            state: if was_filtered { "filtered" } else { step.status.as_str() },
            duration_ms: step.finished_at.zip(step.started_at).map(|(end, start)| end.ms_since(start)),
            attempt_count: u64::try_from(step.attempts.len()).unwrap_or(u64::MAX),
            port: step.port.clone().filter(|port| port != "out").unwrap_or_default(),
            retry_at: step.retry_at,
            waiting: step.waiting,
            failure,
            is_trigger: false,
            ..Self::of_trigger(&step.node)
        }
    }
}

impl AttemptRow {
    fn of(l: &Layout, reader: &mut Reader, attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            state: attempt.status.as_str(),
            started_at: attempt.started_at,
            duration_ms: attempt.finished_at.map(|end| end.ms_since(attempt.started_at)),
            failure: attempt.error.as_ref().map(|error| Failure::of(l.texts(), error)),
            exchanges: attempt.exchanges.iter().map(|exchange| ExchangeRow::of(reader, exchange)).collect(),
        }
    }
}

impl ExchangeRow {
    fn of(reader: &mut Reader, exchange: &Value) -> Self {
        let text = |place: &str| exchange.pointer(place).and_then(Value::as_str).unwrap_or_default();
        let (method, url) = (text("/request/method"), text("/request/url"));
        let status = exchange.pointer("/response/status").and_then(Value::as_u64);
        let status = status.map(|status| format!(" → {status}")).unwrap_or_default();
        Self {
            line: if url.is_empty() { String::new() } else { format!("{method} {url}{status}") },
            request: reader.show(exchange.get("request").unwrap_or(&Value::Null)),
            response: reader.show(exchange.get("response").unwrap_or(&Value::Null)),
        }
    }
}
