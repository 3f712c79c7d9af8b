//! `list.limit`: the first or the last entries of a list.

use model::NodeError;
use serde_json::{Value, json};

use super::{fault, items, text};
use crate::node::Input;

pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let items = items(input)?;
    let count = input.params.get("count").and_then(Value::as_u64);
    let count = count.ok_or_else(|| fault("count", "The number of entries must be a whole number, 0 or more."))?;
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(items.len());
    let kept = if text(input, "from") == "end" { &items[items.len() - count..] } else { &items[..count] };
    Ok(json!({ "count": count, "left_out": items.len() - count, "items": kept }))
}
