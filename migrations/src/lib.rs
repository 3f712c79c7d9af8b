//! The database schema for SQLite and PostgreSQL, one file per change.
//!
//! A migration that has been released is never edited; the next change is the next file. A migration must be one that the
//! running version survives: add before use, remove only what nothing reads any more.
//!
//! Times are integer milliseconds since 1970 in UTC, ids that people see are UUIDs, and the keys of tables that are written
//! with every event are plain integers.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_accounts;
mod m0002_workflows;
mod m0003_events_and_runs;
mod m0004_credentials;
mod m0005_contacts_mails_files;
mod m0006_samples_and_activity;
mod m0007_flow_and_desk;
mod m0008_history;
mod m0009_replay_jobs;
mod m0010_table_rows;
mod m0011_files_of_events;
mod m0012_given_params;

/// Brings a database to the current schema.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_workflows::Migration),
            Box::new(m0003_events_and_runs::Migration),
            Box::new(m0004_credentials::Migration),
            Box::new(m0005_contacts_mails_files::Migration),
            Box::new(m0006_samples_and_activity::Migration),
            Box::new(m0007_flow_and_desk::Migration),
            Box::new(m0008_history::Migration),
            Box::new(m0009_replay_jobs::Migration),
            Box::new(m0010_table_rows::Migration),
            Box::new(m0011_files_of_events::Migration),
            Box::new(m0012_given_params::Migration),
        ]
    }
}
