//! How much the engine may do at once and how long things may take.

use model::RetryPolicy;

/// The engine's limits.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// How many runs are worked on at the same time.
    pub max_parallel_runs: usize,
    /// How many steps of one run are under way at the same time.
    pub max_parallel_steps: usize,
    /// How long an attempt may take unless its node says otherwise, in milliseconds.
    pub default_timeout_ms: u64,
    /// How often and how fast an action is tried again unless its node says otherwise.
    pub default_retry: RetryPolicy,
    /// How many exchanges with the other side one attempt may have, pages included.
    pub max_exchanges: usize,
    /// How long one call of a script may compute, in milliseconds.
    pub script_limit_ms: u64,
    /// The largest output of a step, in bytes of JSON; also of all that a box collects.
    pub max_output_bytes: usize,
    /// The address at which others reach this server, for links to waiting steps: `https://flows.example`.
    pub public_address: String,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            max_parallel_runs: 256,
            max_parallel_steps: 8,
            default_timeout_ms: 30_000,
            default_retry: RetryPolicy::default(),
            max_exchanges: 100,
            script_limit_ms: 500,
            max_output_bytes: 8 * 1024 * 1024,
            public_address: "http://localhost".to_owned(),
        }
    }
}
