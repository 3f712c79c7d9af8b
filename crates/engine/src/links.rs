//! The addresses at which a waiting step is answered.

use model::{NodeId, RunId};

use crate::engine::Engine;

/// How a step is named in an address: its node, and in a box its turn after an `@`: `ask@7` or `ask@7.0`.
pub fn step_name(node: &NodeId, iteration: &str) -> String {
    if iteration.is_empty() { node.0.clone() } else { format!("{node}@{}", iteration.replace('/', ".")) }
}

/// The node and the turn that a name from an address means.
pub fn step_of_name(name: &str) -> (NodeId, String) {
    match name.split_once('@') {
        Some((node, iteration)) => (NodeId::from(node), iteration.replace('.', "/")),
        None => (NodeId::from(name), String::new()),
    }
}

impl Engine {
    /// The token that lets its bearer answer a step of a run, which is named as [`step_name`] does. To be compared in
    /// constant time.
    pub fn link_token(&self, run: RunId, step: &str) -> String {
        self.vault().link_token(run, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steps_name_fits_into_one_part_of_an_address_and_is_read_back() {
        for (iteration, name) in [("", "ask"), ("7", "ask@7"), ("7/0", "ask@7.0")] {
            assert_eq!(step_name(&NodeId::from("ask"), iteration), name);
            assert_eq!(step_of_name(name), (NodeId::from("ask"), iteration.to_owned()));
        }
    }
}
