//! The engine from outside, against real servers on this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a failed preparation is a failed test, also in helpers outside of test functions"
)]

mod effects;
mod mail;
