//! The outputs of a loop's turns, read in pieces.

use std::collections::BTreeMap;

use model::NodeId;
use sea_orm::{DbBackend, FromQueryResult, Statement};
use serde_json::Value;

use crate::entities::step;
use crate::error::StorageError;
use crate::payload;
use crate::storage::Storage;

/// How many turns one statement reads.
const TURNS_PER_STATEMENT: u32 = 500;

impl Storage {
    /// The outputs of the turns of a loop that have one, by the turns' numbers, in no order. `outer` is the turn around the
    /// loop; empty outside of loops.
    pub async fn turn_outputs(
        &self,
        run_key: i64,
        node: &NodeId,
        outer: &str,
    ) -> Result<BTreeMap<usize, Value>, StorageError> {
        let depth = if outer.is_empty() { 0 } else { outer.split('/').count() };
        let prefix = if outer.is_empty() { String::new() } else { format!("{outer}/") };
        // The character after `/` is `0`; the one after `9` is `:`.
        let (mut after, before) = (prefix.clone(), format!("{prefix}:"));
        let mut outputs = BTreeMap::new();
        loop {
            let sql = "SELECT * FROM steps WHERE run_id = ? AND node_id = ? AND iteration > ? AND iteration < ? \
                       AND (output IS NOT NULL OR output_payload_id IS NOT NULL) ORDER BY iteration LIMIT ?";
            let values = [
                run_key.into(),
                node.as_str().into(),
                after.clone().into(),
                before.clone().into(),
                TURNS_PER_STATEMENT.into(),
            ];
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
            let rows = step::Model::find_by_statement(statement).all(self.read()).await?;
            let Some(last) = rows.last() else { return Ok(outputs) };
            after.clone_from(&last.iteration);
            let aside = rows.iter().filter_map(|row| row.output_payload_id).collect();
            let mut payloads = payload::load_many(self.read(), aside).await?;
            for row in rows.into_iter().filter(|row| row.iteration.split('/').count() == depth + 1) {
                let number = row.iteration.rsplit('/').next().and_then(|number| number.parse().ok());
                let output = match (row.output, row.output_payload_id) {
                    (Some(text), _) => Some(serde_json::from_str(&text)?),
                    (None, Some(id)) => payloads.remove(&id).map(|bytes| serde_json::from_slice(&bytes)).transpose()?,
                    (None, None) => None,
                };
                outputs.extend(number.zip(output));
            }
        }
    }
}
