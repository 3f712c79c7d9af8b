//! How long a script may compute, measured by what it uses of the processor.
//!
//! By the clock on the wall, a script on a crowded machine is stopped for the time in which others had the processor: it did
//! nothing wrong, and a run that a sender was promised would end as a dead letter.

use std::sync::OnceLock;
use std::time::Duration;

use nodes::Interrupt;

/// Stops a computation once its thread has spent this long on it, in milliseconds, counted from the first time it asks.
///
/// All of the computation must happen on one thread, as it does in the sandbox.
pub fn stop_after_computing(limit_ms: u64) -> Interrupt {
    let limit = Duration::from_millis(limit_ms);
    let began = OnceLock::new();
    Interrupt::when(move || {
        let now = spent_by_this_thread();
        now.saturating_sub(*began.get_or_init(|| now)) >= limit
    })
}

/// What this thread has used of a processor so far.
#[cfg(unix)]
fn spent_by_this_thread() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(spent).unwrap_or_default()
}

/// Where the system does not tell, the clock on the wall must do.
#[cfg(not(unix))]
fn spent_by_this_thread() -> Duration {
    static BEGAN: OnceLock<std::time::Instant> = OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_thread_that_does_not_get_the_processor_uses_up_no_time() {
        let interrupt = stop_after_computing(20);
        assert!(!interrupt.is_due());
        // Nobody wakes it, so this is a time without the processor.
        std::thread::park_timeout(Duration::from_millis(60));
        assert!(!interrupt.is_due(), "it has computed nothing meanwhile");
    }

    #[test]
    fn a_computation_that_never_ends_is_stopped() {
        let interrupt = stop_after_computing(20);
        while !interrupt.is_due() {
            std::hint::spin_loop();
        }
    }
}
