//! Which schema the database has.

use migrations::{Migrator, MigratorTrait};

use crate::error::StorageError;
use crate::storage::Storage;

impl Storage {
    /// The name of the last change of the schema that was applied.
    pub async fn schema_version(&self) -> Result<String, StorageError> {
        let applied = Migrator::get_applied_migrations(self.read()).await?;
        Ok(applied.last().map_or_else(|| "none".to_owned(), |migration| migration.name().to_owned()))
    }
}
