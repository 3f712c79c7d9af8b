//! What must come of a scenario.

use std::collections::{BTreeMap, BTreeSet};

use engine::plan::{StepState, skipped};
use model::graph::Graph;
use model::{ErrorCode, NodeId, RunId, RunStatus, StepStatus};
use serde::Deserialize;
use serde_json::Value;
use storage::{StepRecord, Storage};

use crate::bench::Bench;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    status: RunStatus,
    /// The run's error, as far as it is given.
    #[serde(default)]
    error: Option<Value>,
    /// Every step that the run recorded, by node.
    steps: BTreeMap<String, ExpectedStep>,
    /// Every node but the trigger that the run never reached.
    #[serde(default)]
    skipped: BTreeSet<String>,
    /// How many requests the scripted server got in all.
    #[serde(default)]
    requests: usize,
    /// What lies in the outbox, the latest first.
    #[serde(default)]
    mails: Vec<ExpectedMail>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedStep {
    status: StepStatus,
    #[serde(default = "one")]
    attempts: u32,
    #[serde(default)]
    port: Option<String>,
    /// The output, as far as it is given.
    #[serde(default)]
    output: Option<Value>,
    #[serde(default)]
    error_code: Option<ErrorCode>,
    #[serde(default)]
    error_parameter: Option<String>,
    /// The error's facts, as far as they are given.
    #[serde(default)]
    error_details: Option<Value>,
    /// A part of the error's message.
    #[serde(default)]
    error_says: String,
    /// How many exchanges its attempts kept in all.
    #[serde(default)]
    exchanges: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedMail {
    subject: String,
    recipients: Vec<String>,
    /// A part of the message as it would go out.
    message_holds: String,
}

fn one() -> u32 {
    1
}

impl Expected {
    /// Everything that came out otherwise.
    pub(super) async fn faults(
        self,
        bench: &Bench,
        run: RunId,
        (graph, trigger): (&Graph<'_>, &NodeId),
        requests: usize,
    ) -> Vec<String> {
        let record = bench.run(run).await;
        let steps = bench.steps(run).await;
        let attempts = bench.attempts(run).await;
        let mut faults = Vec::new();
        let mut compare = |what: &str, actual: String, expected: String| {
            if actual != expected {
                faults.push(format!("{what} is {actual} instead of {expected}"));
            }
        };
        compare("the status", format!("{:?}", record.status), format!("{:?}", self.status));
        compare("the number of requests", requests.to_string(), self.requests.to_string());
        compare("what was recorded", format!("{:?}", steps.keys()), format!("{:?}", self.steps.keys()));
        compare(
            "what was skipped",
            format!("{:?}", never_reached(graph, trigger, &steps)),
            format!("{:?}", self.skipped),
        );
        compare("the end", record.finished_at.is_some().to_string(), self.status.is_final().to_string());
        let unfinished = bench.storage.queue().len();
        compare(
            "the number of unfinished runs",
            unfinished.to_string(),
            usize::from(!self.status.is_final()).to_string(),
        );
        let error = record.error.unwrap_or_default();
        match &self.error {
            Some(expected) => faults.extend(differences(&error, expected, "error")),
            None if error.is_null() => {}
            None => faults.push(format!("the run has an error: {error}")),
        }
        for (node, expected) in &self.steps {
            let Some(step) = steps.get(node) else { continue };
            let kept = attempts.iter().filter(|attempt| attempt.node.as_str() == node);
            let exchanges = kept.map(|attempt| attempt.exchanges.len()).sum();
            faults.extend(expected.faults(step, exchanges).into_iter().map(|fault| format!("`{node}`: {fault}")));
        }
        faults.extend(mail_faults(&self.mails, &bench.storage).await);
        faults
    }
}

impl ExpectedStep {
    fn faults(&self, step: &StepRecord, exchanges: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let mut compare = |what: &str, actual: String, expected: String| {
            if actual != expected {
                faults.push(format!("{what} is {actual} instead of {expected} (error: {:?})", step.error));
            }
        };
        compare("the status", format!("{:?}", step.status), format!("{:?}", self.status));
        compare("the number of attempts", step.attempts.to_string(), self.attempts.to_string());
        if self.port.is_some() || step.status == StepStatus::Failed {
            compare("the port", format!("{:?}", step.port), format!("{:?}", self.port));
        }
        let error = step.error.as_ref();
        compare("the error", format!("{:?}", error.map(|error| error.code)), format!("{:?}", self.error_code));
        if self.error_parameter.is_some() {
            let parameter = error.and_then(|error| error.parameter.clone());
            compare("the parameter", format!("{parameter:?}"), format!("{:?}", self.error_parameter));
        }
        if let Some(expected) = self.exchanges {
            compare("the number of exchanges", exchanges.to_string(), expected.to_string());
        }
        let message = error.map_or("", |error| error.message.as_str());
        if !message.contains(&self.error_says) {
            faults.push(format!("`{}` is not in the message: {message}", self.error_says));
        }
        if let Some(expected) = &self.error_details {
            let details = error.and_then(|error| error.details.clone()).unwrap_or_default();
            faults.extend(differences(&details, expected, "details"));
        }
        if let Some(expected) = &self.output {
            faults.extend(differences(step.output.as_ref().unwrap_or(&Value::Null), expected, "output"));
        }
        faults
    }
}

/// The nodes that the run never reached, by what the plan says of the recorded steps.
fn never_reached(graph: &Graph<'_>, trigger: &NodeId, steps: &BTreeMap<String, StepRecord>) -> BTreeSet<String> {
    let states = steps.values().map(|step| {
        let state = StepState { status: step.status, port: step.port.clone(), retry_at: step.retry_at };
        (step.node.clone(), state)
    });
    skipped(graph, trigger, &states.collect()).into_iter().map(|node| node.0.clone()).collect()
}

async fn mail_faults(expected: &[ExpectedMail], storage: &Storage) -> Vec<String> {
    let mails = storage.mails(None, 10).await.unwrap();
    if expected.len() != mails.len() {
        return vec![format!("{} mails lie in the outbox instead of {}", mails.len(), expected.len())];
    }
    let mut faults = Vec::new();
    for (mail, expected) in mails.iter().zip(expected) {
        let whole = storage.mail(mail.id).await.unwrap();
        let message = String::from_utf8_lossy(&whole.message);
        if mail.subject != expected.subject || mail.recipients != expected.recipients {
            faults.push(format!("the mail {mail:?} is not {expected:?}"));
        }
        if !message.contains(&expected.message_holds) {
            faults.push(format!("`{}` is not in the mail: {message}", expected.message_holds));
        }
    }
    faults
}

/// Where a value differs from what is expected of it: objects may have more members, everything else must be equal.
pub(super) fn differences(actual: &Value, expected: &Value, path: &str) -> Vec<String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let member = |(name, value): (&String, &Value)| match actual.get(name) {
                Some(found) => differences(found, value, &format!("{path}.{name}")),
                None => vec![format!("{path}.{name} is missing")],
            };
            expected.iter().flat_map(member).collect()
        }
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let pairs = actual.iter().zip(expected).enumerate();
            pairs
                .flat_map(|(index, (actual, expected))| differences(actual, expected, &format!("{path}[{index}]")))
                .collect()
        }
        (actual, expected) if actual == expected => Vec::new(),
        (actual, expected) => vec![format!("{path} is {actual} instead of {expected}")],
    }
}
