//! Which workflows use which credential.

use std::collections::{BTreeMap, BTreeSet};

use model::{CredentialId, Definition, WorkflowId};
use serde::Serialize;
use storage::{Storage, StorageError};
use utoipa::ToSchema;

/// A workflow that uses a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialUser {
    /// The workflow's id.
    #[schema(value_type = Uuid)]
    pub id: WorkflowId,
    /// The workflow's name.
    pub name: String,
    /// The nodes of its draft or published version that use it.
    pub nodes: Vec<String>,
}

/// The workflows whose draft or published version uses a credential, by credential.
pub async fn used_by(storage: &Storage) -> Result<BTreeMap<CredentialId, Vec<CredentialUser>>, StorageError> {
    let mut users: BTreeMap<CredentialId, Vec<CredentialUser>> = BTreeMap::new();
    for workflow in storage.workflows().await? {
        let mut nodes: BTreeMap<CredentialId, BTreeSet<String>> = BTreeMap::new();
        collect(&workflow.draft, &mut nodes);
        if let Some(published) = storage.published_definition(&workflow).await? {
            collect(&published, &mut nodes);
        }
        for (credential, nodes) in nodes {
            let user =
                CredentialUser { id: workflow.id, name: workflow.name.clone(), nodes: nodes.into_iter().collect() };
            users.entry(credential).or_default().push(user);
        }
    }
    Ok(users)
}

fn collect(definition: &Definition, nodes: &mut BTreeMap<CredentialId, BTreeSet<String>>) {
    for node in &definition.nodes {
        if let Some(credential) = node.credential {
            nodes.entry(credential).or_default().insert(node.id.to_string());
        }
    }
}
