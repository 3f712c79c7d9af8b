//! What a dry run does otherwise than the run that really was.

use std::collections::BTreeMap;

use model::{NodeId, StepStatus};
use serde::Serialize;
use serde_json::{Value, json};
use storage::StepRecord;

use super::{DryRunResult, DryStep};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// What differs.
    pub what: Change,
    /// How it really was; null when it was not.
    pub before: Value,
    /// How it would be; null when it would not.
    pub after: Value,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The step would be taken and was not.
    Added,
    /// The step was taken and would not be.
    Gone,
    /// It would end otherwise.
    Status,
    /// It would go on along another port.
    Port,
    /// It would give something else.
    Output,
    /// It would send something else.
    Request,
}

/// What differs from the run that really was, step by step. `requests` are what each of its steps asked for first: of HTTP what
/// was sent, of anything else what a dry run of the definition of that time holds back.
pub fn differences(
    result: &DryRunResult,
    real: &[StepRecord],
    requests: &BTreeMap<(NodeId, String), Value>,
) -> Vec<Difference> {
    let mut before: BTreeMap<(&NodeId, &str), &StepRecord> = real
        .iter()
        .filter(|step| step.status.is_final())
        .map(|step| ((&step.node, step.iteration.as_str()), step))
        .collect();
    let mut found = Vec::new();
    for step in &result.steps {
        match before.remove(&(&step.node, step.iteration.as_str())) {
            None => found.push(difference(step, Change::Added, Value::Null, json!(step.status))),
            Some(was) => {
                let sent = requests.get(&(step.node.clone(), step.iteration.clone()));
                found.extend(changes(step, was, sent));
            }
        }
    }
    // Of a walk that was cut short, nobody knows what it would not reach.
    let gone = before.into_values().filter(|step| !result.is_shortened && was_taken(step));
    found.extend(gone.map(|step| Difference {
        node: step.node.clone(),
        iteration: step.iteration.clone(),
        what: Change::Gone,
        before: json!(step.status),
        after: Value::Null,
    }));
    found
}

fn changes(step: &DryStep, was: &StepRecord, sent: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    let held = step.held_back.is_some();
    if step.status != was.status && !(held && step.error.is_none()) {
        found.push(difference(step, Change::Status, json!(was.status), json!(step.status)));
    } else if step.port != was.port && !held {
        found.push(difference(step, Change::Port, json!(was.port), json!(step.port)));
    } else if !held && step.status == StepStatus::Succeeded && step.output != was.output {
        found.push(difference(step, Change::Output, json!(was.output), json!(step.output)));
    }
    if let (Some(held), Some(sent)) = (&step.held_back, sent) {
        let is_http = held.kind == "http";
        let person_s = |request: &Value| if is_http { essence(request) } else { request.clone() };
        let (before, after) = (person_s(sent), person_s(&held.request));
        if before != after {
            found.push(difference(step, Change::Request, before, after));
        }
    }
    found
}

/// What of a request is the person's: header fields are mostly added on the way out.
fn essence(request: &Value) -> Value {
    let body = match &request["body"] {
        // The history keeps a body that it cannot show as a value as its text.
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        other => other.clone(),
    };
    json!({ "method": request["method"], "url": request["url"], "body": body })
}

fn was_taken(step: &StepRecord) -> bool {
    step.status != StepStatus::Skipped || step.output.is_some()
}

fn difference(step: &DryStep, what: Change, before: Value, after: Value) -> Difference {
    Difference { node: step.node.clone(), iteration: step.iteration.clone(), what, before, after }
}
