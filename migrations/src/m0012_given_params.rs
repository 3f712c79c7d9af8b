//! A replay keeps what a person gave a step to work with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = text_null("given_params");
        manager.alter_table(Table::alter().table("runs").add_column(column).to_owned()).await
    }
}
