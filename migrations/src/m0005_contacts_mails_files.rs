//! The built-in contact table, the outbox for mails without a mail server, and stored files.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, string, string_null, text, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("contacts")
                    .col(uuid("id").primary_key())
                    .col(string("email").unique_key())
                    .col(string_null("name"))
                    .col(string_null("phone"))
                    .col(string_null("company"))
                    .col(text("fields"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("outbox")
                    .col(uuid("id").primary_key())
                    .col(uuid_null("run_id"))
                    .col(string("node_id"))
                    .col(string("sender"))
                    .col(text("recipients"))
                    .col(text("subject"))
                    .col(binary("message"))
                    .col(string("dedup_key").unique_key())
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("files")
                    .col(uuid("id").primary_key())
                    .col(string("name"))
                    .col(string("content_type"))
                    .col(big_integer("size_bytes"))
                    .col(binary("bytes"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await
    }
}
