//! All node types that this installation knows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use model::definition::ERROR;
use model::{Node as NodeDefinition, NodeError};
use serde_json::{Map, Value};

pub use crate::connector::LoadError;
use crate::connector::{self, Folder, built_in_folders};
use crate::data::code::Code;
use crate::data::set_fields::SetFields;
use crate::flow::{CallWorkflow, Deduplicate, Filter, ForEach, If, Merge, Respond, StopWithError, Switch, Wait};
use crate::manifest::{CredentialKind, NodeKind, NodeType, PortSpec};
use crate::node::{Node, Surroundings};
use crate::sandbox::{Limits, Sandbox};
use crate::trigger::{ErrorTrigger, Manual, ScheduleTrigger, Webhook};
use crate::{list, parameters};

/// All node types and credential kinds, by name.
pub struct Catalogue {
    nodes: BTreeMap<String, Arc<dyn Node>>,
    credential_kinds: BTreeMap<String, CredentialKind>,
}

impl Catalogue {
    /// The nodes written in Rust, the built-in connectors, and those found in further folders: each such folder is a
    /// connector or contains some.
    pub fn load(extra_connector_folders: &[PathBuf]) -> Result<Self, LoadError> {
        let mut catalogue = Self { nodes: BTreeMap::new(), credential_kinds: BTreeMap::new() };
        for node in rust_nodes() {
            catalogue.nodes.insert(node.node_type().name.clone(), node);
        }
        let sandbox = Sandbox::new(Limits::for_connectors());
        let mut folders = built_in_folders();
        folders.extend(Folder::find(extra_connector_folders)?);
        for folder in &folders {
            catalogue.add(folder, &sandbox)?;
        }
        for folder in &folders {
            catalogue.check_credential_kinds(folder)?;
        }
        Ok(catalogue)
    }

    /// The same with one more node type, which takes the place of one of the same name.
    #[must_use]
    pub fn with(mut self, node: Arc<dyn Node>) -> Self {
        self.nodes.insert(node.node_type().name.clone(), node);
        self
    }

    /// The node type of this name, ready to run.
    pub fn get(&self, node_type: &str) -> Option<&Arc<dyn Node>> {
        self.nodes.get(node_type)
    }

    /// Every node type, ordered by name.
    pub fn node_types(&self) -> impl Iterator<Item = &NodeType> {
        self.nodes.values().map(|node| node.node_type())
    }

    /// The credential kind of this name.
    pub fn credential_kind(&self, name: &str) -> Option<&CredentialKind> {
        self.credential_kinds.get(name)
    }

    /// Every credential kind, ordered by name.
    pub fn credential_kinds(&self) -> impl Iterator<Item = &CredentialKind> {
        self.credential_kinds.values()
    }

    /// A node's parameters as it gets them, see [`parameters::resolve`].
    pub fn resolve_params(
        &self,
        node: &NodeDefinition,
        context: &Value,
        surroundings: &Surroundings,
    ) -> Result<Map<String, Value>, NodeError> {
        self.resolve_given(node, &Map::new(), context, surroundings)
    }

    /// The same with what a person gave in place of some of them.
    pub fn resolve_given(
        &self,
        node: &NodeDefinition,
        given: &Map<String, Value>,
        context: &Value,
        surroundings: &Surroundings,
    ) -> Result<Map<String, Value>, NodeError> {
        let known = self.get(&node.node_type).ok_or_else(|| {
            let message = format!("There is no node type `{}`; its connector may have been removed.", node.node_type);
            NodeError::permanent(model::ErrorCode::Parameter, message)
        })?;
        parameters::resolve(known.node_type(), node, given, context, surroundings)
    }

    /// Every port that edges of this node may start at; none when its type is not known.
    pub fn ports_of(&self, node: &NodeDefinition) -> Vec<String> {
        let Some(known) = self.get(&node.node_type) else { return Vec::new() };
        let node_type = known.node_type();
        let is_there = |port: &&PortSpec| {
            let condition = port.visible_when.as_ref();
            condition.is_none_or(|condition| parameters::holds(condition, &node_type.parameters, &node.params))
        };
        let mut ports: Vec<_> = node_type.ports.iter().filter(is_there).map(|port| port.name.clone()).collect();
        let further = node_type.ports_from.as_ref().and_then(|name| node.params.get(name)).and_then(Value::as_array);
        for case in further.into_iter().flatten() {
            if let Some(port) = case.get("port").and_then(Value::as_str)
                && !ports.iter().any(|known| known == port)
            {
                ports.push(port.to_owned());
            }
        }
        if matches!(node_type.kind, NodeKind::Action | NodeKind::Data) {
            ports.push(ERROR.to_owned());
        }
        ports
    }

    fn add(&mut self, folder: &Folder, sandbox: &Sandbox) -> Result<(), LoadError> {
        let connector = connector::load(folder, sandbox)?;
        let refuse = |message: String| Err(LoadError::of(&folder.place, "manifest.json", message));
        for operation in connector.operations {
            let name = operation.node_type().name.clone();
            if self.nodes.contains_key(&name) {
                return refuse(format!("$.name: there is a node type `{name}` already"));
            }
            self.nodes.insert(name, operation);
        }
        for kind in connector.manifest.credential_kinds {
            if self.credential_kinds.contains_key(&kind.name) {
                return refuse(format!("$.credential_kinds: there is a credential kind `{}` already", kind.name));
            }
            self.credential_kinds.insert(kind.name.clone(), kind);
        }
        Ok(())
    }

    fn check_credential_kinds(&self, folder: &Folder) -> Result<(), LoadError> {
        let prefix = format!("{}.", folder.name);
        for node_type in self.node_types().filter(|node_type| node_type.name.starts_with(&prefix)) {
            let unknown = node_type.credential_kinds.iter().find(|kind| !self.credential_kinds.contains_key(*kind));
            if let Some(unknown) = unknown {
                let message =
                    format!("`{}` takes the credential kind `{unknown}`, which does not exist", node_type.name);
                return Err(LoadError::of(&folder.place, "manifest.json", message));
            }
        }
        Ok(())
    }
}

fn rust_nodes() -> Vec<Arc<dyn Node>> {
    let mut nodes = list::nodes();
    let others: Vec<Arc<dyn Node>> = vec![
        Arc::new(Webhook::new()),
        Arc::new(Manual::new()),
        Arc::new(ScheduleTrigger::new()),
        Arc::new(ErrorTrigger::new()),
        Arc::new(Filter::new()),
        Arc::new(If::new()),
        Arc::new(Switch::new()),
        Arc::new(Respond::new()),
        Arc::new(StopWithError::new()),
        Arc::new(ForEach::new()),
        Arc::new(Wait::new()),
        Arc::new(CallWorkflow::new()),
        Arc::new(Deduplicate::new()),
        Arc::new(Merge::new()),
        Arc::new(SetFields::new()),
        Arc::new(Code::new()),
    ];
    nodes.extend(others);
    nodes
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.nodes.keys()).finish()
    }
}
