//! The states of a run, of its steps and of their attempts.

use crate::states::states;

states! {
    /// Where a run stands.
    RunStatus {
        /// Accepted, not begun.
        Queued = "queued",
        /// Being worked on.
        Running = "running",
        /// Nothing to do before a certain moment, for example the next attempt.
        Waiting = "waiting",
        /// Every step that was reached ended well.
        Succeeded = "succeeded",
        /// Ended on purpose by a "stop with error" node.
        Failed = "failed",
        /// Gave up; waits for a person as a dead letter.
        Dead = "dead",
        /// Ended by a person.
        Cancelled = "cancelled",
    }
}

impl RunStatus {
    /// Whether nothing will change any more by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Dead | Self::Cancelled)
    }
}

states! {
    /// Where a step stands.
    StepStatus {
        /// An attempt is under way.
        Running = "running",
        /// The last attempt failed, another is planned.
        Waiting = "waiting",
        /// It has an output.
        Succeeded = "succeeded",
        /// It failed for good.
        Failed = "failed",
        /// No edge led here, or a filter said no.
        Skipped = "skipped",
    }
}

impl StepStatus {
    /// Whether the step is over.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped)
    }
}

states! {
    /// How one attempt of a step went.
    AttemptStatus {
        /// Begun, outcome not known yet.
        Started = "started",
        /// It brought an output.
        Succeeded = "succeeded",
        /// It brought an error.
        Failed = "failed",
        /// Cut off in the middle of something that must not be repeated blindly.
        InDoubt = "in_doubt",
        /// Not made.
        Skipped = "skipped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_from_its_text() {
        for status in RunStatus::ALL {
            assert_eq!(status.as_str().parse::<RunStatus>(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!("done".parse::<RunStatus>().unwrap_err().to_string(), "`done` is not a known status");
    }
}
