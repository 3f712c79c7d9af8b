//! Credentials. Secret fields arrive sealed and leave sealed; only the engine has the key.

use model::{CredentialId, Timestamp};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QueryOrder};
use serde_json::{Map, Value};

use crate::entities::credential;
use crate::error::StorageError;
use crate::storage::Storage;

/// A credential to store or to replace.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCredential {
    /// What a person calls it.
    pub name: String,
    /// Its kind, for example `http_bearer`.
    pub kind: String,
    /// The hosts that it may be sent to.
    pub hosts: Vec<String>,
    /// The fields that are no secrets.
    pub public_fields: Map<String, Value>,
    /// The secret fields, sealed for [`CredentialRecord::owner`].
    pub sealed_fields: Vec<u8>,
}

/// A stored credential.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialRecord {
    /// Its id.
    pub id: CredentialId,
    /// What a person calls it.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The hosts that it may be sent to.
    pub hosts: Vec<String>,
    /// The fields that are no secrets.
    pub public_fields: Map<String, Value>,
    /// The secret fields, sealed.
    pub sealed_fields: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl CredentialRecord {
    /// What the secrets of a credential are bound to when they are sealed.
    pub fn owner(id: CredentialId) -> Vec<u8> {
        format!("credential {id}").into_bytes()
    }
}

impl Storage {
    /// Stores a new credential under an id that its secrets are sealed for.
    pub async fn create_credential(
        &self,
        id: CredentialId,
        new: NewCredential,
    ) -> Result<CredentialRecord, StorageError> {
        let now = self.now();
        let row = credential::ActiveModel {
            id: Set(id.0),
            name: Set(new.name),
            kind: Set(new.kind),
            hosts: Set(serde_json::to_string(&new.hosts)?),
            public_fields: Set(serde_json::to_string(&new.public_fields)?),
            sealed_fields: Set(new.sealed_fields),
            created_at: Set(now.0),
            updated_at: Set(now.0),
        };
        self.write(move |transaction| {
            Box::pin(async move { CredentialRecord::from_row(row.insert(transaction).await?) })
        })
        .await
    }

    /// Replaces everything about a credential but its id.
    pub async fn replace_credential(
        &self,
        id: CredentialId,
        new: NewCredential,
    ) -> Result<CredentialRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = credential::Entity::find_by_id(id.0).one(transaction).await?;
                let mut change = row.ok_or(StorageError::NotFound { what: "credential" })?.into_active_model();
                change.name = Set(new.name);
                change.kind = Set(new.kind);
                change.hosts = Set(serde_json::to_string(&new.hosts)?);
                change.public_fields = Set(serde_json::to_string(&new.public_fields)?);
                change.sealed_fields = Set(new.sealed_fields);
                change.updated_at = Set(now.0);
                CredentialRecord::from_row(change.update(transaction).await?)
            })
        })
        .await
    }

    /// All credentials by name.
    pub async fn credentials(&self) -> Result<Vec<CredentialRecord>, StorageError> {
        let rows = credential::Entity::find().order_by_asc(credential::Column::Name).all(self.read()).await?;
        rows.into_iter().map(CredentialRecord::from_row).collect()
    }

    /// One credential.
    pub async fn credential(&self, id: CredentialId) -> Result<CredentialRecord, StorageError> {
        let row = credential::Entity::find_by_id(id.0).one(self.read()).await?;
        CredentialRecord::from_row(row.ok_or(StorageError::NotFound { what: "credential" })?)
    }

    /// Removes a credential for good.
    pub async fn delete_credential(&self, id: CredentialId) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let deleted = credential::Entity::delete_by_id(id.0).exec(transaction).await?;
                if deleted.rows_affected == 0 { Err(StorageError::NotFound { what: "credential" }) } else { Ok(()) }
            })
        })
        .await
    }
}

impl CredentialRecord {
    fn from_row(row: credential::Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: CredentialId(row.id),
            name: row.name,
            kind: row.kind,
            hosts: serde_json::from_str(&row.hosts)?,
            public_fields: serde_json::from_str(&row.public_fields)?,
            sealed_fields: row.sealed_fields,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}
