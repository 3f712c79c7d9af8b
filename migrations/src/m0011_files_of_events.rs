//! A file knows its event, so that it stays exactly as long.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer_null("event_id");
        manager.alter_table(Table::alter().table("files").add_column(column).to_owned()).await?;
        let index = Index::create()
            .name("files_event")
            .table("files")
            .col("event_id")
            .and_where(Expr::col("event_id").is_not_null())
            .to_owned();
        manager.create_index(index).await
    }
}
