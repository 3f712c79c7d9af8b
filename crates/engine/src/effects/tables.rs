//! Uses of the built-in tables. What a step gives is fitted to the types of the columns here.

use std::time::Instant;

use model::table::{Column, fit_value, fit_values};
use model::{ErrorCode, NodeError};
use nodes::effect::{Reply, TableFilter, TableOrder, TableReply, TableRequest};
use serde_json::{Map, Value, json};
use storage::{RowFilter, RowOrder, RowQuery, RowRecord, RowTest, StorageError, TableRecord};

use super::stored::{Stored, recorded, unavailable};
use super::{Call, Done, EffectError};

/// The most rows that one look-up gives.
const MOST_ROWS: u32 = 10_000;

impl Stored {
    /// Uses a built-in table.
    pub(super) async fn table(&self, request: &TableRequest, call: &Call<'_>) -> Result<Done, EffectError> {
        let started = Instant::now();
        recorded(json!(request), started, self.use_table(request, call).await, Reply::Table)
    }

    async fn use_table(&self, request: &TableRequest, call: &Call<'_>) -> Result<TableReply, NodeError> {
        let (TableRequest::Insert { table, .. }
        | TableRequest::Upsert { table, .. }
        | TableRequest::Find { table, .. }
        | TableRequest::Update { table, .. }
        | TableRequest::Delete { table, .. }) = request;
        let (table, columns) = self.open_table(table).await?;
        let storage = self.storage();
        let refused = |error| refused(&table, error);
        match request {
            TableRequest::Insert { values, .. } => {
                let values = fit_values(&columns, values.clone())?;
                // The same step tried again finds the row that it added.
                let made_by = Some(call.idempotency_key.to_owned());
                let (result, row) = storage.insert_row(table.key, None, values, made_by).await.map_err(refused)?;
                Ok(reply(result.as_str(), &[row]))
            }
            TableRequest::Upsert { key, values, .. } => {
                let values = fit_values(&columns, values.clone())?;
                let (result, row) = storage.upsert_row(table.key, key.clone(), values).await.map_err(refused)?;
                Ok(reply(result.as_str(), &[row]))
            }
            TableRequest::Find { filters, order, limit, .. } => {
                let query = RowQuery {
                    filters: fitted(&columns, filters)?,
                    order: order.as_ref().map(|order| by_column(&columns, order)).transpose()?,
                    limit: u64::from((*limit).min(MOST_ROWS)),
                    ..RowQuery::default()
                };
                let rows = storage.rows(table.key, &query).await.map_err(refused)?;
                Ok(reply(if rows.is_empty() { "not_found" } else { "found" }, &rows))
            }
            TableRequest::Update { filters, values, .. } => {
                let (filters, values) = (some(fitted(&columns, filters)?)?, fit_values(&columns, values.clone())?);
                let rows = storage.update_rows(table.key, filters, values).await.map_err(refused)?;
                let rows: Vec<RowRecord> = rows.into_iter().map(|(_, row)| row).collect();
                Ok(reply(if rows.is_empty() { "not_found" } else { "updated" }, &rows))
            }
            TableRequest::Delete { filters, .. } => {
                let filters = some(fitted(&columns, filters)?)?;
                let count = storage.delete_rows(table.key, filters).await.map_err(refused)?;
                let result = if count == 0 { "not_found" } else { "deleted" };
                Ok(TableReply { result: result.to_owned(), count, rows: Vec::new() })
            }
        }
    }

    async fn open_table(&self, name: &str) -> Result<(TableRecord, Vec<Column>), NodeError> {
        let table = self.storage().table(name).await.map_err(|error| match error {
            StorageError::NotFound { .. } => {
                let message = format!("There is no table “{name}”. Make it under Tables, or choose another one.");
                NodeError::permanent(ErrorCode::Parameter, message).at("table")
            }
            other => unavailable("look the table up", &other),
        })?;
        let columns = serde_json::from_value(table.columns.clone()).map_err(|error| {
            NodeError::permanent(ErrorCode::Internal, format!("The columns of the table cannot be read: {error}."))
        })?;
        Ok((table, columns))
    }
}

/// The filters with their values in the types of their columns.
fn fitted(columns: &[Column], filters: &[TableFilter]) -> Result<Vec<RowFilter>, NodeError> {
    let fit = |(number, filter): (usize, &TableFilter)| {
        let at = |error: NodeError| error.at(format!("filters[{number}].column"));
        let test = if filter.op == "contains" { RowTest::Contains } else { RowTest::Equals };
        let value = match test {
            // Part of a text, of whatever type the column is.
            RowTest::Contains => {
                known(columns, &filter.column).map_err(at)?;
                filter.value.clone()
            }
            RowTest::Equals if filter.column == KEY => filter.value.clone(),
            RowTest::Equals => fit_value(columns, &filter.column, filter.value.clone()).map_err(at)?,
        };
        Ok(RowFilter { column: filter.column.clone(), test, value })
    };
    filters.iter().enumerate().map(fit).collect()
}

fn by_column(columns: &[Column], order: &TableOrder) -> Result<RowOrder, NodeError> {
    known(columns, &order.column).map_err(|error| error.at("order_by"))?;
    Ok(RowOrder { column: order.column.clone(), is_descending: order.descending })
}

/// The name of every row's own key among the columns.
const KEY: &str = "key";

fn known(columns: &[Column], name: &str) -> Result<(), NodeError> {
    if name == KEY { Ok(()) } else { fit_value(columns, name, Value::Null).map(|_| ()) }
}

/// Changing or removing every row at once is hardly ever meant.
fn some(filters: Vec<RowFilter>) -> Result<Vec<RowFilter>, NodeError> {
    if filters.is_empty() {
        let message = "Say which rows are meant: at least one filter is needed.";
        return Err(NodeError::permanent(ErrorCode::Parameter, message).at("filters"));
    }
    Ok(filters)
}

fn reply(result: &str, rows: &[RowRecord]) -> TableReply {
    TableReply { result: result.to_owned(), count: rows.len() as u64, rows: rows.iter().map(shown).collect() }
}

/// A row as steps see it.
fn shown(row: &RowRecord) -> Value {
    let mut fields: Map<String, Value> = row.values.clone();
    fields.insert("id".to_owned(), row.id.into());
    fields.insert(KEY.to_owned(), json!(row.key));
    fields.insert("created_at".to_owned(), json!(row.created_at));
    fields.insert("updated_at".to_owned(), json!(row.updated_at));
    Value::Object(fields)
}

fn refused(table: &TableRecord, error: StorageError) -> NodeError {
    match error {
        StorageError::TooMany { what, limit } => {
            let message =
                format!("The table “{}” was not changed: there would be more than {limit} {what}.", table.name);
            NodeError::permanent(ErrorCode::TooLarge, message)
        }
        StorageError::AlreadyExists { what } => {
            let message = format!("The table “{}” was not changed: there is {what} already.", table.name);
            NodeError::permanent(ErrorCode::Parameter, message)
        }
        other => unavailable("use the table", &other),
    }
}
