//! What the nodes of a box may look at of what lies around it. Each turn has a context of its own, and a whole event with
//! thousands of items in each of them would fill the memory for nothing.
//!
//! Only names that are written out can be looked at, so the text of the nodes says enough. Where it leaves a doubt, everything
//! stays: a path to the whole (`$`), a wildcard, a name in brackets, an escaped letter.

use std::collections::BTreeSet;

use model::{Definition, Node, NodeId};
use serde_json::{Map, Value};

/// The node type that takes over what came in along an edge, without naming it.
const MERGE: &str = "merge";

/// What is looked at from inside of a box.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    trigger: bool,
    /// The steps outside; none means all.
    steps: Option<BTreeSet<String>>,
}

impl Sight {
    /// What the nodes in a box, and in the boxes in it, look at.
    pub(crate) fn inside(definition: &Definition, parent: &NodeId) -> Self {
        let mut sight = Self { trigger: false, steps: Some(BTreeSet::new()) };
        for node in definition.nodes.iter().filter(|node| is_inside(definition, node, parent)) {
            if node.node_type == MERGE {
                return Self::everything();
            }
            match serde_json::to_string(&node.params) {
                Ok(text) => sight.add(&text, definition),
                Err(_) => return Self::everything(),
            }
        }
        sight
    }

    /// A copy of a context with only what is looked at.
    pub(crate) fn of(&self, context: &Value) -> Value {
        let Value::Object(fields) = context else { return context.clone() };
        let mut seen = Map::new();
        for (name, value) in fields {
            let value = match name.as_str() {
                "trigger" if !self.trigger => continue,
                "steps" => self.steps_of(value),
                _ => value.clone(),
            };
            seen.insert(name.clone(), value);
        }
        Value::Object(seen)
    }

    fn steps_of(&self, steps: &Value) -> Value {
        match (&self.steps, steps) {
            (Some(wanted), Value::Object(steps)) => {
                let wanted = steps.iter().filter(|(id, _)| wanted.contains(*id));
                Value::Object(wanted.map(|(id, output)| (id.clone(), output.clone())).collect())
            }
            _ => steps.clone(),
        }
    }

    fn everything() -> Self {
        Self { trigger: true, steps: None }
    }

    /// Adds what a text (JSON) may look at.
    fn add(&mut self, text: &str, definition: &Definition) {
        let has_escapes = text.contains("\\\\");
        let is_open = |at: usize| !text[at + 1..].trim_start().starts_with('.') || name_after(text, at + 1).is_empty();
        if has_escapes || text.match_indices('$').any(|(at, _)| is_open(at)) {
            *self = Self::everything();
            return;
        }
        self.trigger |= text.contains("trigger");
        for (at, word) in text.match_indices("steps") {
            let name = name_after(text, at + word.len());
            let Some(wanted) = &mut self.steps else { return };
            if definition.nodes.iter().any(|node| node.id.as_str() == name) {
                wanted.insert(name.to_owned());
            } else {
                self.steps = None;
            }
        }
    }
}

/// The name behind a dot that stands at a place; empty when there is none.
fn name_after(text: &str, at: usize) -> &str {
    let Some(rest) = text[at..].trim_start().strip_prefix('.') else { return "" };
    let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
    &rest[..end]
}

fn is_inside(definition: &Definition, node: &Node, parent: &NodeId) -> bool {
    let mut around = node.parent.as_ref();
    // A damaged definition may go round in circles.
    for _ in 0..definition.nodes.len() {
        match around {
            Some(id) if id == parent => return true,
            Some(id) => {
                let outer = definition.nodes.iter().find(|node| node.id == *id);
                around = outer.and_then(|outer| outer.parent.as_ref());
            }
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sight(params: &Value) -> Sight {
        let definition = json!({
            "nodes": [
                { "id": "order", "type": "webhook", "params": {} },
                { "id": "customer", "type": "set_fields", "params": { "fields": { "x": "{{ $.trigger.body }}" } } },
                { "id": "outer", "type": "for_each", "params": { "items": "{{ $.trigger.body.items }}" } },
                { "id": "inner", "type": "for_each", "parent": "outer", "params": { "items": "{{ $.item.lines }}" } },
                { "id": "line", "type": "set_fields", "parent": "inner", "params": params },
            ],
            "edges": [],
        });
        Sight::inside(&serde_json::from_value(definition).unwrap(), &NodeId("outer".to_owned()))
    }

    fn sees(trigger: bool, steps: &[&str]) -> Sight {
        Sight { trigger, steps: Some(steps.iter().map(|id| (*id).to_owned()).collect()) }
    }

    #[test]
    fn only_what_is_named_is_seen() {
        for (text, seen) in [
            ("{{ $.item.price }} {{ item.price * 2 }}", sees(false, &[])),
            ("{{ $.trigger.body.id }}", sees(true, &[])),
            ("{{ upper(trigger.body.id) }}", sees(true, &[])),
            ("{{ $.steps.customer.name }}", sees(false, &["customer"])),
            ("{{ steps.customer?.name ?? $ .steps .line.x }}", sees(false, &["customer", "line"])),
        ] {
            assert_eq!(sight(&json!({ "a": [text] })), seen, "{text}");
        }
    }

    #[test]
    fn in_doubt_everything_is_seen() {
        for text in
            ["{{ $ }}", "{{ $..id }}", "{{ $.* }}", "{{ $['trigger'] }}", "{{ $ [0] }}", r#"{{ $["\u0074rigger"] }}"#]
        {
            assert_eq!(sight(&json!({ "a": text })), Sight::everything(), "{text}");
        }
        for text in ["{{ steps[item.name] }}", "{{ steps.keys() }}", "{{ $.steps.* }}", "{{ let all = steps; all }}"] {
            assert_eq!(sight(&json!({ "a": text })).steps, None, "{text}");
        }
    }

    #[test]
    fn a_context_is_narrowed_to_what_is_seen() {
        let context = json!({ "trigger": { "body": 1 }, "steps": { "customer": 2, "other": 3 }, "run": { "id": 4 } });
        let narrow = sight(&json!({ "a": "{{ $.steps.customer }}" })).of(&context);
        assert_eq!(narrow, json!({ "steps": { "customer": 2 }, "run": { "id": 4 } }));
        assert_eq!(Sight::everything().of(&context), context);
    }
}
