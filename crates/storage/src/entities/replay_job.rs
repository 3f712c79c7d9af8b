//! Many runs that are to be replayed one after the other.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "replay_jobs")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) public_id: Uuid,
    pub(crate) created_at: i64,
    pub(crate) created_by: String,
    pub(crate) selection: String,
    pub(crate) options: String,
    pub(crate) pause_ms: i64,
    pub(crate) after_key: i64,
    pub(crate) up_to_key: i64,
    pub(crate) total: i64,
    pub(crate) done: i64,
    pub(crate) failed: i64,
    pub(crate) note: String,
    pub(crate) state: String,
    pub(crate) finished_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
