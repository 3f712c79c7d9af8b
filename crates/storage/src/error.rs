//! What can go wrong with remembering.

use sea_orm::DbErr;

/// Why something could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// Nothing has this id.
    #[error("{what} not found")]
    NotFound {
        /// What was looked for: `workflow`, `run`, …
        what: &'static str,
    },
    /// Somebody else changed it in the meantime.
    #[error("the draft is at revision {current} by now")]
    RevisionConflict {
        /// The revision that it has now.
        current: i64,
    },
    /// Something with this name or address is there already.
    #[error("{what} is there already")]
    AlreadyExists {
        /// What there would be twice.
        what: &'static str,
    },
    /// It is still needed by something else.
    #[error("{what} is in use by {used_by}")]
    InUse {
        /// What was to go.
        what: &'static str,
        /// Who needs it.
        used_by: String,
    },
    /// There would be more of it than may be.
    #[error("there may be at most {limit} {what}")]
    TooMany {
        /// What there would be too many of.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The owner's account cannot go: somebody must own the server.
    #[error("the owner's account cannot be removed")]
    OwnerStays,
    /// Another process works on the same data directory.
    #[error("the data directory {directory} is in use by another Stellwerk process")]
    DirectoryInUse {
        /// The directory.
        directory: String,
    },
    /// The database was written by a newer version of Stellwerk.
    #[error(
        "the database has the schema {database}, which is newer than {program}, the newest that this version of Stellwerk \
         knows; start the version that wrote it, or restore a backup from before"
    )]
    SchemaNewer {
        /// The database's schema.
        database: String,
        /// The program's schema.
        program: String,
    },
    /// The database has an older schema, which cannot be changed under a running server.
    #[error(
        "the database has the schema {database}, this program needs {program}, and a server is running that may know the \
         older one only; stop the server, or start it in the same version as this command"
    )]
    SchemaOlder {
        /// The database's schema.
        database: String,
        /// The program's schema.
        program: String,
    },
    /// So little is free on the disk that nothing new is taken.
    #[error(
        "only {free_bytes} bytes are free on the disk of {directory}, less than {floor_bytes} \
         (`storage.min_free_bytes`); free some space"
    )]
    DiskLow {
        /// The data directory.
        directory: String,
        /// What is free, in bytes.
        free_bytes: u64,
        /// What must be, in bytes.
        floor_bytes: u64,
    },
    /// What was written cannot be moved to its place, because somebody reads for too long; nothing new is taken meanwhile.
    #[error(
        "the database's log has {bytes} bytes, more than {most} (`storage.max_log_bytes`): something reads for too long"
    )]
    LogFull {
        /// What it has, in bytes.
        bytes: u64,
        /// What it may have, in bytes.
        most: u64,
    },
    /// As much waits in the queue as is allowed.
    #[error("the queue is full")]
    QueueFull,
    /// The writer is gone or overwhelmed; nothing was stored.
    #[error("the database takes no writes right now")]
    Unavailable,
    /// Another worker holds the run by now, or it has ended; nothing was stored.
    #[error("the run is no longer held by this worker")]
    LeaseLost,
    /// What was stored cannot be read.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// A secret cannot be opened with the present key.
    #[error("the secret cannot be opened: it was sealed with another key")]
    WrongKey,
    /// A backup cannot be written, read or put in place.
    #[error("{0}")]
    Backup(String),
    /// The file system refused.
    #[error("{0}")]
    Io(String),
    /// The database refused.
    #[error("database error: {0}")]
    Database(String),
}

impl StorageError {
    /// Whether the same may succeed later: it is the disk, the database or the queue that refuses, not what was asked for.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::DiskLow { .. }
                | Self::LogFull { .. }
                | Self::QueueFull
                | Self::Unavailable
                | Self::Io(_)
                | Self::Database(_)
        )
    }
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<serde_json::Error> for StorageError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<std::io::Error> for StorageError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_refuses_for_a_while_is_told_from_what_never_succeeds() {
        let disk = StorageError::DiskLow { directory: "/data".to_owned(), free_bytes: 1, floor_bytes: 2 };
        let log = StorageError::LogFull { bytes: 2, most: 1 };
        let database = StorageError::Database("database is locked".to_owned());
        for passing in [disk, log, database, StorageError::QueueFull, StorageError::Unavailable] {
            assert!(passing.is_passing(), "{passing}");
        }
        for lasting in [StorageError::NotFound { what: "run" }, StorageError::Corrupt("{".to_owned())] {
            assert!(!lasting.is_passing(), "{lasting}");
        }
    }
}
