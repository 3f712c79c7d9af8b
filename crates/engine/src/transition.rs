//! What an attempt's outcome makes of its step. Pure: no clock, no chance, no storage.

use model::definition::{ERROR, OUT};
use model::{AttemptStatus, ErrorCode, NodeError, NodeId, OnError, RetryPolicy, StepStatus, Timestamp};
use serde_json::{Value, json};
use storage::{AttemptRecord, StepRecord};

/// An attempt that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The node.
    pub node: NodeId,
    /// Which turn of a box; empty outside of boxes.
    pub iteration: String,
    /// Its number; the first is 1.
    pub number: u32,
    /// When the first attempt of this step began.
    pub step_started_at: Timestamp,
    /// When this one began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Timestamp,
    /// What came out.
    pub result: Result<Finished, NodeError>,
    /// What went out and came back.
    pub exchanges: Vec<Value>,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// It goes on along a port.
    Done {
        /// The port.
        port: String,
        /// The output.
        output: Value,
    },
    /// Its branch ends here.
    Skipped {
        /// What to show as the reason.
        output: Value,
    },
}

/// How a step deals with failure.
#[derive(Debug, Clone)]
pub struct FailureRules<'a> {
    /// When to try again.
    pub retry: &'a RetryPolicy,
    /// Whether an edge starts at its `error` port.
    pub has_error_edge: bool,
    /// What happens otherwise.
    pub on_error: OnError,
}

/// The step and the attempt as they are to be stored. `chance` in 0..1 spreads the delay before the next attempt.
///
/// An attempt is kept by itself only when it failed or had an effect outside; of any other, the step says everything.
pub fn conclude(attempt: Attempt, rules: &FailureRules<'_>, chance: f64) -> (StepRecord, Option<AttemptRecord>) {
    let failure = attempt.result.as_ref().err().cloned();
    let worth_keeping = failure.is_some() || !attempt.exchanges.is_empty();
    let kept = worth_keeping.then(|| AttemptRecord {
        node: attempt.node.clone(),
        iteration: attempt.iteration.clone(),
        number: attempt.number,
        status: match &failure {
            None => AttemptStatus::Succeeded,
            Some(error) if error.code == ErrorCode::InDoubt => AttemptStatus::InDoubt,
            Some(_) => AttemptStatus::Failed,
        },
        started_at: attempt.started_at,
        finished_at: Some(attempt.finished_at),
        error: failure,
        exchanges: attempt.exchanges,
    });
    let mut step = StepRecord {
        node: attempt.node,
        iteration: attempt.iteration,
        status: StepStatus::Succeeded,
        port: None,
        output: None,
        error: None,
        attempts: attempt.number,
        started_at: attempt.step_started_at,
        finished_at: Some(attempt.finished_at),
        retry_at: None,
        state: None,
    };
    match attempt.result {
        Ok(Finished::Done { port, output }) => {
            step.port = Some(port);
            step.output = Some(output);
        }
        Ok(Finished::Skipped { output }) => {
            step.status = StepStatus::Skipped;
            step.output = Some(output);
        }
        Err(error) => fail(&mut step, error, rules, attempt.finished_at, chance),
    }
    (step, kept)
}

fn fail(step: &mut StepRecord, error: NodeError, rules: &FailureRules<'_>, now: Timestamp, chance: f64) {
    let delay = rules.retry.delay_ms(step.attempts, error.retry_after_ms, chance);
    let delay = delay.filter(|_| rules.retry.applies_to(&error) && !is_for_a_person(&error));
    if let Some(delay_ms) = delay {
        step.status = StepStatus::Waiting;
        step.finished_at = None;
        step.retry_at = Some(now.plus_ms(delay_ms));
    } else {
        step.status = StepStatus::Failed;
        // "Stop with error" means what it says: no setting turns it into going on.
        let stopped_on_purpose = error.code == ErrorCode::Stopped;
        if is_for_a_person(&error) {
            // Neither an edge nor a setting knows what only a person can find out.
        } else if rules.has_error_edge {
            step.port = Some(ERROR.to_owned());
        } else if rules.on_error == OnError::Continue && !stopped_on_purpose {
            step.port = Some(OUT.to_owned());
        }
        if step.port.is_some() {
            step.output = Some(json!({ "error": error }));
        }
    }
    step.error = Some(error);
}

/// The failure of a step of which nobody knows whether it took effect, because of `cause`.
#[expect(clippy::needless_pass_by_value, reason = "the cause becomes another failure")]
pub fn in_doubt(cause: NodeError) -> NodeError {
    let message = format!(
        "Whether the step took effect is not known: {} Look into the other system, then say whether it happened.",
        cause.message
    );
    NodeError::permanent(ErrorCode::InDoubt, message).with_details(json!({ "cause": cause }))
}

/// Whether a person has to decide before anything else may happen.
pub fn is_for_a_person(error: &NodeError) -> bool {
    error.code == ErrorCode::InDoubt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u32, result: Result<Finished, NodeError>) -> Attempt {
        Attempt {
            node: NodeId::from("call"),
            iteration: String::new(),
            number,
            step_started_at: Timestamp(0),
            started_at: Timestamp(90),
            finished_at: Timestamp(100),
            result,
            exchanges: Vec::new(),
        }
    }

    fn passing() -> NodeError {
        NodeError::passing(ErrorCode::Connection, "The connection to sink was refused.")
    }

    fn rules(retry: &RetryPolicy) -> FailureRules<'_> {
        FailureRules { retry, has_error_edge: false, on_error: OnError::Stop }
    }

    #[test]
    fn a_success_without_effect_is_one_step_and_no_attempt_of_its_own() {
        let done = Finished::Done { port: "true".to_owned(), output: json!(7) };
        let (step, kept) = conclude(attempt(1, Ok(done)), &rules(&RetryPolicy::default()), 0.0);
        assert_eq!(
            (step.status, step.port.as_deref(), step.output),
            (StepStatus::Succeeded, Some("true"), Some(json!(7)))
        );
        assert_eq!(kept, None);
    }

    #[test]
    fn a_passing_failure_waits_and_a_last_one_fails_the_step() {
        let policy = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
        let (step, kept) = conclude(attempt(1, Err(passing())), &rules(&policy), 1.0);
        assert_eq!((step.status, step.retry_at, step.finished_at), (StepStatus::Waiting, Some(Timestamp(1_100)), None));
        assert_eq!(kept.unwrap().status, AttemptStatus::Failed);
        let (step, _) = conclude(attempt(2, Err(passing())), &rules(&policy), 1.0);
        assert_eq!((step.status, step.port, step.retry_at), (StepStatus::Failed, None, None));
    }

    #[test]
    fn a_permanent_failure_is_not_tried_again() {
        let error = NodeError::permanent(ErrorCode::HttpStatus, "404");
        let (step, _) = conclude(attempt(1, Err(error)), &rules(&RetryPolicy::default()), 0.0);
        assert_eq!(step.status, StepStatus::Failed);
    }

    #[test]
    fn the_error_port_gets_the_error_as_data() {
        let policy = RetryPolicy::never();
        let with_edge = FailureRules { has_error_edge: true, ..rules(&policy) };
        let (step, _) = conclude(attempt(1, Err(passing())), &with_edge, 0.0);
        assert_eq!((step.status, step.port.as_deref()), (StepStatus::Failed, Some("error")));
        assert_eq!(step.output.unwrap()["error"]["code"], "connection");
    }

    #[test]
    fn a_step_that_is_to_continue_does_so_but_not_after_stop_with_error() {
        let policy = RetryPolicy::never();
        let going_on = FailureRules { on_error: OnError::Continue, ..rules(&policy) };
        assert_eq!(conclude(attempt(1, Err(passing())), &going_on, 0.0).0.port.as_deref(), Some("out"));
        let stop = NodeError::permanent(ErrorCode::Stopped, "No stock");
        assert_eq!(conclude(attempt(1, Err(stop)), &going_on, 0.0).0.port, None);
    }

    #[test]
    fn a_step_in_doubt_is_neither_tried_again_nor_passed_over() {
        let policy = RetryPolicy { retry_on: vec!["in_doubt".to_owned()], ..RetryPolicy::default() };
        let rules = FailureRules { retry: &policy, has_error_edge: true, on_error: OnError::Continue };
        let (step, kept) = conclude(attempt(1, Err(in_doubt(passing()))), &rules, 0.0);
        assert_eq!((step.status, step.port, step.retry_at), (StepStatus::Failed, None, None));
        assert_eq!(kept.unwrap().status, AttemptStatus::InDoubt);
    }
}
