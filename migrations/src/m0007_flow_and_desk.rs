//! What waiting, calling, looping and failing runs need to be remembered by, and what the desk for them shows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, boolean, integer, integer_null, string, string_null, text, text_null, uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        let tables = [dead_letters(backend), signals(), schedules(), seen(), tables(), table_rows(), audit()];
        for table in tables {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        // Runs that gave up before there was a desk for them lie on it, too.
        if backend == DbBackend::Sqlite {
            manager.get_connection().execute_unprepared(EARLIER_DEAD_LETTERS).await?;
        }
        Ok(())
    }
}

const EARLIER_DEAD_LETTERS: &str = "INSERT INTO dead_letters \
    (run_id, workflow_id, reason, fingerprint, node_id, iteration, message, created_at, state) \
    SELECT id, workflow_id, 'failed', \
    COALESCE(json_extract(error, '$.error.code'), 'unknown') || '@' || COALESCE(json_extract(error, '$.node'), ''), \
    json_extract(error, '$.node'), '', COALESCE(json_extract(error, '$.error.message'), ''), \
    COALESCE(finished_at, created_at), 'open' FROM runs WHERE status = 'dead'";

/// New columns of tables that are there already. Most rows never have them, so all but one are null.
fn columns() -> [(&'static str, ColumnDef); 8] {
    [
        ("runs", big_integer_null("parent_run_id")),
        ("runs", string_null("parent_node")),
        ("runs", string_null("parent_iteration")),
        ("runs", big_integer_null("replay_of")),
        ("queue", integer("crashes").default(0).to_owned()),
        ("queue", text_null("order_key")),
        ("steps", text_null("state")),
        ("steps", big_integer_null("state_payload_id")),
    ]
}

/// A 64-bit primary key that is another table's. On SQLite only plain `integer` is the row's own number.
fn run_key(backend: DbBackend) -> ColumnDef {
    let mut column = if backend == DbBackend::Sqlite { integer("run_id") } else { big_integer("run_id") };
    column.primary_key().to_owned()
}

fn dead_letters(backend: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("dead_letters")
        .col(run_key(backend))
        .col(big_integer("workflow_id"))
        .col(string("reason"))
        .col(string("fingerprint"))
        .col(string_null("node_id"))
        .col(string("iteration"))
        .col(text("message"))
        .col(big_integer("created_at"))
        .col(string("state"))
        .col(big_integer_null("decided_at"))
        .col(string_null("decided_by"))
        .col(big_integer_null("replayed_as"))
        .to_owned()
}

fn signals() -> TableCreateStatement {
    Table::create()
        .table("signals")
        .col(big_integer("run_id"))
        .col(string("node_id"))
        .col(string("iteration"))
        .col(big_integer("received_at"))
        .col(text("value"))
        .col(big_integer_null("taken_at"))
        .primary_key(Index::create().col("run_id").col("node_id").col("iteration"))
        .to_owned()
}

fn schedules() -> TableCreateStatement {
    Table::create()
        .table("schedules")
        .col(big_integer("workflow_id"))
        .col(string("node_id"))
        .col(big_integer("definition_id"))
        .col(integer_null("version"))
        .col(text("cron"))
        .col(string("timezone"))
        .col(string("missed"))
        .col(big_integer_null("next_at"))
        .col(boolean("enabled"))
        .primary_key(Index::create().col("workflow_id").col("node_id"))
        .foreign_key(&mut to_workflow("schedules"))
        .to_owned()
}

fn seen() -> TableCreateStatement {
    Table::create()
        .table("seen")
        .col(big_integer("workflow_id"))
        .col(string("node_id"))
        .col(binary("key_hash"))
        .col(big_integer("first_at"))
        .col(big_integer("expires_at"))
        .col(uuid("run_id"))
        .col(string("iteration"))
        .primary_key(Index::create().col("workflow_id").col("node_id").col("key_hash"))
        .foreign_key(&mut to_workflow("seen"))
        .to_owned()
}

fn to_workflow(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "workflow_id")
        .to("workflows", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn tables() -> TableCreateStatement {
    Table::create()
        .table("tables")
        .col(big_integer("id").primary_key().auto_increment())
        .col(uuid("public_id").unique_key())
        .col(string("name").unique_key())
        .col(text("columns"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .to_owned()
}

fn table_rows() -> TableCreateStatement {
    Table::create()
        .table("table_rows")
        .col(big_integer("id").primary_key().auto_increment())
        .col(big_integer("table_id"))
        .col(text_null("key"))
        .col(text("data"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create().from("table_rows", "table_id").to("tables", "id").on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(big_integer("id").primary_key().auto_increment())
        .col(big_integer("at"))
        .col(string("who"))
        .col(string("action"))
        .col(string("subject_kind"))
        .col(string("subject_id"))
        .col(text("details"))
        .to_owned()
}

/// Indexes on hot tables hold only the rows that need them: a plain run pays for none of these.
fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("runs_parent")
            .table("runs")
            .col("parent_run_id")
            .and_where(Expr::col("parent_run_id").is_not_null())
            .to_owned(),
        // The turns of loops: which there are and how they stand is read from this index alone.
        Index::create()
            .name("steps_in_turns")
            .table("steps")
            .col("run_id")
            .col("iteration")
            .col("node_id")
            .col("status")
            .and_where(Expr::col("iteration").ne(""))
            .to_owned(),
        Index::create()
            .name("signals_open")
            .table("signals")
            .col("run_id")
            .and_where(Expr::col("taken_at").is_null())
            .to_owned(),
        Index::create().name("dead_letters_state").table("dead_letters").col("state").col("fingerprint").to_owned(),
        Index::create().name("dead_letters_workflow").table("dead_letters").col("workflow_id").col("state").to_owned(),
        Index::create().name("schedules_next_at").table("schedules").col("next_at").to_owned(),
        Index::create().name("seen_expires_at").table("seen").col("expires_at").to_owned(),
        Index::create().name("table_rows_table").table("table_rows").col("table_id").col("id").to_owned(),
        Index::create()
            .unique()
            .name("table_rows_key")
            .table("table_rows")
            .col("table_id")
            .col("key")
            .and_where(Expr::col("key").is_not_null())
            .to_owned(),
        Index::create().name("audit_at").table("audit").col("at").to_owned(),
    ]
}
