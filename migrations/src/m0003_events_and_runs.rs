//! What is written with every event: events, runs, the queue, steps, attempts, and big payloads beside them.
//!
//! The writer gives these rows their integer keys, so that one statement can insert many rows that refer to each other.
//! There are no foreign keys between them: one transaction writes what belongs together, and retention deletes it together.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, integer, integer_null, string, string_null, text, text_null,
    uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for table in [events(backend), runs(backend), queue(backend), steps(), attempts(), payloads(backend)] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// A 64-bit primary key that the writer assigns. On SQLite only a column declared as plain `integer` is the row's own
/// number; any other type would cost a second index.
fn row_key(backend: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = if backend == DbBackend::Sqlite { integer(name) } else { big_integer(name) };
    column.primary_key().to_owned()
}

fn events(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("events")
        .col(row_key(backend, "id"))
        .col(uuid("public_id").unique_key())
        .col(big_integer("workflow_id"))
        .col(big_integer_null("endpoint_id"))
        .col(string("status"))
        .col(string_null("reason_code"))
        .col(text_null("reason"))
        .col(big_integer("received_at"))
        .col(string("method"))
        .col(string_null("remote_address"))
        .col(text("headers"))
        .col(text("query"))
        .col(string_null("content_type"))
        .col(binary_null("body"))
        .col(big_integer_null("body_payload_id"))
        .col(big_integer("body_bytes"))
        .col(text_null("parsed"))
        .col(big_integer_null("parsed_payload_id"))
        .col(string_null("dedup_key"))
        .col(big_integer_null("duplicate_of"))
        .to_owned()
}

fn runs(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("runs")
        .col(row_key(backend, "id"))
        .col(uuid("public_id").unique_key())
        .col(big_integer("workflow_id"))
        .col(big_integer("definition_id"))
        .col(integer_null("version"))
        .col(big_integer("event_id"))
        .col(string("status"))
        .col(string("mode"))
        .col(string("trigger_node"))
        .col(big_integer("created_at"))
        .col(big_integer_null("started_at"))
        .col(big_integer_null("finished_at"))
        .col(text_null("error"))
        .to_owned()
}

fn queue(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("queue")
        .col(row_key(backend, "run_id"))
        .col(big_integer("due_at"))
        .col(big_integer("epoch"))
        .col(string_null("lease_owner"))
        .col(big_integer_null("lease_until"))
        .to_owned()
}

fn steps() -> TableCreateStatement {
    Table::create()
        .table("steps")
        .col(big_integer("run_id"))
        .col(string("node_id"))
        .col(string("iteration"))
        .col(string("status"))
        .col(string_null("port"))
        .col(text_null("output"))
        .col(big_integer_null("output_payload_id"))
        .col(text_null("error"))
        .col(integer("attempts"))
        .col(big_integer("started_at"))
        .col(big_integer_null("finished_at"))
        .col(big_integer_null("retry_at"))
        .primary_key(Index::create().col("run_id").col("node_id").col("iteration"))
        .to_owned()
}

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("attempts")
        .col(big_integer("run_id"))
        .col(string("node_id"))
        .col(string("iteration"))
        .col(integer("number"))
        .col(string("status"))
        .col(big_integer("started_at"))
        .col(big_integer_null("finished_at"))
        .col(text_null("error"))
        .col(text_null("exchanges"))
        .primary_key(Index::create().col("run_id").col("node_id").col("iteration").col("number"))
        .to_owned()
}

fn payloads(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("payloads")
        .col(row_key(backend, "id"))
        .col(string("encoding"))
        .col(big_integer("size_bytes"))
        .col(binary("bytes"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .unique()
            .name("events_dedup")
            .table("events")
            .col("endpoint_id")
            .col("dedup_key")
            .and_where(Expr::col("dedup_key").is_not_null())
            .to_owned(),
        Index::create().name("events_workflow").table("events").col("workflow_id").col("id").to_owned(),
        Index::create().name("events_status").table("events").col("status").col("id").to_owned(),
        Index::create().name("runs_workflow").table("runs").col("workflow_id").col("id").to_owned(),
        Index::create().name("runs_status").table("runs").col("status").col("id").to_owned(),
        Index::create().name("runs_event").table("runs").col("event_id").to_owned(),
        Index::create().name("queue_due_at").table("queue").col("due_at").to_owned(),
    ]
}
