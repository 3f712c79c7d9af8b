//! Links that let a waiting run go on. Whoever holds one may use it; nobody can make one up.

use engine::Engine;
use engine::links::step_of_name;
use model::{Node, RunId};
use serde_json::Value;
use storage::{RunRecord, Storage};
use subtle::ConstantTimeEq as _;

use crate::problem::{Problem, ProblemCode};

/// The node type that waits.
const WAIT: &str = "wait";

/// What a link lets go on.
#[derive(Debug)]
pub(crate) struct WaitLink {
    /// The run that waits.
    pub(crate) run: RunRecord,
    /// The node that waits.
    pub(crate) node: Node,
    /// Which turn of a loop; empty outside of loops.
    pub(crate) iteration: String,
}

impl WaitLink {
    /// What the link of a run, a node (in a loop `node@turn`) and a token leads to, when the node waits for this `mode`. Every
    /// fault reads the same, so that nothing is learnt by guessing.
    pub(crate) async fn open(
        storage: &Storage,
        engine: &Engine,
        (run, place, token): (&str, &str, &str),
        mode: &str,
    ) -> Result<Self, Problem> {
        let id: RunId = run.parse().map_err(|_| no_such_link())?;
        let expected = engine.link_token(id, place);
        if !bool::from(expected.as_bytes().ct_eq(token.as_bytes())) {
            return Err(no_such_link());
        }
        let run = storage.run(id).await.map_err(|_| no_such_link())?;
        let (node, iteration) = step_of_name(place);
        let definition = storage.definition(run.definition_key).await?;
        let node = definition.node(&node).filter(|node| waits_for(node, mode)).cloned();
        Ok(Self { run, node: node.ok_or_else(no_such_link)?, iteration })
    }
}

/// Whether a node waits for this kind of signal.
pub(crate) fn waits_for(node: &Node, mode: &str) -> bool {
    node.node_type == WAIT && node.params.get("mode").and_then(Value::as_str) == Some(mode)
}

fn no_such_link() -> Problem {
    Problem::new(ProblemCode::NotFound, "Nothing waits at this address. Check that the whole link was copied.")
}
