//! From events to finished steps: plans, executes, retries, waits and recovers. Also the only way out: [`effects`].
//!
//! `plan` and `transition` decide and are pure; `run` and `step` do what they say; `engine` takes runs from the queue. There
//! is no SQL here, and nothing knows the web server.

mod computing_time;
pub mod credential_test;
pub mod dry_run;
pub mod effects;
mod engine;
mod gate;
pub mod live;
pub mod plan;
mod prepared;
mod run;
mod settings;
mod step;
pub mod transition;
pub mod trial;
mod vault;

pub use computing_time::stop_after_computing;
pub use engine::{Engine, Parts};
pub use settings::EngineSettings;
pub use vault::Vault;
