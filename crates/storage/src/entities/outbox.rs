//! A mail that was kept because no mail server is set up.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) run_id: Option<Uuid>,
    pub(crate) node_id: String,
    pub(crate) sender: String,
    pub(crate) recipients: String,
    pub(crate) subject: String,
    pub(crate) message: Vec<u8>,
    pub(crate) dedup_key: String,
    pub(crate) created_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
