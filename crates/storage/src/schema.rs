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
    let known = known();
    match applied(connection).await?.into_iter().find(|applied| !known.contains(applied)) {
        Some(database) => Err(StorageError::SchemaNewer { database, program: of_program() }),
        None => Ok(()),
    }
}

/// The schema of a database to which some change is still to be applied; none when it is up to date.
pub(crate) async fn older_than_program(connection: &DatabaseConnection) -> Result<Option<String>, StorageError> {
    let applied = applied(connection).await?;
    let is_complete = known().iter().all(|known| applied.contains(known));
    Ok((!is_complete).then(|| applied.into_iter().next().unwrap_or_else(|| "none".to_owned())))
}

/// The newest schema that this program knows.
pub(crate) fn of_program() -> String {
    known().pop().unwrap_or_default()
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// The changes that were applied, the newest first.
async fn applied(connection: &DatabaseConnection) -> Result<Vec<String>, StorageError> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
    if connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, table)).await?.is_none() {
        return Ok(Vec::new());
    }
    let applied = "SELECT version FROM seaql_migrations ORDER BY version DESC";
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, applied)).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
