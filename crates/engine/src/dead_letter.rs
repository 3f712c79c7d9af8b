//! What is laid on the desk when a run gives up, and what makes two causes the same.

use model::{NodeError, NodeId, WorkflowId};
use sha2::{Digest, Sha256};
use storage::{DeadLetterReason, NewDeadLetter};

/// The longest message on the desk, in bytes.
const LONGEST_MESSAGE_BYTES: usize = 1_000;

/// The dead letter of a run that gave up at a step, with its turn when it lies in a box.
pub(crate) fn dead_letter(
    workflow: WorkflowId,
    reason: DeadLetterReason,
    step: Option<(NodeId, String)>,
    error: &NodeError,
) -> NewDeadLetter {
    let (node, iteration) = step.unzip();
    NewDeadLetter {
        reason,
        fingerprint: fingerprint(workflow, node.as_ref(), error),
        node,
        iteration: iteration.unwrap_or_default(),
        message: error.message[..error.message.floor_char_boundary(LONGEST_MESSAGE_BYTES)].to_owned(),
    }
}

/// Equal for runs that gave up for the same cause, whatever the numbers, ids and quoted values in their messages are.
pub(crate) fn fingerprint(workflow: WorkflowId, node: Option<&NodeId>, error: &NodeError) -> String {
    let mut digest = Sha256::new();
    let (workflow, gist) = (workflow.to_string(), gist(&error.message));
    let status = error.status().map(|status| status.to_string()).unwrap_or_default();
    let node = node.map_or("", NodeId::as_str);
    for part in [workflow.as_str(), node, error.code.as_str(), &status, &gist] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..8])
}

/// A message without what differs from case to case: what is quoted, and every word with a digit in it.
fn gist(message: &str) -> String {
    let mut unquoted = String::with_capacity(message.len());
    let mut closing = None;
    for letter in message.chars() {
        match (closing, letter) {
            (Some(end), _) if letter == end => closing = None,
            (Some(_), _) => {}
            (None, '"') => closing = Some('"'),
            (None, '`') => closing = Some('`'),
            (None, '“' | '„') => closing = Some('”'),
            (None, _) => unquoted.push(letter),
        }
    }
    let words = unquoted.split_whitespace().filter(|word| !word.contains(|letter: char| letter.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use model::ErrorCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_ids_and_quoted_values_do_not_make_another_cause() {
        let workflow = WorkflowId::generate();
        let print = |node: &str, status: u16, message: &str| {
            let error = NodeError::passing(ErrorCode::HttpStatus, message).with_details(json!({ "status": status }));
            fingerprint(workflow, Some(&NodeId::from(node)), &error)
        };
        let first = print("erp", 500, "POST to erp.example answered 500: no customer `ann` with id 7f3a-1.");
        assert_eq!(first, print("erp", 500, "POST to erp.example answered 500: no customer `bob` with id 12."));
        assert_ne!(first, print("erp", 502, "POST to erp.example answered 500: no customer `ann` with id 7f3a-1."));
        assert_ne!(first, print("crm", 500, "POST to erp.example answered 500: no customer `ann` with id 7f3a-1."));
        assert_ne!(first, print("erp", 500, "POST to erp.example answered 500: no stock."));
        assert_eq!(first.len(), 16);
    }
}
