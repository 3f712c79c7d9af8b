//! Many dead runs that are replayed one after the other, and the way from a run to what repeats it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let jobs = Table::create()
            .table("replay_jobs")
            .col(big_integer("id").primary_key().auto_increment())
            .col(uuid("public_id").unique_key())
            .col(big_integer("created_at"))
            .col(string("created_by"))
            .col(text("selection"))
            .col(text("options"))
            .col(big_integer("pause_ms"))
            .col(big_integer("after_key"))
            .col(big_integer("up_to_key"))
            .col(big_integer("total"))
            .col(big_integer("done"))
            .col(big_integer("failed"))
            .col(text("note"))
            .col(string("state"))
            .col(big_integer_null("finished_at"))
            .to_owned();
        manager.create_table(jobs).await?;
        let replays = Index::create()
            .name("runs_replay_of")
            .table("runs")
            .col("replay_of")
            // A run that repeats none pays nothing for it.
            .and_where(Expr::col("replay_of").is_not_null())
            .to_owned();
        manager.create_index(replays).await
    }
}
