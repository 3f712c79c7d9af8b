//! From events to finished steps: plans, executes, retries, waits and recovers. Also the only way out: [`effects`].
//!
//! `plan` and `transition` decide and are pure; `run` and `step` do what they say; `engine` takes runs from the queue. There
//! is no SQL here, and nothing knows the web server.

mod ahead;
mod at_work;
mod callee;
mod computing_time;
pub mod credential_test;
mod dead_letter;
pub mod dry_run;
pub mod effects;
mod engine;
mod gate;
pub mod in_doubt;
pub mod links;
pub mod live;
pub mod look_back;
mod ordering;
mod output_size;
pub mod plan;
mod prepared;
pub mod replay;
pub mod replay_jobs;
mod run;
mod scheduler;
mod set_aside;
mod settings;
mod sight;
mod starts;
mod step;
pub mod transition;
pub mod trial;
mod vault;

pub use computing_time::stop_after_computing;
pub use engine::{Engine, Parts};
pub use ordering::{order_key, order_key_or_own};
pub use run::Suspended;
pub use settings::EngineSettings;
pub use vault::Vault;
