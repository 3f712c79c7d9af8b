//! Whether something was seen before.

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Asks whether a key was seen before, and remembers it. Each node has keys of its own.
///
/// A step that asks again, because it was cut off or is tried again, gets the answer that it got at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenRequest {
    /// The key; of any length, for only its hash is kept.
    pub key: String,
    /// How long a key is remembered after it was first seen, in milliseconds.
    pub window_ms: u64,
}

/// Whether a key was seen before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenReply {
    /// Whether another run, or another turn, had it within the window.
    pub seen_before: bool,
    /// When it was first seen.
    pub first_at: Timestamp,
}
