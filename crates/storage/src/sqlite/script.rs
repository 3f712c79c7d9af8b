//! Several statements that go to the database as one: each way to its thread and back costs more than a short statement.

use futures_util::future::BoxFuture;
use sea_orm::sea_query::QueryStatementWriter;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryTrait, Statement, Value,
};

use crate::error::StorageError;

/// How many rows one statement writes; keeps the number of bound values below SQLite's limit.
pub(super) const ROWS_PER_STATEMENT: usize = 1_000;

/// Statements to be executed one after the other.
#[derive(Default)]
pub(super) struct Script {
    sql: String,
    values: Vec<Value>,
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
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Vec<A> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
            self.add_query(&<A::Entity as EntityTrait>::insert_many(chunk));
        }
    }

    /// Executes everything.
    pub(super) fn run(self, transaction: &DatabaseTransaction) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if !self.sql.is_empty() {
                let statement = Statement::from_sql_and_values(DbBackend::Sqlite, self.sql, self.values);
                transaction.execute_raw(statement).await?;
            }
            Ok(())
        })
    }
}
