//! Browsers that are signed in.

use model::{Timestamp, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{TokenHash, UserRecord};
use crate::entities::{session, user};
use crate::error::StorageError;
use crate::storage::Storage;

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Whose it is.
    pub user: UserRecord,
    /// When the sign-in was.
    pub created_at: Timestamp,
    /// When it ends unless it is extended.
    pub expires_at: Timestamp,
}

impl Storage {
    /// Remembers a new session.
    pub async fn create_session(
        &self,
        hash: TokenHash,
        user: UserId,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = session::ActiveModel {
                    token_hash: Set(hash.to_vec()),
                    user_id: Set(user.0),
                    created_at: Set(now.0),
                    expires_at: Set(expires_at.0),
                };
                row.insert(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// The session with this hash, unless it has ended.
    pub async fn session(&self, hash: &TokenHash) -> Result<Option<SessionRecord>, StorageError> {
        let row = session::Entity::find_by_id(hash.to_vec())
            .filter(session::Column::ExpiresAt.gt(self.now().0))
            .one(self.read())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let user = user::Entity::find_by_id(row.user_id).one(self.read()).await?;
        Ok(user.map(|user| SessionRecord {
            user: UserRecord::from_row(user),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
        }))
    }

    /// Lets a session end later.
    pub async fn extend_session(&self, hash: TokenHash, expires_at: Timestamp) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                session::Entity::update_many()
                    .col_expr(session::Column::ExpiresAt, expires_at.0.into())
                    .filter(session::Column::TokenHash.eq(hash.to_vec()))
                    .exec(transaction)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends a session.
    pub async fn delete_session(&self, hash: TokenHash) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                session::Entity::delete_by_id(hash.to_vec()).exec(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// Forgets the sessions that have ended, and says how many they were.
    pub async fn delete_expired_sessions(&self) -> Result<u64, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let expired = session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now.0));
                Ok(expired.exec(transaction).await?.rows_affected)
            })
        })
        .await
    }
}

/// Signs an account out everywhere but in the session `but`.
pub(super) async fn delete_all_of(
    connection: &impl ConnectionTrait,
    user: Uuid,
    but: Option<TokenHash>,
) -> Result<(), StorageError> {
    let mut sessions = session::Entity::delete_many().filter(session::Column::UserId.eq(user));
    if let Some(hash) = but {
        sessions = sessions.filter(session::Column::TokenHash.ne(hash.to_vec()));
    }
    sessions.exec(connection).await?;
    Ok(())
}
