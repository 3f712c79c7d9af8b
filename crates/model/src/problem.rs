//! What is wrong with a draft, tied to the node and the parameter where a person can mend it.

use serde::{Deserialize, Serialize};

use crate::definition::NodeId;

/// One reason why a draft cannot be published, or should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable code, for example `unknown_node_type`.
    pub code: String,
    /// What is wrong and what to do, in English.
    pub message: String,
    /// The node it concerns; none when it concerns the whole workflow.
    pub node: Option<NodeId>,
    /// The parameter it concerns, as a path: `when.all[0].left`.
    pub parameter: Option<String>,
}

impl Problem {
    /// A problem of the whole workflow.
    pub fn of_workflow(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), node: None, parameter: None }
    }

    /// A problem of one node.
    pub fn of_node(node: &NodeId, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), node: Some(node.clone()), parameter: None }
    }

    /// The same problem, tied to a parameter.
    #[must_use]
    pub fn at(mut self, parameter: impl Into<String>) -> Self {
        self.parameter = Some(parameter.into());
        self
    }
}
