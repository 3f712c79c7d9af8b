//! What a trigger received.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) public_id: Uuid,
    pub(crate) workflow_id: i64,
    pub(crate) endpoint_id: Option<i64>,
    pub(crate) status: String,
    pub(crate) reason_code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) received_at: i64,
    pub(crate) method: String,
    pub(crate) remote_address: Option<String>,
    pub(crate) headers: String,
    pub(crate) query: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) body_payload_id: Option<i64>,
    pub(crate) body_bytes: i64,
    pub(crate) parsed: Option<String>,
    pub(crate) parsed_payload_id: Option<i64>,
    pub(crate) dedup_key: Option<String>,
    pub(crate) duplicate_of: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
