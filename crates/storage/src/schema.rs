//! Which schema the database has.

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::error::StorageError;
use crate::storage::Storage;

impl Storage {
    /// The name of the last change of the schema that was applied.
    pub async fn schema_version(&self) -> Result<String, StorageError> {
        let applied = Migrator::get_applied_migrations(self.read()).await?;
        Ok(applied.last().map_or_else(|| "none".to_owned(), |migration| migration.name().to_owned()))
    }
}

/// Fails when a newer program has changed the schema.
pub(crate) async fn must_not_be_newer(connection: &DatabaseConnection) -> Result<(), StorageError> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
    if connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, table)).await?.is_none() {
        return Ok(());
    }
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = "SELECT version FROM seaql_migrations ORDER BY version DESC";
    for row in connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, applied)).await? {
        let database: String = row.try_get_by_index(0)?;
        if !known.contains(&database) {
            let program = known.last().cloned().unwrap_or_default();
            return Err(StorageError::SchemaNewer { database, program });
        }
    }
    Ok(())
}
