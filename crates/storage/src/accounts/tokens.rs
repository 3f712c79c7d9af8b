//! API tokens: how programs sign in.

use model::{ApiTokenId, Timestamp, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

use super::TokenHash;
use crate::entities::api_token;
use crate::error::StorageError;
use crate::storage::Storage;

/// An API token; the token itself is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// Its id.
    pub id: ApiTokenId,
    /// What a person calls it.
    pub name: String,
    /// Who made it; none when it was made on the command line.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// An API token to be remembered.
#[derive(Clone)]
pub struct NewApiToken {
    /// What a person calls it.
    pub name: String,
    /// The token's hash.
    pub hash: TokenHash,
    /// Who makes it.
    pub created_by: Option<UserId>,
}

/// Uses closer together than this are not written down one by one, in milliseconds.
const USE_GRAIN_MS: u64 = 60_000;

impl Storage {
    /// Remembers a new token.
    pub async fn create_api_token(&self, new: NewApiToken) -> Result<ApiTokenRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = api_token::ActiveModel {
                    id: Set(ApiTokenId::generate().0),
                    name: Set(new.name),
                    token_hash: Set(new.hash.to_vec()),
                    created_by: Set(new.created_by.map(|user| user.0)),
                    created_at: Set(now.0),
                    last_used_at: Set(None),
                    revoked_at: Set(None),
                };
                Ok(ApiTokenRecord::from_row(row.insert(transaction).await?))
            })
        })
        .await
    }

    /// The token with this hash, unless it was revoked.
    pub async fn api_token(&self, hash: &TokenHash) -> Result<Option<ApiTokenRecord>, StorageError> {
        let row = api_token::Entity::find()
            .filter(api_token::Column::TokenHash.eq(hash.to_vec()))
            .filter(api_token::Column::RevokedAt.is_null())
            .one(self.read())
            .await?;
        Ok(row.map(ApiTokenRecord::from_row))
    }

    /// All tokens, revoked ones included, the latest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRecord>, StorageError> {
        let query = api_token::Entity::find().order_by_desc(api_token::Column::CreatedAt);
        let rows = query.order_by_desc(api_token::Column::Id).all(self.read()).await?;
        Ok(rows.into_iter().map(ApiTokenRecord::from_row).collect())
    }

    /// Writes down that a token was used, once a minute at most.
    pub async fn note_api_token_use(&self, token: &ApiTokenRecord) -> Result<(), StorageError> {
        let now = self.now();
        if token.last_used_at.is_some_and(|last| now.ms_since(last) < USE_GRAIN_MS) {
            return Ok(());
        }
        let id = token.id;
        self.write(move |transaction| {
            Box::pin(async move {
                api_token::Entity::update_many()
                    .col_expr(api_token::Column::LastUsedAt, now.0.into())
                    .filter(api_token::Column::Id.eq(id.0))
                    .exec(transaction)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Makes a token useless from now on. Revoking it again changes nothing.
    pub async fn revoke_api_token(&self, id: ApiTokenId) -> Result<ApiTokenRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = api_token::Entity::find_by_id(id.0).one(transaction).await?;
                let row = row.ok_or(StorageError::NotFound { what: "API token" })?;
                if row.revoked_at.is_some() {
                    return Ok(ApiTokenRecord::from_row(row));
                }
                let mut change = row.into_active_model();
                change.revoked_at = Set(Some(now.0));
                Ok(ApiTokenRecord::from_row(change.update(transaction).await?))
            })
        })
        .await
    }
}

/// Revokes every token that a person made.
pub(super) async fn revoke_all_of(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> Result<(), StorageError> {
    api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, now.0.into())
        .filter(api_token::Column::CreatedBy.eq(user.0))
        .filter(api_token::Column::RevokedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

impl ApiTokenRecord {
    fn from_row(row: api_token::Model) -> Self {
        Self {
            id: ApiTokenId(row.id),
            name: row.name,
            created_by: row.created_by.map(UserId),
            created_at: Timestamp(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp),
            revoked_at: row.revoked_at.map(Timestamp),
        }
    }
}
