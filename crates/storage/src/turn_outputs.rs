//! The outputs of a loop's turns, in order and a part at a time, so that however many there are, few are in memory at once.

use model::{NodeId, StepStatus};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use crate::entities::step;
use crate::error::StorageError;
use crate::runs::step_records;
use crate::storage::Storage;

/// How many turns are read at a time.
const TURNS_PER_PART: u64 = 500;

/// How a turn ended, and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnOutput {
    /// Its number, from 0.
    pub index: u64,
    /// How it stands.
    pub status: StepStatus,
    /// Its output; null when it has none.
    pub output: Value,
}

/// Reads the turns of a loop part by part.
#[derive(Debug)]
pub struct TurnOutputs {
    storage: Storage,
    run_key: i64,
    node: NodeId,
    prefix: String,
    next: u64,
    is_over: bool,
}

impl Storage {
    /// The outputs of the turns of a loop of a run, by the run's key and the loop's node. `outer` is the turn of the loop
    /// around it, empty when there is none.
    pub fn turn_outputs(&self, run_key: i64, node: &NodeId, outer: &str) -> TurnOutputs {
        let prefix = if outer.is_empty() { String::new() } else { format!("{outer}/") };
        TurnOutputs { storage: self.clone(), run_key, node: node.clone(), prefix, next: 0, is_over: false }
    }
}

impl TurnOutputs {
    /// The next part, in order; empty when there are no more. A turn that has not begun is left out.
    pub async fn next_part(&mut self) -> Result<Vec<TurnOutput>, StorageError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let wanted = self.next..self.next + TURNS_PER_PART;
        let iterations = wanted.map(|index| format!("{}{index}", self.prefix));
        let rows = step::Entity::find()
            .filter(step::Column::RunId.eq(self.run_key))
            .filter(step::Column::NodeId.eq(self.node.0.as_str()))
            .filter(step::Column::Iteration.is_in(iterations))
            .all(self.storage.read())
            .await?;
        self.next += TURNS_PER_PART;
        self.is_over = rows.is_empty();
        let turns = step_records(self.storage.read(), rows).await?;
        let mut part: Vec<TurnOutput> = turns
            .into_iter()
            .filter_map(|turn| {
                let index = turn.iteration.strip_prefix(&self.prefix)?.parse().ok()?;
                Some(TurnOutput { index, status: turn.status, output: turn.output.unwrap_or(Value::Null) })
            })
            .collect();
        part.sort_by_key(|turn| turn.index);
        Ok(part)
    }
}
