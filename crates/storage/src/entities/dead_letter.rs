//! A run that gave up, and what a person decided.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letters")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) run_id: i64,
    pub(crate) workflow_id: i64,
    pub(crate) reason: String,
    pub(crate) fingerprint: String,
    pub(crate) node_id: Option<String>,
    pub(crate) iteration: String,
    pub(crate) message: String,
    pub(crate) created_at: i64,
    pub(crate) state: String,
    pub(crate) decided_at: Option<i64>,
    pub(crate) decided_by: Option<String>,
    pub(crate) replayed_as: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
