//! Nodes that decide which way a run goes.

mod branch;
mod call_workflow;
mod deduplicate;
mod filter;
mod for_each;
mod merge;
mod respond;
mod stop_with_error;
mod switch;
mod wait;

pub use branch::If;
pub use call_workflow::CallWorkflow;
pub use deduplicate::Deduplicate;
pub use filter::Filter;
pub use for_each::ForEach;
pub use merge::Merge;
pub use respond::Respond;
pub(crate) use respond::is_header_name;
pub use stop_with_error::StopWithError;
pub use switch::Switch;
pub use wait::Wait;

use model::NodeError;
use serde_json::{Map, Value};

use crate::condition::{self, Verdict};
use crate::manifest::NodeType;

/// Judges a parameter that holds conditions. An error names the parameter below which it lies.
fn judge(params: &Map<String, Value>, parameter: &str) -> Result<Verdict, NodeError> {
    judge_value(params.get(parameter).unwrap_or(&Value::Null), parameter)
}

fn judge_value(conditions: &Value, path: &str) -> Result<Verdict, NodeError> {
    condition::evaluate(conditions).map_err(|error| {
        let inner = error.parameter.clone().unwrap_or_default();
        let joint = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        error.at(format!("{path}{joint}{inner}"))
    })
}

/// The fault of an engine that goes on with a reply of another kind than the node asked for.
fn unexpected_reply(node_type: &NodeType) -> NodeError {
    let message = format!("`{}` got an answer that it never asked for.", node_type.name);
    NodeError::permanent(model::ErrorCode::Internal, message)
}
