//! Values that pass a script by without passing through it.
//!
//! A script sees a token instead of the value and puts it wherever the value belongs; afterwards the tokens are replaced.
//! So a body of any size arrives with its exact value, and costs the sandbox nothing.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::node::Input;

/// The values taken out of one call.
pub(super) struct Opaque {
    /// What every token begins with.
    prefix: String,
    values: Vec<Value>,
}

impl Opaque {
    /// Nothing taken out yet. Tokens depend on the attempt's seed, so that no data from outside can contain one.
    pub(super) fn of(input: &Input<'_>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"opaque value");
        hash.update(input.surroundings.seed.to_be_bytes());
        hash.update(input.node.id.as_str().as_bytes());
        Self { prefix: format!("opaque:{}:", hex::encode(&hash.finalize()[..16])), values: Vec::new() }
    }

    /// Takes the value at `path` (`params.<name>`, `reply.body`) out of the call. Null stays, so that scripts can ask for it.
    pub(super) fn take(&mut self, call: &mut Map<String, Value>, path: &str) {
        let mut names = path.split('.');
        let Some(mut place) = names.next().and_then(|name| call.get_mut(name)) else { return };
        for name in names {
            match place.get_mut(name) {
                Some(inner) => place = inner,
                None => return,
            }
        }
        if !place.is_null() {
            let token = Value::String(format!("{}{}", self.prefix, self.values.len()));
            self.values.push(std::mem::replace(place, token));
        }
    }

    /// Puts the values back in the place of their tokens, wherever they are.
    pub(super) fn put_back(&self, value: &mut Value) {
        if self.values.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                let index = text.strip_prefix(&self.prefix).and_then(|index| index.parse::<usize>().ok());
                if let Some(taken) = index.and_then(|index| self.values.get(index)) {
                    *value = taken.clone();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_back(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.put_back(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
