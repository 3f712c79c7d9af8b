//! One node inside one run.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "steps")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) run_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) node_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) iteration: String,
    pub(crate) status: String,
    pub(crate) port: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) output_payload_id: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) started_at: i64,
    pub(crate) finished_at: Option<i64>,
    pub(crate) retry_at: Option<i64>,
    pub(crate) state: Option<String>,
    pub(crate) state_payload_id: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
