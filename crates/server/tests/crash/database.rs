//! Looks into the database from another process, as an operator could: what is stored, whatever the server says.

use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::runtime::Runtime;

use crate::Failure;

/// A connection that only reads.
pub(crate) struct Eyes {
    runtime: Runtime,
    connection: DatabaseConnection,
}

impl Eyes {
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=ro", file.display()));
        options.max_connections(1).sqlx_logging(false);
        let connection = runtime.block_on(Database::connect(options))?;
        Ok(Self { runtime, connection })
    }

    /// The rows of a query whose columns are all texts.
    pub(crate) fn rows<const COLUMNS: usize>(&self, sql: &str) -> Result<Vec<[String; COLUMNS]>, Failure> {
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let rows = self.runtime.block_on(self.connection.query_all_raw(statement))?;
        let mut texts = Vec::with_capacity(rows.len());
        for row in rows {
            let mut columns = [const { String::new() }; COLUMNS];
            for (place, column) in columns.iter_mut().enumerate() {
                *column = row.try_get_by_index::<Option<String>>(place)?.unwrap_or_default();
            }
            texts.push(columns);
        }
        Ok(texts)
    }

    /// The single text of a query.
    pub(crate) fn one(&self, sql: &str) -> Result<String, Failure> {
        let [text] = self.rows::<1>(sql)?.pop().ok_or("the query found nothing")?;
        Ok(text)
    }

    /// Runs a statement, for example to begin a transaction.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.runtime.block_on(self.connection.execute_unprepared(sql))?;
        Ok(())
    }
}
