//! The people who sign in.

use model::{Timestamp, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use super::{TokenHash, sessions, tokens};
use crate::entities::user;
use crate::error::StorageError;
use crate::storage::Storage;

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The id.
    pub id: UserId,
    /// The e-mail address, in lower case.
    pub email: String,
    /// Whether this is the owner, who set the server up.
    pub is_owner: bool,
    /// The language that the person chose: `en` or `de`.
    pub language: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewUser {
    /// The e-mail address; upper and lower case count the same.
    pub email: String,
    /// The password's hash as a PHC string.
    pub password_hash: String,
    /// Whether this is the owner. There is one at most.
    pub is_owner: bool,
    /// The chosen language.
    pub language: Option<String>,
}

impl Storage {
    /// Makes an account. Fails when the address is taken, or when there is an owner already and this is to be another.
    pub async fn create_user(&self, new: NewUser) -> Result<UserRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                if new.is_owner && count_owners(transaction).await? > 0 {
                    return Err(StorageError::AlreadyExists { what: "an owner" });
                }
                let email = normal(&new.email);
                if find(transaction, &email).await?.is_some() {
                    return Err(StorageError::AlreadyExists { what: "an account with this e-mail address" });
                }
                let row = user::ActiveModel {
                    id: Set(UserId::generate().0),
                    email: Set(email),
                    password_hash: Set(new.password_hash),
                    is_owner: Set(new.is_owner),
                    language: Set(new.language),
                    created_at: Set(now.0),
                };
                Ok(UserRecord::from_row(row.insert(transaction).await?))
            })
        })
        .await
    }

    /// Whether the server has been set up, that is, has an owner.
    pub async fn has_owner(&self) -> Result<bool, StorageError> {
        Ok(count_owners(self.read()).await? > 0)
    }

    /// All accounts by e-mail address.
    pub async fn users(&self) -> Result<Vec<UserRecord>, StorageError> {
        let rows = user::Entity::find().order_by_asc(user::Column::Email).all(self.read()).await?;
        Ok(rows.into_iter().map(UserRecord::from_row).collect())
    }

    /// The account with this e-mail address and its password's hash.
    pub async fn user_with_password_hash(&self, email: &str) -> Result<Option<(UserRecord, String)>, StorageError> {
        let row = find(self.read(), &normal(email)).await?;
        Ok(row.map(|row| (UserRecord::from_row(row.clone()), row.password_hash)))
    }

    /// Sets a new password and signs the account out everywhere.
    pub async fn set_password(&self, email: &str, password_hash: String) -> Result<UserRecord, StorageError> {
        let email = normal(email);
        self.write(move |transaction| {
            Box::pin(async move {
                let row = find(transaction, &email).await?.ok_or(StorageError::NotFound { what: "account" })?;
                sessions::delete_all_of(transaction, row.id, None).await?;
                let mut change = row.into_active_model();
                change.password_hash = Set(password_hash);
                Ok(UserRecord::from_row(change.update(transaction).await?))
            })
        })
        .await
    }

    /// Sets the password that a person chose anew, and signs the account out everywhere but in this session.
    pub async fn change_password(
        &self,
        id: UserId,
        password_hash: String,
        session: TokenHash,
    ) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let row = user::Entity::find_by_id(id.0).one(transaction).await?;
                let mut change = row.ok_or(StorageError::NotFound { what: "account" })?.into_active_model();
                sessions::delete_all_of(transaction, id.0, Some(session)).await?;
                change.password_hash = Set(password_hash);
                change.update(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// Removes an account for good, signs it out everywhere and revokes the API tokens that it made. The owner stays.
    pub async fn delete_user(&self, id: UserId) -> Result<UserRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = user::Entity::find_by_id(id.0).one(transaction).await?;
                let row = row.ok_or(StorageError::NotFound { what: "account" })?;
                if row.is_owner {
                    return Err(StorageError::OwnerStays);
                }
                sessions::delete_all_of(transaction, id.0, None).await?;
                tokens::revoke_all_of(transaction, id, now).await?;
                user::Entity::delete_by_id(id.0).exec(transaction).await?;
                Ok(UserRecord::from_row(row))
            })
        })
        .await
    }

    /// Replaces only the stored form of the same password, for example after its hash was made stronger.
    pub async fn renew_password_hash(&self, id: UserId, password_hash: String) -> Result<(), StorageError> {
        self.change_user(id, |change| change.password_hash = Set(password_hash)).await
    }

    /// Remembers which language a person chose.
    pub async fn set_user_language(&self, id: UserId, language: &str) -> Result<(), StorageError> {
        let language = language.to_owned();
        self.change_user(id, |change| change.language = Set(Some(language))).await
    }

    async fn change_user(
        &self,
        id: UserId,
        make: impl FnOnce(&mut user::ActiveModel) + Send + 'static,
    ) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let row = user::Entity::find_by_id(id.0).one(transaction).await?;
                let mut change = row.ok_or(StorageError::NotFound { what: "account" })?.into_active_model();
                make(&mut change);
                change.update(transaction).await?;
                Ok(())
            })
        })
        .await
    }
}

impl UserRecord {
    pub(super) fn from_row(row: user::Model) -> Self {
        Self {
            id: UserId(row.id),
            email: row.email,
            is_owner: row.is_owner,
            language: row.language,
            created_at: Timestamp(row.created_at),
        }
    }
}

async fn count_owners(connection: &impl ConnectionTrait) -> Result<u64, StorageError> {
    Ok(user::Entity::find().filter(user::Column::IsOwner.eq(true)).count(connection).await?)
}

async fn find(connection: &impl ConnectionTrait, email: &str) -> Result<Option<user::Model>, StorageError> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email)).one(connection).await?)
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}
