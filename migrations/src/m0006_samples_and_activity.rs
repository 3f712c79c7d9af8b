//! Example data for the editor, and the indexes by which lists stay quick when there are many runs and events.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("samples")
                    .col(big_integer("workflow_id"))
                    .col(string("node_id"))
                    .col(string("source"))
                    .col(uuid_null("event_id"))
                    .col(text("value"))
                    .col(big_integer("updated_at"))
                    .primary_key(Index::create().col("workflow_id").col("node_id"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("samples", "workflow_id")
                            .to("workflows", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        for index in [
            Index::create()
                .name("runs_workflow_status")
                .table("runs")
                .col("workflow_id")
                .col("status")
                .col("id")
                .to_owned(),
            Index::create().name("events_endpoint").table("events").col("endpoint_id").col("id").to_owned(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
