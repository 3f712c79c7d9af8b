//! Nodes that start runs. What they accept and how they answer is the server's business; here is what they are.

mod error;
mod manual;
mod schedule;
mod webhook;

pub use error::ErrorTrigger;
pub use manual::Manual;
pub use schedule::ScheduleTrigger;
pub use webhook::Webhook;

use serde_json::Value;

use crate::node::{Input, Outcome};

/// A trigger's output is the event, so that a run's page shows it in its place.
fn event(input: &Input<'_>) -> Outcome {
    Outcome::done(input.context.get("trigger").cloned().unwrap_or(Value::Null))
}
