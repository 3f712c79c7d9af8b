//! How much memory the variables of a running script take, so that many large ones together end the script.
//!
//! Weighing visits every nested value, so it is done only when the script could have grown too heavy since the last time:
//! one use of a variable can add at most a copy of the heaviest value.

use rhai::{Dynamic, Scope};

/// Keeps the weight of every call level, as last seen or as estimated from above.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// What all levels together may weigh, in bytes.
    allowed: usize,
    /// The heaviest value that the script was given, and may copy at any time, or that it can make from nothing.
    least_step: usize,
    /// The weight of each call level.
    levels: Vec<usize>,
    /// Uses of variables since the current level was weighed.
    uses: usize,
    /// What one use may add at most.
    step: usize,
}

impl Scales {
    /// `from_nothing` is the heaviest value that one call can make without a variable.
    pub(super) fn new(allowed: usize, heaviest_given: usize, from_nothing: usize) -> Self {
        let least_step = heaviest_given.max(from_nothing);
        Self { allowed, least_step, levels: vec![0], uses: 0, step: least_step }
    }

    /// Counts one use of a variable, and weighs when it is time. False when the script is too heavy.
    pub(super) fn allow(&mut self, scope: &Scope, level: usize) -> bool {
        let is_new_level = self.levels.len() <= level;
        if is_new_level {
            // The caller's variables cannot be seen from here; what they may have grown to since is counted in full.
            if let Some(caller) = self.levels.last_mut() {
                *caller += self.uses * self.step;
            }
            self.levels.resize(level + 1, 0);
        } else {
            self.levels.truncate(level + 1);
        }
        self.uses += 1;
        let seen: usize = self.levels.iter().sum();
        let may_wait = (self.allowed.saturating_sub(seen) / 4).max(1) > self.uses * self.step;
        if may_wait && !is_new_level {
            return true;
        }
        let (total, heaviest) = weigh_level(scope);
        self.levels[level] = total;
        self.uses = 0;
        self.step = heaviest.max(self.least_step);
        self.levels.iter().sum::<usize>() <= self.allowed
    }
}

/// What a value takes in memory, with everything in it, in bytes: near enough, rather too much.
pub(super) fn weight(value: &Dynamic) -> usize {
    if let Ok(text) = value.as_immutable_string_ref() {
        return size_of::<Dynamic>() + TEXT_BYTES + text.len();
    }
    if let Ok(items) = value.as_array_ref() {
        return size_of::<Dynamic>() + LIST_BYTES + items.iter().map(weight).sum::<usize>();
    }
    if let Ok(entries) = value.as_map_ref() {
        let inside: usize = entries.iter().map(|(key, value)| ENTRY_BYTES + key.len() + weight(value)).sum();
        return size_of::<Dynamic>() + LIST_BYTES + if inside == 0 { 0 } else { inside + MAP_BYTES };
    }
    size_of::<Dynamic>()
}

/// The variables of this level together, and the heaviest of them. Constants are what the script was given; they are
/// allowed for already.
fn weigh_level(scope: &Scope) -> (usize, usize) {
    let variables = scope.iter_raw().filter(|(_, is_constant, _)| !is_constant).map(|(_, _, value)| value);
    variables.map(weight).fold((0, 0), |(total, heaviest), weight| (total + weight, heaviest.max(weight)))
}

const TEXT_BYTES: usize = 40;
const LIST_BYTES: usize = 40;
const MAP_BYTES: usize = 300;
const ENTRY_BYTES: usize = 24;
