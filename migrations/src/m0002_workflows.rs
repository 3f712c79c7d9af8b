//! Workflows with their drafts, numbered versions, and the addresses of their webhook triggers.
//!
//! A definition is stored once, however many versions and runs refer to it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, boolean, integer, integer_null, string, string_null, text, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("workflows")
                    .col(big_integer("id").primary_key().auto_increment())
                    .col(uuid("public_id").unique_key())
                    .col(string("name"))
                    .col(text("draft"))
                    .col(big_integer("revision"))
                    .col(integer_null("published_version"))
                    .col(boolean("active"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .col(big_integer_null("deleted_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_table(definitions()).await?;
        manager.create_table(versions()).await?;
        manager.create_table(endpoints()).await
    }
}

fn definitions() -> TableCreateStatement {
    Table::create()
        .table("definitions")
        .col(big_integer("id").primary_key().auto_increment())
        .col(big_integer("workflow_id"))
        .col(binary("digest"))
        .col(text("document"))
        .index(Index::create().unique().name("definitions_digest").col("workflow_id").col("digest"))
        .foreign_key(
            ForeignKey::create()
                .from("definitions", "workflow_id")
                .to("workflows", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn versions() -> TableCreateStatement {
    Table::create()
        .table("workflow_versions")
        .col(big_integer("workflow_id"))
        .col(integer("version"))
        .col(big_integer("definition_id"))
        .col(big_integer("published_at"))
        .col(string_null("published_by"))
        .primary_key(Index::create().col("workflow_id").col("version"))
        .foreign_key(
            ForeignKey::create()
                .from("workflow_versions", "workflow_id")
                .to("workflows", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn endpoints() -> TableCreateStatement {
    Table::create()
        .table("endpoints")
        .col(big_integer("id").primary_key().auto_increment())
        .col(uuid("public_id").unique_key())
        .col(big_integer("workflow_id"))
        .col(string("node_id"))
        .col(string("slug"))
        .col(big_integer("created_at"))
        .index(Index::create().unique().name("endpoints_node").col("workflow_id").col("node_id"))
        .foreign_key(
            ForeignKey::create()
                .from("endpoints", "workflow_id")
                .to("workflows", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
