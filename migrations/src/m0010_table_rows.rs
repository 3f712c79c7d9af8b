//! Rows of built-in tables are counted, and added once however often a step is tried.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in
            [("tables", big_integer("row_count").default(0).to_owned()), ("table_rows", string_null("made_by"))]
        {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        manager
            .create_index(
                Index::create()
                    .unique()
                    .name("table_rows_made_by")
                    .table("table_rows")
                    .col("table_id")
                    .col("made_by")
                    .and_where(Expr::col("made_by").is_not_null())
                    .to_owned(),
            )
            .await
    }
}
