//! What stands in a connector's `manifest.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manifest::{CredentialKind, NodeKind, NodeType, Parameter, PortSpec, Text};

/// A connector's `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorManifest {
    /// Its name, which is also the folder's: lower-case letters, digits and `_`.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What service it speaks to.
    pub description: Text,
    /// The hosts that its requests may go to; `*` for any. The credential's own hosts are allowed besides.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The kinds of credential that it brings.
    #[serde(default)]
    pub credential_kinds: Vec<CredentialKind>,
    /// What it can do.
    pub operations: Vec<OperationManifest>,
}

/// One thing that a connector can do; it becomes the node type `<connector>.<operation>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationManifest {
    /// Its name, which is also its function's in the script.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// One or two sentences on what it does.
    pub description: Text,
    /// Its parameters, in the order of the form.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The ports that it can go on along; without any it is `out` alone.
    #[serde(default)]
    pub ports: Vec<PortSpec>,
    /// The kinds of credential that it takes: those of this connector or of another one.
    #[serde(default)]
    pub credential_kinds: Vec<String>,
    /// Whether it cannot work without a credential.
    #[serde(default)]
    pub credential_required: bool,
    /// Whether a step that was cut off may simply be done again.
    pub safe_to_repeat: bool,
    /// Parts of the call that the script only hands on, as paths: `params.<name>` or `reply.body`. The script sees a token
    /// in their place, so they keep their exact value and may be of any size.
    #[serde(default)]
    pub opaque: Vec<String>,
    /// An example of its output.
    pub sample_output: Value,
}

impl OperationManifest {
    /// The node type that this operation becomes.
    pub fn node_type(&self, connector: &ConnectorManifest, icon: &str) -> NodeType {
        let out = || PortSpec {
            name: model::definition::OUT.to_owned(),
            title: Text::new("Next", "Weiter"),
            visible_when: None,
        };
        NodeType {
            name: format!("{}.{}", connector.name, self.name),
            kind: NodeKind::Action,
            title: self.title.clone(),
            description: self.description.clone(),
            icon: icon.to_owned(),
            parameters: self.parameters.clone(),
            ports: if self.ports.is_empty() { vec![out()] } else { self.ports.clone() },
            ports_from: None,
            contains: false,
            credential_kinds: self.credential_kinds.clone(),
            credential_required: self.credential_required,
            safe_to_repeat: self.safe_to_repeat,
            hosts: connector.hosts.clone(),
            sample_output: self.sample_output.clone(),
        }
    }
}
