//! Which rows of a built-in table are meant, and in which order.

use sea_orm::{DbBackend, Statement, Value as Bound};
use serde_json::Value;

use crate::error::StorageError;

/// What a row must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFilter {
    /// The column; `key` means the row's key.
    pub column: String,
    /// How it is compared.
    pub test: RowTest,
    /// With what.
    pub value: Value,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowTest {
    /// It has this value; null: it has none.
    Equals,
    /// Its text contains this text, however it is capitalised.
    Contains,
}

/// By what rows are ordered. Rows without a value come first, and among equals the one that was added first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOrder {
    /// The column; `key` means the row's key.
    pub column: String,
    /// The other way round.
    pub is_descending: bool,
}

/// Which rows to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowQuery {
    /// What a row must fulfil, all of it.
    pub filters: Vec<RowFilter>,
    /// The order; the order in which they were added when absent.
    pub order: Option<RowOrder>,
    /// Only those that come after the row with this id.
    pub after: Option<i64>,
    /// How many at the most.
    pub limit: u64,
}

/// A condition with what it binds.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Bound>,
}

/// The statement that reads the rows.
pub(super) fn select(table_key: i64, query: &RowQuery) -> Result<Statement, StorageError> {
    let mut sql = Sql::default();
    sql.add("SELECT * FROM table_rows WHERE table_id = ?", [table_key.into()]);
    for filter in &query.filters {
        sql.add_filter(filter)?;
    }
    let (column, is_descending) = match &query.order {
        Some(order) => (Some(column_of(&order.column)?), order.is_descending),
        None => (None, false),
    };
    let (before, direction) = if is_descending { ("<", " DESC") } else { (">", "") };
    // Null compares with nothing, so whether there is a value comes first.
    let place = match &column {
        Some(Sql { text, .. }) => {
            vec![format!("({text} IS NOT NULL)"), format!("COALESCE({text}, 0)"), "id".to_owned()]
        }
        None => vec!["id".to_owned()],
    };
    let bound: Vec<Bound> =
        column.iter().flat_map(|column| column.values.iter().chain(&column.values)).cloned().collect();
    if let Some(after) = query.after {
        let place = place.join(", ");
        let from = format!(" AND ({place}) {before} (SELECT {place} FROM table_rows WHERE id = ?)");
        sql.add(&from, bound.iter().chain(&bound).cloned().chain([after.into()]));
    }
    let order: Vec<String> = place.iter().map(|part| format!("{part}{direction}")).collect();
    sql.add(&format!(" ORDER BY {} LIMIT ?", order.join(", ")), bound.into_iter().chain([query.limit.into()]));
    Ok(Statement::from_sql_and_values(DbBackend::Sqlite, sql.text, sql.values))
}

impl Sql {
    fn add(&mut self, text: &str, values: impl IntoIterator<Item = Bound>) {
        self.text.push_str(text);
        self.values.extend(values);
    }

    fn add_filter(&mut self, filter: &RowFilter) -> Result<(), StorageError> {
        let Self { text, values } = column_of(&filter.column)?;
        match filter.test {
            RowTest::Equals if filter.value.is_null() => self.add(&format!(" AND {text} IS NULL"), values),
            RowTest::Equals => self.add(&format!(" AND {text} = ?"), values.into_iter().chain([bound(&filter.value)])),
            RowTest::Contains => {
                let part = match &filter.value {
                    Value::String(part) => part.clone(),
                    other => other.to_string(),
                };
                let contains = format!(" AND instr(lower(CAST({text} AS TEXT)), lower(?)) > 0");
                self.add(&contains, values.into_iter().chain([part.into()]));
            }
        }
        Ok(())
    }
}

/// A column's value in SQL.
fn column_of(name: &str) -> Result<Sql, StorageError> {
    if name == "key" {
        return Ok(Sql { text: "key".to_owned(), values: Vec::new() });
    }
    // SQLite knows no way to write a quotation mark inside of a quoted name.
    if name.contains(['"', '\\']) {
        return Err(StorageError::NotFound { what: "column" });
    }
    Ok(Sql { text: "json_extract(data, ?)".to_owned(), values: vec![format!("$.\"{name}\"").into()] })
}

/// A value as SQLite's JSON functions give it back.
fn bound(value: &Value) -> Bound {
    match value {
        Value::Null => Bound::String(None),
        Value::Bool(yes) => i64::from(*yes).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().into(),
        },
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}
