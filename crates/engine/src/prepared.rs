//! Definitions made ready to run, kept in memory by their key: a stored definition never changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use model::definition::ERROR;
use model::{Definition, Node, NodeId, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde_json::Value;
use storage::{Storage, StorageError};

use crate::at_work;
use crate::plan::Shape;
use crate::sight::Sight;

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
    /// The nodes whose `error` port leads somewhere.
    with_error_edge: BTreeSet<NodeId>,
    /// Where each node stands in the definition.
    places: HashMap<NodeId, usize>,
    /// The nodes outside of any box, and those of each box.
    outside: Shape,
    inside: BTreeMap<NodeId, (Shape, Sight)>,
    /// The nodes that may wait for an answer, outside of any box and in each.
    waiting: BTreeMap<Option<NodeId>, Vec<NodeId>>,
    /// The nodes that start a run when another workflow's failed, with the workflows that they are for; empty means all.
    error_triggers: Vec<(NodeId, Vec<WorkflowId>)>,
    /// The trigger that a call begins at.
    entry: Option<NodeId>,
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
        let boxes: BTreeSet<&NodeId> = definition.nodes.iter().filter_map(|node| node.parent.as_ref()).collect();
        let mut waiting: BTreeMap<Option<NodeId>, Vec<NodeId>> = BTreeMap::new();
        for node in definition.nodes.iter().filter(|node| node.node_type == WAIT) {
            waiting.entry(node.parent.clone()).or_default().push(node.id.clone());
        }
        let triggers = || definition.nodes.iter().filter(|node| kind(node) == Some(NodeKind::Trigger));
        let manual = triggers().find(|node| node.node_type == "manual").or_else(|| triggers().next());
        Self {
            with_error_edge: definition
                .edges
                .iter()
                .filter(|edge| edge.port == ERROR)
                .map(|edge| edge.from.clone())
                .collect(),
            places: definition.nodes.iter().enumerate().map(|(place, node)| (node.id.clone(), place)).collect(),
            outside: Shape::of(&definition, None),
            inside: boxes
                .into_iter()
                .map(|id| (id.clone(), (Shape::of(&definition, Some(id)), Sight::inside(&definition, id))))
                .collect(),
            waiting,
            error_triggers: triggers().filter(|node| node.node_type == ERROR_TRIGGER).map(error_trigger).collect(),
            entry: manual.map(|node| node.id.clone()),
            heavy: ids(&|node| may_take_long(&node.node_type) || node.params.values().any(has_script)),
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

    /// Whether a node in a box, or in a box in it, acts outside.
    pub(crate) fn acts_inside(&self, node: &NodeId) -> bool {
        let inside = self.shape(Some(node));
        let mut nodes = (0..inside.len()).map(|place| inside.node(place));
        nodes.any(|inner| self.acts(inner) || self.acts_inside(inner))
    }

    /// Whether an edge starts at a node's `error` port.
    pub(crate) fn has_error_edge(&self, node: &NodeId) -> bool {
        self.with_error_edge.contains(node)
    }

    /// A node as it stands in the definition.
    pub(crate) fn node(&self, id: &NodeId) -> Option<&Node> {
        self.places.get(id).and_then(|place| self.definition.nodes.get(*place))
    }

    /// The nodes outside of any box, or those of a box; none for a node that is no box.
    pub(crate) fn shape(&self, parent: Option<&NodeId>) -> &Shape {
        static EMPTY: Shape = Shape::EMPTY;
        match parent {
            None => &self.outside,
            Some(node) => self.inside.get(node).map_or(&EMPTY, |(shape, _)| shape),
        }
    }

    /// What a turn of a box sees of what lies around it.
    pub(crate) fn seen_inside(&self, parent: &NodeId, around: &Value) -> Value {
        self.inside.get(parent).map_or_else(|| around.clone(), |(_, sight)| sight.of(around))
    }

    /// The nodes that may wait for an answer, of those outside of any box or in a box.
    pub(crate) fn waiting_in(&self, parent: Option<&NodeId>) -> &[NodeId] {
        if self.waiting.is_empty() {
            return &[];
        }
        self.waiting.get(&parent.cloned()).map_or(&[], Vec::as_slice)
    }

    /// The nodes that start a run when a run of `workflow` failed.
    pub(crate) fn error_triggers_for(&self, workflow: WorkflowId) -> impl Iterator<Item = &NodeId> {
        let is_for = move |only: &[WorkflowId]| only.is_empty() || only.contains(&workflow);
        self.error_triggers.iter().filter(move |(_, only)| is_for(only)).map(|(node, _)| node)
    }

    /// The trigger that a call of the workflow begins at.
    pub(crate) fn entry(&self) -> Option<NodeId> {
        self.entry.clone()
    }
}

/// The node type that waits.
const WAIT: &str = "wait";

/// The node type that starts a run when another workflow's failed.
const ERROR_TRIGGER: &str = "error";

/// Whether a node of this type may compute for long by itself: scripts, and what works on whole lists.
fn may_take_long(node_type: &str) -> bool {
    node_type == "code" || node_type == "text.split" || node_type.starts_with("list.")
}

fn error_trigger(node: &Node) -> (NodeId, Vec<WorkflowId>) {
    let only = node.params.get("workflows").and_then(Value::as_array).into_iter().flatten();
    (node.id.clone(), only.filter_map(|id| id.as_str()?.parse().ok()).collect())
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
        at_work::busy();
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
