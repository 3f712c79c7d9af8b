//! The built-in tables as people fill and carry them: typed values out of text, and whole tables as CSV.

mod csv;

use model::NodeError;
use model::table::{Column, ColumnType, fault_of_columns, fit_values};
use serde_json::{Map, Value};
use storage::{RowQuery, RowRecord, Storage, TableRecord};

use self::csv::{CsvFaultKind, CsvLine};
use crate::problem::Problem;

/// How many rows one import may have.
pub(crate) const MOST_IMPORTED: usize = 10_000;

/// How many rows are read at a time for an export.
const EXPORT_ROWS: u64 = 1_000;

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    /// How many rows are new.
    pub(crate) created: u64,
    /// How many rows were changed, or were there already as they are.
    pub(crate) updated: u64,
}

/// Why a text cannot be imported. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImportFault {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is wrong there and what would be right, in English.
    pub(crate) message: String,
}

/// A row that was read and checked.
type CheckedRow = (Option<String>, Map<String, Value>);

/// The columns of a table.
pub(crate) fn columns_of(table: &TableRecord) -> Vec<Column> {
    serde_json::from_value(table.columns.clone()).unwrap_or_default()
}

/// Columns for a table, when nothing is wrong with them.
pub(crate) fn checked_columns(columns: &[Column]) -> Result<Value, Problem> {
    match fault_of_columns(columns) {
        Some(fault) => Err(Problem::invalid_request(fault).at_parameter("columns")),
        None => serde_json::to_value(columns).map_err(Problem::unexpected),
    }
}

/// A value as a person types it, in the type of its column. Nothing typed is no value.
pub(crate) fn typed(column: &Column, text: &str) -> Result<Value, NodeError> {
    let text = text.trim();
    let value = match column.column_type {
        _ if text.is_empty() => Value::Null,
        ColumnType::Json => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        _ => Value::String(text.to_owned()),
    };
    model::table::fit_value(std::slice::from_ref(column), &column.name, value)
}

/// A value as a person reads it.
pub(crate) fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Adds the rows of a text, all of them or none; a row with a key that is there already is changed.
pub(crate) async fn import(
    storage: &Storage,
    table: &TableRecord,
    text: &str,
) -> Result<Result<Imported, ImportFault>, Problem> {
    let rows = match read(&columns_of(table), text) {
        Ok(rows) => rows,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut imported = Imported::default();
    for (key, values) in rows {
        let is_new = match key {
            Some(key) => storage.upsert_row(table.key, key, values).await?.0.as_str() == "created",
            None => storage.insert_row(table.key, None, values, None).await?.0.as_str() == "created",
        };
        imported.created += u64::from(is_new);
        imported.updated += u64::from(!is_new);
    }
    Ok(Ok(imported))
}

/// A whole table as text.
pub(crate) async fn export(storage: &Storage, table: &TableRecord) -> Result<String, Problem> {
    let columns = columns_of(table);
    let names = ["key"].into_iter().chain(columns.iter().map(|column| column.name.as_str()));
    let mut text = csv::line(names);
    let mut after = None;
    loop {
        let query = RowQuery { after, limit: EXPORT_ROWS, ..RowQuery::default() };
        let rows = storage.rows(table.key, &query).await?;
        let Some(last) = rows.last() else { return Ok(text) };
        after = Some(last.id);
        for row in &rows {
            let cells = cells_of(&columns, row);
            text += &csv::line(cells.iter().map(String::as_str));
        }
    }
}

fn cells_of(columns: &[Column], row: &RowRecord) -> Vec<String> {
    let cell = |column: &Column| {
        let text = shown(row.values.get(&column.name));
        if column.column_type == ColumnType::Number { text } else { csv::harmless(&text) }
    };
    let key = csv::harmless(row.key.as_deref().unwrap_or_default());
    std::iter::once(key).chain(columns.iter().map(cell)).collect()
}

/// Reads and checks every line before anything is written.
fn read(columns: &[Column], text: &str) -> Result<Vec<CheckedRow>, ImportFault> {
    let fault = |line: usize, message: &str| ImportFault { line, message: message.to_owned() };
    let lines = csv::read(text).map_err(|error| fault(error.line, words(error.what)))?;
    let mut lines = lines.into_iter();
    let head = lines.next().ok_or_else(|| fault(1, "There is nothing in it. The first line names the columns."))?;
    let names: Vec<String> = head.cells.iter().map(|name| name.trim().to_lowercase()).collect();
    for name in &names {
        let is_known = ["id", "key", "created_at", "updated_at"].contains(&name.as_str())
            || columns.iter().any(|column| column.name == *name);
        if !is_known {
            let known = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(fault(head.line, &format!("There is no column “{name}”. The table has: key, {known}.")));
        }
    }
    let lines: Vec<CsvLine> = lines.collect();
    if lines.len() > MOST_IMPORTED {
        let message = format!("There are {} rows. At most {MOST_IMPORTED} can be read at a time.", lines.len());
        return Err(fault(head.line, &message));
    }
    lines.into_iter().map(|line| checked(columns, &names, line)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the line becomes the row")]
fn checked(columns: &[Column], names: &[String], line: CsvLine) -> Result<CheckedRow, ImportFault> {
    let (mut key, mut values) = (None, Map::new());
    for (name, cell) in names.iter().zip(&line.cells) {
        let text = csv::plain(cell);
        if name == "key" {
            key = Some(text.trim().to_owned()).filter(|key| !key.is_empty());
        } else if let Some(column) = columns.iter().find(|column| column.name == *name) {
            let value = typed(column, text).map_err(|error| ImportFault { line: line.line, message: error.message })?;
            values.insert(name.clone(), value);
        }
    }
    let values =
        fit_values(columns, values).map_err(|error| ImportFault { line: line.line, message: error.message })?;
    Ok((key, values))
}

fn words(kind: CsvFaultKind) -> &'static str {
    match kind {
        CsvFaultKind::OpenQuote => "A quotation mark is opened here and never closed.",
        CsvFaultKind::AfterQuote => {
            "Something follows a closed quotation mark. Double a quotation mark that belongs to the text."
        }
        CsvFaultKind::TooManyCells => "This line has more cells than the first one.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns() -> Vec<Column> {
        serde_json::from_value(json!([
            {"name": "city", "type": "text"}, {"name": "amount", "type": "number"}, {"name": "since", "type": "date"},
        ]))
        .unwrap()
    }

    #[test]
    fn rows_are_read_with_the_types_of_their_columns() {
        let rows = read(&columns(), "Key;city;amount\nA;'=Köln;1.5\n;;").unwrap();
        assert_eq!(
            rows[0],
            (Some("A".to_owned()), json!({"city": "=Köln", "amount": 1.5}).as_object().unwrap().clone())
        );
        assert_eq!(rows[1], (None, json!({"city": null, "amount": null}).as_object().unwrap().clone()));
    }

    #[test]
    fn a_fault_names_line_and_column_and_nothing_is_read() {
        for (text, line, part) in [
            ("", 1, "nothing in it"),
            ("city,colour\nx,y", 1, "“colour”"),
            ("city,amount\nKöln,1\nBonn,many", 3, "amount"),
            ("since\n22.11.2026", 2, "since"),
            ("city\n\"open", 2, "never closed"),
        ] {
            let fault = read(&columns(), text).unwrap_err();
            assert!(fault.line == line && fault.message.contains(part), "{text}: {fault:?}");
        }
    }
}
