//! What finding old events by a value needs, what forgetting by age needs, and a place beside attempts for what is big.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer_null("exchanges_payload_id");
        manager.alter_table(Table::alter().table("attempts").add_column(column).to_owned()).await?;
        manager.create_table(event_fields()).await?;
        manager.create_table(field_indexes()).await?;
        for index in [
            Index::create().name("event_fields_event").table("event_fields").col("event_id").to_owned(),
            Index::create().name("files_created_at").table("files").col("created_at").to_owned(),
            Index::create().name("outbox_created_at").table("outbox").col("created_at").to_owned(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Which events hold a value in one of the fields that their workflow names. Only a hash of the value is kept.
fn event_fields() -> TableCreateStatement {
    Table::create()
        .table("event_fields")
        .col(big_integer("value_hash"))
        .col(big_integer("event_id"))
        .primary_key(Index::create().col("value_hash").col("event_id"))
        .to_owned()
}

/// How far the events of a workflow are entered there: everything from `from_event` until before `until_event`.
fn field_indexes() -> TableCreateStatement {
    Table::create()
        .table("field_indexes")
        .col(big_integer("workflow_id").primary_key())
        .col(text("fields"))
        .col(big_integer("from_event"))
        .col(big_integer("until_event"))
        .foreign_key(
            ForeignKey::create()
                .from("field_indexes", "workflow_id")
                .to("workflows", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
