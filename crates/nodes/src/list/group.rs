//! `list.group`: entries with an equal value together.

use std::collections::HashMap;

use model::NodeError;
use serde_json::{Value, json};

use super::key::{field, identity};
use super::{items, text};
use crate::node::Input;

/// Groups come in the order of their first entries. Entries without the value are a group of their own, with the key null.
pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let by = text(input, "by");
    let mut places = HashMap::new();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in items(input)? {
        let key = field(item, by).cloned().unwrap_or_default();
        let place = *places.entry(identity(&key)).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(item.clone());
    }
    let groups: Vec<Value> =
        groups.into_iter().map(|(key, items)| json!({ "key": key, "count": items.len(), "items": items })).collect();
    Ok(json!({ "count": groups.len(), "groups": groups }))
}
