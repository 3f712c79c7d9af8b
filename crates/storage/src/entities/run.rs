//! One execution of a definition for one event.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) public_id: Uuid,
    pub(crate) workflow_id: i64,
    pub(crate) definition_id: i64,
    pub(crate) version: Option<i32>,
    pub(crate) event_id: i64,
    pub(crate) status: String,
    pub(crate) mode: String,
    pub(crate) trigger_node: String,
    pub(crate) created_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) parent_run_id: Option<i64>,
    pub(crate) parent_node: Option<String>,
    pub(crate) parent_iteration: Option<String>,
    pub(crate) replay_of: Option<i64>,
    pub(crate) given_params: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
