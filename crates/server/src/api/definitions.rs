//! What the server knows about definitions beyond their form: whether their credentials exist.

use model::{Definition, Problem as DraftProblem};
use nodes::Catalogue;
use storage::{Storage, StorageError};

/// Every problem of a draft, those with its credentials included.
pub async fn check(
    definition: &Definition,
    catalogue: &Catalogue,
    storage: &Storage,
) -> Result<Vec<DraftProblem>, StorageError> {
    let mut problems = nodes::check::check(definition, catalogue);
    for node in &definition.nodes {
        let (Some(id), Some(known)) = (node.credential, catalogue.get(&node.node_type)) else { continue };
        let kinds = &known.node_type().credential_kinds;
        let message = match storage.credential(id).await {
            Ok(credential) if kinds.is_empty() || kinds.contains(&credential.kind) => continue,
            Ok(credential) => {
                let kinds = kinds.join("`, `");
                format!(
                    "The credential “{}” is of the kind `{}`; choose one of the kind `{kinds}`.",
                    credential.name, credential.kind
                )
            }
            Err(StorageError::NotFound { .. }) => {
                "The credential does not exist (any more). Choose another one.".to_owned()
            }
            Err(error) => return Err(error),
        };
        problems.push(DraftProblem::of_node(&node.id, "invalid_credential", message).at("credential"));
    }
    Ok(problems)
}
