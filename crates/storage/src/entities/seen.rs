//! A key that a node has met before.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seen")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) workflow_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) node_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key_hash: Vec<u8>,
    pub(crate) first_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) run_id: Uuid,
    pub(crate) iteration: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
