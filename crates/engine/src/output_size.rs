//! How large outputs may be.

use model::{ErrorCode, NodeError};
use serde_json::Value;

use crate::transition::Finished;

/// A step's outcome, unless its output is too large.
pub(crate) fn within_size(finished: Finished, max_bytes: usize) -> Result<Finished, NodeError> {
    let (Finished::Done { output, .. } | Finished::Skipped { output }) = &finished;
    if fits(output, &mut max_bytes.clone()) {
        return Ok(finished);
    }
    let message = format!("The step's output is larger than {max_bytes} bytes. Keep only the fields that are needed.");
    Err(NodeError::permanent(ErrorCode::TooLarge, message))
}

/// Whether a value's JSON has about at most as many bytes as are `left`, which are less afterwards.
pub(crate) fn fits(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len() + 2,
        Value::Array(_) | Value::Object(_) => 2,
        _ => 5,
    };
    if own > *left {
        return false;
    }
    *left -= own;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(fields) => fields.iter().all(|(name, field)| {
            *left = left.saturating_sub(name.len() + 3);
            fits(field, left)
        }),
        _ => true,
    }
}
