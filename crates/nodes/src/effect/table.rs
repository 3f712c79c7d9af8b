//! Uses of the built-in tables.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A use of one of the built-in tables, which is named by its name or its id. Values are checked against the types of the
/// table's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TableRequest {
    /// Add a row.
    Insert {
        /// The table.
        table: String,
        /// The row's values by column.
        values: Map<String, Value>,
    },
    /// Change the row with this key, or add it. What is absent from `values` stays as it is.
    Upsert {
        /// The table.
        table: String,
        /// What names the row; unique in the table.
        key: String,
        /// The values by column.
        values: Map<String, Value>,
    },
    /// Look rows up.
    Find {
        /// The table.
        table: String,
        /// What a row must fulfil, all of it; empty means every row.
        #[serde(default)]
        filters: Vec<TableFilter>,
        /// The order; the order in which the rows were added when absent.
        #[serde(default)]
        order: Option<TableOrder>,
        /// How many rows at the most.
        limit: u32,
    },
    /// Change every row that fulfils the filters.
    Update {
        /// The table.
        table: String,
        /// What a row must fulfil, all of it; never empty.
        filters: Vec<TableFilter>,
        /// The new values by column; what is absent stays as it is.
        values: Map<String, Value>,
    },
    /// Remove every row that fulfils the filters.
    Delete {
        /// The table.
        table: String,
        /// What a row must fulfil, all of it; never empty.
        filters: Vec<TableFilter>,
    },
}

/// What a row must fulfil.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFilter {
    /// The column; `key` means the row's key.
    pub column: String,
    /// `equals` or `contains`.
    pub op: String,
    /// What to compare with.
    pub value: Value,
}

/// An order of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableOrder {
    /// The column.
    pub column: String,
    /// Largest first.
    #[serde(default)]
    pub descending: bool,
}

/// A table's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableReply {
    /// `created`, `updated`, `unchanged`, `found`, `not_found` or `deleted`.
    pub result: String,
    /// How many rows were found or changed.
    pub count: u64,
    /// The rows as they stand now: `{id, key, …columns, created_at, updated_at}`; of deleted rows none.
    pub rows: Vec<Value>,
}
