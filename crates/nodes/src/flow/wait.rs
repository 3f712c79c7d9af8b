//! `wait`: the run goes on later, at a time or when somebody says so. Meanwhile it holds nothing.

use model::{ErrorCode, NodeError, Timestamp};
use serde_json::{Value, json};

use super::unexpected_reply;
use crate::effect::Reply;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome, SignalKind, WaitFor};
use crate::sandbox::functions::read_moment;
use crate::{built_in, duration};

/// Waits for a length of time, until a time, for a request to the step's own address, or for a person's yes or no.
#[derive(Debug)]
pub struct Wait {
    node_type: NodeType,
}

impl Wait {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("wait.json"), include_str!("wait.svg")) }
    }
}

impl Default for Wait {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Wait {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let now = input.surroundings.now;
        let until = match mode(input) {
            "until" => WaitFor { at: Some(until(input)?), signal: None },
            "callback" => WaitFor { at: end_of(input, "expires")?, signal: Some(SignalKind::Callback) },
            "approval" => WaitFor { at: end_of(input, "expires")?, signal: Some(SignalKind::Approval) },
            _ => WaitFor { at: Some(end_of(input, "duration")?.unwrap_or(now)), signal: None },
        };
        if until.signal.is_none() && until.at.is_some_and(|at| at <= now) {
            return Ok(Outcome::done(json!({ "waited_until": until.at })));
        }
        Ok(Outcome::Wait { until, state: json!(until) })
    }

    fn resume(&self, _input: &Input<'_>, state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        let waited: WaitFor = serde_json::from_value(state).map_err(|error| {
            NodeError::permanent(ErrorCode::Internal, format!("The saved state is damaged: {error}"))
        })?;
        match (waited.signal, reply) {
            (None, Reply::Time) => Ok(Outcome::done(json!({ "waited_until": waited.at }))),
            (Some(_), Reply::Time) => {
                Ok(Outcome::Done { port: TIMEOUT.to_owned(), output: json!({ "expired_at": waited.at }) })
            }
            (Some(SignalKind::Callback), Reply::Signal(request)) => Ok(Outcome::done(request)),
            (Some(SignalKind::Approval), Reply::Signal(answer)) => {
                let port = if answer["approved"] == Value::Bool(true) { "approved" } else { "rejected" };
                Ok(Outcome::Done { port: port.to_owned(), output: answer })
            }
            _ => Err(unexpected_reply(&self.node_type)),
        }
    }
}

/// The port of a wait for a signal that did not come in time.
const TIMEOUT: &str = "timeout";

fn mode<'a>(input: &'a Input<'_>) -> &'a str {
    input.params.get("mode").and_then(Value::as_str).unwrap_or_default()
}

/// The moment that lies the length of time in a parameter from now; none when it is not given.
fn end_of(input: &Input<'_>, parameter: &str) -> Result<Option<Timestamp>, NodeError> {
    match input.params.get(parameter) {
        None | Some(Value::Null) => Ok(None),
        Some(length) => duration::milliseconds(length)
            .map(|millis| Some(input.surroundings.now.plus_ms(millis)))
            .map_err(|message| NodeError::permanent(ErrorCode::Parameter, message).at(parameter)),
    }
}

fn until(input: &Input<'_>) -> Result<Timestamp, NodeError> {
    let text = input.params.get("until").and_then(Value::as_str).unwrap_or_default().trim();
    let zone = input.surroundings.timezone.parse().unwrap_or(chrono_tz::Tz::UTC);
    let moment = read_moment(text, zone).map(|moment| Timestamp(moment.timestamp_millis()));
    moment.ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        let message = format!(
            "“{shown}” is no time to wait until. Write one like 2026-12-24T08:00 (in the workflow's time zone) or \
             2026-12-24T08:00:00+01:00."
        );
        NodeError::permanent(ErrorCode::Parameter, message).at("until")
    })
}
