//! `merge`: the outputs of the branches that meet here, as one value.

use model::NodeError;
use serde_json::{Map, Value, json};

use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Incoming, Input, Node, Outcome};

/// Puts the outputs of the branches together that lead here. Branches that were not taken are named and give nothing.
#[derive(Debug)]
pub struct Merge {
    node_type: NodeType,
}

impl Merge {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("merge.json"), include_str!("merge.svg")) }
    }
}

impl Default for Merge {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Merge {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let mut taken: Vec<&Incoming> = Vec::new();
        for way in input.incoming.iter().filter(|way| way.taken) {
            // Two ports of one step may lead here; its output counts once.
            if !taken.iter().any(|known| known.from == way.from) {
                taken.push(way);
            }
        }
        let outputs = taken.iter().map(|way| (way.from.as_str(), output_of(input, way)));
        let result = match input.params.get("mode").and_then(Value::as_str).unwrap_or_default() {
            "list" => outputs.map(|(_, output)| output.clone()).collect(),
            "first" => outputs.map(|(_, output)| output.clone()).next().unwrap_or_default(),
            "fields" => fields_of_all(outputs.map(|(_, output)| output)),
            _ => outputs.map(|(name, output)| (name.to_owned(), output.clone())).collect::<Map<_, _>>().into(),
        };
        let branches: Vec<Value> = input
            .incoming
            .iter()
            .map(|way| json!({ "step": way.from, "port": way.port, "taken": way.taken }))
            .collect();
        Ok(Outcome::done(json!({ "result": result, "branches": branches })))
    }
}

/// What a branch ended with. A trigger's output is its event.
fn output_of<'a>(input: &'a Input<'_>, way: &Incoming) -> &'a Value {
    let steps = &input.context["steps"];
    steps.get(way.from.as_str()).unwrap_or(&input.context["trigger"])
}

/// One object with the fields of all; of a field that several have, the last one. What is no object has no fields.
fn fields_of_all<'a>(outputs: impl Iterator<Item = &'a Value>) -> Value {
    let mut all = Map::new();
    for fields in outputs.filter_map(Value::as_object) {
        all.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Value::Object(all)
}
