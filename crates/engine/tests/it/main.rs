//! The engine from outside, against real servers on this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a failed preparation is a failed test, also in helpers outside of test functions"
)]

mod ahead;
mod bench;
mod child;
mod control;
mod credentials;
mod doubt;
mod effects;
mod follow_ups;
mod given;
mod look_back;
mod mail;
mod parallel;
mod poison;
mod replay;
mod resume;
mod scenarios;
mod schedules;
mod sink;
mod tables;
mod trial;
mod turns;
mod waiting;
