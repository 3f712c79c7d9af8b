//! engine

pub mod effects;
