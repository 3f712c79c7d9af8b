//! What a waiting step waits for: an answer, a call-back, the end of a called run.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) run_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) node_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) iteration: String,
    pub(crate) received_at: i64,
    pub(crate) value: String,
    pub(crate) taken_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
