//! `list.sort`: the entries of a list in order.

use std::cmp::Ordering;

use model::NodeError;
use serde_json::{Value, json};

use super::key::{Key, Reading, field, shown};
use super::{fault, items, text};
use crate::node::Input;

/// Entries without a value come last in either direction; entries that are equal keep their order.
pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let (items, by) = (items(input)?, text(input, "by"));
    let reading = match text(input, "compare") {
        "number" => Reading::Number,
        "text" => Reading::Text,
        _ => Reading::Own,
    };
    let mut keyed = Vec::with_capacity(items.len());
    let mut first: Option<Key> = None;
    for (index, item) in items.iter().enumerate() {
        let key = field(item, by).map(|value| key_of(value, reading, index)).transpose()?;
        if let (Some(first), Some(key)) = (&first, &key)
            && first.kind() != key.kind()
        {
            return Err(mixed(first, key, index));
        }
        first = first.or_else(|| key.clone());
        keyed.push((key, item));
    }
    let descending = text(input, "order") == "descending";
    keyed.sort_by(|(left, _), (right, _)| match (left, right) {
        (Some(left), Some(right)) => {
            let order = left.compare(right).unwrap_or(Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
        (left, right) => right.is_some().cmp(&left.is_some()),
    });
    let sorted: Vec<Value> = keyed.into_iter().map(|(_, item)| item.clone()).collect();
    Ok(json!({ "count": sorted.len(), "items": sorted }))
}

fn key_of(value: &Value, reading: Reading, index: usize) -> Result<Key, NodeError> {
    Key::of(value, reading).ok_or_else(|| {
        let wanted = match reading {
            Reading::Number => "is no number",
            Reading::Own | Reading::Text => "cannot be put in order",
        };
        fault("by", format!("Entry {} has {}, which {wanted}.", index + 1, shown(value)))
    })
}

fn mixed(first: &Key, other: &Key, index: usize) -> NodeError {
    let message = format!(
        "Entry {} has {}, but an entry before it has {}. Choose “as numbers” or “as texts”, or mend the data.",
        index + 1,
        other.kind(),
        first.kind()
    );
    fault("by", message)
}
