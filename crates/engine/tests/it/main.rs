//! The engine from outside, against real servers on this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a failed preparation is a failed test, also in helpers outside of test functions"
)]

mod bench;
mod control;
mod credentials;
mod effects;
mod mail;
mod parallel;
mod resume;
mod scenarios;
mod sink;
mod trial;
