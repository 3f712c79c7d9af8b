//! Nodes that compute: they turn values into values and touch nothing outside.

pub mod code;
pub mod set_fields;
