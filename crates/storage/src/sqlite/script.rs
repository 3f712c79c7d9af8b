//! Several statements that go to the database as one: each way to its thread and back costs more than a short statement.

use std::fmt::Write as _;

use futures_util::future::BoxFuture;
use sea_orm::sea_query::QueryStatementWriter;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable,
    QueryTrait, Statement, Value,
};

use crate::error::StorageError;

/// How many rows one statement writes; keeps the number of bound values below SQLite's limit.
pub(super) const ROWS_PER_STATEMENT: usize = 1_000;

/// Statements to be executed one after the other.
///
/// A statement that fails undoes the whole transaction. SQLite would otherwise keep a journal of every statement that writes
/// many rows, only to be able to undo that one; our writer gives the transaction up in any case.
#[derive(Default)]
pub(super) struct Script {
    sql: String,
    values: Vec<Value>,
}

/// What becomes of a row whose key is there already.
pub(super) struct Replace<C: 'static> {
    /// The columns of the key.
    pub(super) key: &'static [C],
    /// What is overwritten.
    pub(super) columns: &'static [C],
    /// A row whose column has this value stays as it is.
    pub(super) unless: Option<(C, &'static str)>,
}

impl Script {
    /// Appends a statement.
    pub(super) fn add(&mut self, statement: Statement) {
        self.sql.push_str(&statement.sql);
        self.sql.push(';');
        self.values.extend(statement.values.into_iter().flat_map(|values| values.0));
    }

    /// Appends a query.
    pub(super) fn add_query(&mut self, query: &impl QueryTrait<QueryStatement: QueryStatementWriter>) {
        self.add(query.build(DbBackend::Sqlite));
    }

    /// Appends the insertion of any number of rows in as few statements as possible.
    pub(super) fn insert<A>(&mut self, rows: Vec<A>)
    where
        A: ActiveModelTrait,
    {
        self.write(rows, "");
    }

    /// The same, and rows that are there already are overwritten.
    pub(super) fn replace<A>(&mut self, rows: Vec<A>, replace: &Replace<<A::Entity as EntityTrait>::Column>)
    where
        A: ActiveModelTrait,
    {
        self.write(rows, &replace.to_sql::<A::Entity>());
    }

    /// Columns that no row of a statement sets are left out of it. The text is put together here: going through a query
    /// builder would take longer than all the rest of the writer's work.
    fn write<A>(&mut self, rows: Vec<A>, ending: &str)
    where
        A: ActiveModelTrait,
    {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut chunk: Vec<A> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
            let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter()
                .filter(|column| chunk.iter().any(|row| !row.is_not_set(*column)))
                .collect();
            self.sql.push_str("INSERT OR ROLLBACK INTO \"");
            self.sql.push_str(A::Entity::default().table_name());
            self.sql.push_str("\" (");
            push_names(&mut self.sql, &columns);
            self.sql.push_str(") VALUES ");
            let mut places = ",?".repeat(columns.len());
            places.replace_range(..1, "(");
            for (place, row) in chunk.iter_mut().enumerate() {
                self.sql.push_str(if place == 0 { "" } else { "," });
                self.sql.push_str(&places);
                self.sql.push(')');
                self.values.extend(columns.iter().map(|column| match row.take(*column) {
                    ActiveValue::Set(value) | ActiveValue::Unchanged(value) => value,
                    ActiveValue::NotSet => Value::String(None),
                }));
            }
            self.sql.push_str(ending);
            self.sql.push(';');
        }
    }

    /// Executes everything.
    pub(super) fn run<C: ConnectionTrait>(self, connection: &C) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if !self.sql.is_empty() {
                let statement = Statement::from_sql_and_values(DbBackend::Sqlite, self.sql, self.values);
                connection.execute_raw(statement).await?;
            }
            Ok(())
        })
    }
}

impl<C: IdenStatic + 'static> Replace<C> {
    fn to_sql<E: EntityTrait>(&self) -> String {
        let mut sql = String::from(" ON CONFLICT (");
        push_names(&mut sql, self.key);
        sql.push_str(") DO UPDATE SET ");
        for (place, column) in self.columns.iter().enumerate() {
            let (comma, name) = (if place == 0 { "" } else { ", " }, column.as_str());
            let _ = write!(sql, "{comma}\"{name}\" = \"excluded\".\"{name}\"");
        }
        if let Some((column, value)) = &self.unless {
            let (table, name) = (E::default().table_name().to_owned(), column.as_str());
            let _ = write!(sql, " WHERE \"{table}\".\"{name}\" <> '{value}'");
        }
        sql
    }
}

fn push_names(sql: &mut String, columns: &[impl IdenStatic]) {
    for (place, column) in columns.iter().enumerate() {
        sql.push_str(if place == 0 { "\"" } else { ", \"" });
        sql.push_str(column.as_str());
        sql.push('"');
    }
}
