//! `list.unique`: each different entry once.

use std::collections::HashSet;

use model::NodeError;
use serde_json::{Value, json};

use super::key::{field, identity};
use super::{items, text};
use crate::node::Input;

/// Of equal entries the first one stays. Entries without the value all stay: nothing says that they are the same.
pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let (items, by) = (items(input)?, text(input, "by"));
    let mut seen = HashSet::new();
    let is_new = |item: &&Value| field(item, by).is_none_or(|value| seen.insert(identity(value)));
    let kept: Vec<Value> = items.iter().filter(is_new).cloned().collect();
    Ok(json!({ "count": kept.len(), "left_out": items.len() - kept.len(), "items": kept }))
}
