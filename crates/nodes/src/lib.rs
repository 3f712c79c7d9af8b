//! What each node type does: flow and data nodes in Rust, every action as a connector folder in Rhai, and the expressions
//! in their parameters.
//!
//! Nothing here acts. A node looks at its [`Input`] and returns an [`Outcome`]; the engine carries out effects. So there is
//! no tokio here, no HTTP client, no database, no clock and no randomness.

mod built_in;
pub mod catalogue;
pub mod check;
pub mod condition;
pub mod connector;
pub mod data;
pub mod duration;
pub mod effect;
pub mod expression;
pub mod flow;
mod list;
pub mod manifest;
pub mod node;
pub mod parameters;
pub mod sandbox;
pub mod schedule;
pub mod trigger;

pub use catalogue::{Catalogue, LoadError};
pub use node::{EachRules, Incoming, Input, Interrupt, Node, Outcome, SignalKind, Surroundings, WaitFor};
