//! Opens credentials: the only place where a secret leaves its seal.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{CredentialId, ErrorCode, NodeError};
use nodes::Catalogue;
use nodes::manifest::CredentialKind;
use serde_json::{Map, Value};
use storage::seal::SealingKey;
use storage::{CredentialRecord, NewCredential, Storage, StorageError};

use crate::effects::OpenCredential;

/// Seals and opens credentials. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    storage: Storage,
    catalogue: Arc<Catalogue>,
    key: SealingKey,
}

impl Vault {
    /// A vault with its key.
    pub fn new(storage: Storage, catalogue: Arc<Catalogue>, key: SealingKey) -> Self {
        Self { storage, catalogue, key }
    }

    /// Makes a credential ready for storage: the secret fields of its kind are sealed for its id, the others stay plain.
    pub fn seal(
        &self,
        id: CredentialId,
        name: String,
        kind: &CredentialKind,
        hosts: Vec<String>,
        fields: BTreeMap<String, String>,
    ) -> Result<NewCredential, StorageError> {
        let is_secret = |name: &str| kind.fields.iter().any(|field| field.name == name && field.secret);
        let (secret, public): (BTreeMap<_, _>, BTreeMap<_, _>) =
            fields.into_iter().partition(|(name, _)| is_secret(name));
        let sealed_fields = self.key.seal(&serde_json::to_vec(&secret)?, &CredentialRecord::owner(id))?;
        let public_fields = public.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        Ok(NewCredential { name, kind: kind.name.clone(), hosts, public_fields, sealed_fields })
    }

    /// The secret fields of a stored credential, for replacing some of them.
    pub fn secret_fields(&self, record: &CredentialRecord) -> Result<BTreeMap<String, String>, StorageError> {
        let opened = self.key.open(&record.sealed_fields, &CredentialRecord::owner(record.id))?;
        Ok(serde_json::from_slice(&opened)?)
    }

    /// The token that lets its bearer answer a step of a run: 128 bits of a signature.
    pub(crate) fn link_token(&self, run: model::RunId, step: &str) -> String {
        hex::encode(&self.key.sign(format!("{run}/{step}").as_bytes())[..16])
    }

    /// Opens a credential for a node type that takes these kinds.
    pub(crate) async fn open(&self, id: CredentialId, kinds: &[String]) -> Result<OpenCredential, NodeError> {
        let refuse = |message: String| NodeError::permanent(ErrorCode::Credential, message).at("credential");
        let record = self.storage.credential(id).await.map_err(|error| match error {
            StorageError::NotFound { .. } => {
                refuse("The credential that this node uses was deleted. Choose another one.".to_owned())
            }
            other => NodeError::passing(ErrorCode::Internal, format!("The credential could not be read: {other}")),
        })?;
        let kind = self.catalogue.credential_kind(&record.kind).filter(|_| kinds.contains(&record.kind));
        let Some(kind) = kind else {
            return Err(refuse(format!(
                "The credential “{}” is of the kind `{}`, but this node takes: {}.",
                record.name,
                record.kind,
                kinds.join(", ")
            )));
        };
        let mut fields = self.secret_fields(&record).map_err(|error| {
            refuse(format!("The credential “{}” cannot be opened ({error}). Enter its secret again.", record.name))
        })?;
        fields.extend(plain(&record.public_fields));
        Ok(OpenCredential::new(id, kind.clone(), record.hosts, fields))
    }
}

fn plain(fields: &Map<String, Value>) -> impl Iterator<Item = (String, String)> {
    fields.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
}
