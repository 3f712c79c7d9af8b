//! How much memory the variables of a running script take, so that many large ones together end the script.
//!
//! Rhai bounds what one operation makes, but not what is put into a list or map by an index, nor all variables together.
//! Weighing visits every nested value, so it is done only when the script *could* have grown too heavy since the last
//! time. That is estimated from above: a use of a variable may copy all it holds, and it may hold all that was made since.

use rhai::{Dynamic, Scope};

/// Keeps the weight of every call level: as last seen, and what may have come since.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// What all levels together may weigh, in bytes.
    allowed: usize,
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
struct Level {
    /// What its variables weighed when they were last weighed.
    weight: usize,
    /// The same for each of them.
    variables: Vec<usize>,
    /// What may have come since.
    growth: usize,
}

impl Scales {
    pub(super) fn new(allowed: usize) -> Self {
        Self { allowed, levels: vec![Level::default()] }
    }

    /// A helper function makes this many bytes.
    pub(super) fn grow(&mut self, bytes: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.growth = level.growth.saturating_add(bytes);
        }
    }

    /// Counts one use of a variable, and weighs when it is time. False when the script is too heavy.
    pub(super) fn allow(&mut self, name: &str, scope: &Scope, level: usize) -> bool {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Level::default);
            self.weigh(scope);
        }
        // What a function returned cannot be more than what it held.
        let returned: usize = self.levels.drain(level + 1..).map(|inner| inner.weight + inner.growth).sum();
        self.grow(returned);
        let growth = self.levels[level].growth;
        self.grow(self.may_copy(name, scope, level, growth));
        self.total() <= self.allowed || {
            self.weigh(scope);
            self.total() <= self.allowed
        }
    }

    fn may_copy(&self, name: &str, scope: &Scope, level: usize, growth: usize) -> usize {
        let Some(value) = scope.get(name) else { return growth };
        if value.is_string() {
            return value.as_immutable_string_ref().map_or(0, |text| text.len());
        }
        let at_least = match value {
            _ if value.is_array() => value.as_array_ref().map_or(0, |items| items.len() * size_of::<Dynamic>()),
            _ if value.is_map() => value.as_map_ref().map_or(0, |entries| entries.len() * ENTRY_BYTES),
            _ => return 0,
        };
        let position = scope.iter_raw().enumerate().filter(|(_, (known, ..))| *known == name).map(|(at, _)| at).last();
        let seen = position.and_then(|at| self.levels[level].variables.get(at)).copied().unwrap_or(0);
        seen.max(at_least).saturating_add(growth)
    }

    /// Constants are what the script was given; they are allowed for already.
    fn weigh(&mut self, scope: &Scope) {
        let Some(level) = self.levels.last_mut() else { return };
        let is_first = level.variables.is_empty();
        let before = std::mem::take(&mut level.variables);
        level.variables.extend(scope.iter_raw().enumerate().map(
            |(at, (_, is_constant, value))| match before.get(at) {
                Some(known) if is_constant && !is_first => *known,
                _ => weight(value),
            },
        ));
        let weights = scope.iter_raw().zip(&level.variables);
        level.weight = weights.filter(|((_, is_constant, _), _)| !is_constant).map(|(_, weight)| weight).sum();
        level.growth = 0;
    }

    fn total(&self) -> usize {
        self.levels.iter().map(|level| level.weight.saturating_add(level.growth)).fold(0, usize::saturating_add)
    }
}

/// What a value takes in memory, with everything in it, in bytes: near enough, rather too much.
pub(super) fn weight(value: &Dynamic) -> usize {
    // Asking for the kind first is far quicker than trying one after the other.
    let inside = match value {
        _ if value.is_array() => {
            value.as_array_ref().map_or(0, |items| LIST_BYTES + items.iter().map(weight).sum::<usize>())
        }
        _ if value.is_map() => value.as_map_ref().map_or(0, |entries| {
            let nodes = if entries.is_empty() { 0 } else { MAP_BYTES };
            let entries = entries.iter().map(|(key, value)| ENTRY_BYTES + key.len() + weight(value));
            LIST_BYTES + nodes + entries.sum::<usize>()
        }),
        _ if value.is_string() => value.as_immutable_string_ref().map_or(0, |text| TEXT_BYTES + text.len()),
        _ => 0,
    };
    size_of::<Dynamic>() + inside
}

const TEXT_BYTES: usize = 40;
const LIST_BYTES: usize = 40;
const MAP_BYTES: usize = 300;
const ENTRY_BYTES: usize = 24;
