//! Credentials. Secret fields are sealed before they get here; the others are plain, so that a form can show them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("credentials")
                    .col(uuid("id").primary_key())
                    .col(string("name"))
                    .col(string("kind"))
                    .col(text("hosts"))
                    .col(text("public_fields"))
                    .col(binary("sealed_fields"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .to_owned(),
            )
            .await
    }
}
