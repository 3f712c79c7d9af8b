//! Definitions made ready to run, kept in memory by their key: a stored definition never changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use model::{Definition, Node, NodeId, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde_json::Value;
use storage::{Storage, StorageError};

/// How many definitions are kept; when there are more, all are read again.
const CAPACITY: usize = 1_000;

/// A definition with what every run of it needs to know.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The definition.
    pub(crate) definition: Definition,
    /// Its workflow.
    pub(crate) workflow: WorkflowId,
    /// The workflow's name.
    pub(crate) workflow_name: String,
    /// The nodes whose work may keep a processor busy for a while.
    heavy: BTreeSet<NodeId>,
    /// The nodes that act outside and are therefore tried again by default.
    acting: BTreeSet<NodeId>,
}

impl Prepared {
    /// A definition made ready.
    pub(crate) fn new(
        definition: Definition,
        workflow: WorkflowId,
        workflow_name: String,
        catalogue: &Catalogue,
    ) -> Self {
        let kind = |node: &Node| catalogue.get(&node.node_type).map(|known| known.node_type().kind);
        let ids = |wanted: &dyn Fn(&Node) -> bool| {
            definition.nodes.iter().filter(|node| wanted(node)).map(|node| node.id.clone()).collect()
        };
        Self {
            heavy: ids(&|node| node.node_type == "code" || node.params.values().any(has_script)),
            acting: ids(&|node| kind(node) == Some(NodeKind::Action)),
            workflow,
            workflow_name,
            definition,
        }
    }

    /// Whether a node's work may keep a processor busy for a while, because a person wrote a script into it.
    pub(crate) fn is_heavy(&self, node: &NodeId) -> bool {
        self.heavy.contains(node)
    }

    /// Whether a node acts outside.
    pub(crate) fn acts(&self, node: &NodeId) -> bool {
        self.acting.contains(node)
    }
}

/// Whether a value holds an expression that is more than a path.
fn has_script(value: &Value) -> bool {
    match value {
        Value::String(text) => text.split("{{").skip(1).any(|rest| !rest.trim_start().starts_with('$')),
        Value::Array(items) => items.iter().any(has_script),
        Value::Object(fields) => fields.values().any(has_script),
        _ => false,
    }
}

/// The definitions in memory.
#[derive(Default)]
pub(crate) struct PreparedDefinitions {
    by_key: Mutex<HashMap<i64, Arc<Prepared>>>,
}

impl PreparedDefinitions {
    /// A definition, from memory or from storage.
    pub(crate) async fn get(
        &self,
        storage: &Storage,
        catalogue: &Catalogue,
        definition_key: i64,
        workflow_key: i64,
    ) -> Result<Arc<Prepared>, StorageError> {
        if let Some(known) = self.lock().get(&definition_key) {
            return Ok(known.clone());
        }
        let definition = storage.definition(definition_key).await?;
        let (workflow, name) = storage.workflow_name(workflow_key).await?;
        let prepared = Arc::new(Prepared::new(definition, workflow, name, catalogue));
        let mut known = self.lock();
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(definition_key, prepared.clone());
        Ok(prepared)
    }

    /// Forgets everything, for example because a workflow got another name.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Arc<Prepared>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::has_script;

    #[test]
    fn a_path_is_no_script() {
        assert!(!has_script(&json!({"a": ["{{ $.trigger.body }}", "text {{$.x}} and {{ $.y }}"], "b": 1})));
        assert!(has_script(&json!({"a": ["{{ $.x }} {{ upper(trigger.body.name) }}"]})));
    }
}
