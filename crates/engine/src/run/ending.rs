//! How a run ends that did not come to its own end.

use model::{AttemptStatus, ErrorCode, NodeError, NodeId, OnError, RetryPolicy, RunStatus, StepStatus, Timestamp};
use serde_json::{Value, json};
use storage::queue::Ending;
use storage::{AttemptRecord, DeadLetterReason, StepRecord};

use super::scope::{ROOT, ScopeKey, Spot};
use super::work::Work;
use crate::dead_letter::dead_letter;
use crate::transition::{Attempt, FailureRules, conclude, in_doubt};

impl Work<'_> {
    /// A step outside of any box failed for good, and nothing handles it.
    pub(super) fn failed(&mut self, place: usize, now: Timestamp) -> Ending {
        let spot = Spot { scope: ROOT, place };
        let error = self.error_at(spot).unwrap_or_else(unfinished);
        self.give_up(ROOT, now, None);
        let status = if error.code == ErrorCode::Stopped { RunStatus::Failed } else { RunStatus::Dead };
        self.dead(status, DeadLetterReason::Failed, Some((self.node_id(spot).clone(), String::new())), &error, now)
    }

    /// A person must say what became of a step. Everything else stays as it is, to go on afterwards.
    pub(super) fn doubtful(&mut self, spot: Spot, now: Timestamp) -> Ending {
        let error = self.error_at(spot).unwrap_or_else(unfinished);
        let iteration = self.scopes[&spot.scope].iteration.as_ref().to_owned();
        let step = Some((self.node_id(spot).clone(), iteration));
        self.dead(RunStatus::Dead, DeadLetterReason::InDoubt, step, &error, now)
    }

    /// The run took longer than it may.
    pub(super) fn too_late(&mut self, now: Timestamp) -> Ending {
        self.doubt_exposed_steps(now);
        if let Some(spot) = self.in_doubt {
            return self.doubtful(spot, now);
        }
        let limit_ms = self.prepared.definition.settings.run_timeout_ms;
        let message = format!("The run took longer than its limit of {limit_ms} ms.");
        let error = NodeError::permanent(ErrorCode::Timeout, message);
        let open = self.first_open_step();
        self.give_up(ROOT, now, Some(&error));
        self.dead(RunStatus::Dead, DeadLetterReason::Failed, open, &error, now)
    }

    /// The run took the process down again and again.
    pub(super) fn crashed(&mut self, crashes: u32) -> Ending {
        let now = self.shared.clock.now();
        if let Some(spot) = self.in_doubt {
            return self.doubtful(spot, now);
        }
        let message = format!(
            "The server died {crashes} times in a row while it worked on this run, so it was set aside. Look for a step that \
             computes something very large, and see the server's log."
        );
        let error = NodeError::permanent(ErrorCode::Crashed, message);
        let open = self.first_open_step();
        self.give_up(ROOT, now, Some(&error));
        self.dead(RunStatus::Dead, DeadLetterReason::Crashed, open, &error, now)
    }

    fn dead(
        &self,
        status: RunStatus,
        reason: DeadLetterReason,
        step: Option<(NodeId, String)>,
        error: &NodeError,
        now: Timestamp,
    ) -> Ending {
        let mut shown = json!({ "node": step.as_ref().map(|(node, _)| node), "error": error });
        if let Some((_, iteration)) = step.as_ref().filter(|(_, iteration)| !iteration.is_empty()) {
            shown["iteration"] = Value::String(iteration.clone());
        }
        let letter = || dead_letter(self.prepared.workflow, reason, step, error);
        Ending { error: Some(shown), dead_letter: (status == RunStatus::Dead).then(letter), ..Ending::new(status, now) }
    }

    fn error_at(&self, spot: Spot) -> Option<NodeError> {
        self.scopes.get(&spot.scope)?.step(spot.place)?.error.clone()
    }

    /// The step that a run is shown to have stopped at: the innermost of those that are open.
    fn first_open_step(&self) -> Option<(NodeId, String)> {
        let open = |scope: &super::scope::Scope<'_>| {
            let is_innermost = |place: &usize| {
                let step = scope.step(*place);
                step.is_some_and(|step| step.open_box.as_ref().is_none_or(|open| open.active() == 0))
            };
            let place = scope.open_places().into_iter().find(is_innermost);
            place.map(|place| (scope.shape.node(place).clone(), scope.iteration.as_ref().to_owned()))
        };
        self.scopes.values().find_map(open)
    }

    /// What was going out that must not be done twice when the time was up: nobody knows whether it arrived.
    fn doubt_exposed_steps(&mut self, now: Timestamp) {
        let mut exposed = Vec::new();
        for (key, scope) in &self.scopes {
            let is_exposed = |place: &usize| scope.step(*place).is_some_and(|step| step.exposed.is_some());
            exposed.extend(scope.open_places().into_iter().filter(is_exposed).map(|place| Spot { scope: *key, place }));
        }
        for spot in exposed {
            let limit = NodeError::passing(ErrorCode::Timeout, "The time of the run was up before an answer came.");
            self.doubt(spot, limit, now);
        }
    }

    /// A step was cut off in the middle of something that must not be done twice.
    pub(super) fn doubt(&mut self, spot: Spot, cause: NodeError, now: Timestamp) {
        let node = self.node_id(spot).clone();
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let iteration = scope.iteration.as_ref().to_owned();
        let Some(step) = scope.steps.get_mut(spot.place).and_then(Option::as_mut) else { return };
        let attempt = Attempt {
            node,
            iteration,
            number: step.attempts,
            step_started_at: step.started_at,
            started_at: step.started_at,
            finished_at: now,
            result: Err(in_doubt(cause)),
            exchanges: step.exposed.take().unwrap_or_default(),
        };
        self.apply(spot, attempt);
    }

    /// Ends every step of a scope that is not over: when a run is over, so are its steps. `because` replaces what each failed
    /// of last.
    pub(super) fn give_up(&mut self, key: ScopeKey, now: Timestamp, because: Option<&NodeError>) {
        let Some(scope) = self.scopes.get(&key) else { return };
        for place in scope.open_places() {
            let spot = Spot { scope: key, place };
            for turn in self.turns_of(spot) {
                self.abandon_turn(turn, now, because);
            }
            self.give_up_step(spot, now, because);
        }
    }

    fn give_up_step(&mut self, spot: Spot, now: Timestamp, because: Option<&NodeError>) {
        let node = self.node_id(spot).clone();
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let iteration = scope.iteration.as_ref().to_owned();
        let Some(step) = scope.steps.get_mut(spot.place).and_then(Option::as_mut) else { return };
        let is_cut_off = step.was_cut_off || step.state.status == StepStatus::Running && step.open_box.is_none();
        let fallback = if is_cut_off { cut_off } else { unfinished };
        let error = because.or(step.error.as_ref()).cloned().unwrap_or_else(fallback);
        // A step that waits has its attempts on record already; any other is cut off in the middle of one.
        let attempt = is_cut_off.then(|| AttemptRecord {
            node: node.clone(),
            iteration: iteration.clone(),
            number: step.attempts,
            status: AttemptStatus::Failed,
            started_at: step.started_at,
            finished_at: Some(now),
            error: Some(error.clone()),
            exchanges: Vec::new(),
        });
        // A replay goes on with the turns that are over, so it needs the items.
        let state = step.open_box.take().map(|open| open.to_value());
        let record = StepRecord {
            status: StepStatus::Failed,
            error: Some(error),
            finished_at: Some(now),
            retry_at: None,
            state,
            ..step.record(&node, &iteration)
        };
        self.tell_step(spot, StepStatus::Failed);
        self.remember(spot, &record);
        self.note_step(spot.scope, record);
        if let Some(attempt) = attempt {
            self.journal.add_attempt(attempt);
        }
    }

    /// A box failed because of its turns. Its items stay on record for a replay.
    pub(super) fn fail_box_step(&mut self, spot: Spot, failed: Attempt, state: Value) {
        let retry = RetryPolicy::never();
        let node = self.node(spot);
        let rules = FailureRules {
            retry: &retry,
            has_error_edge: self.prepared.has_error_edge(&failed.node),
            on_error: node.map_or(OnError::Stop, |node| node.on_error),
        };
        let (step, kept) = conclude(failed, &rules, 0.0);
        let step = StepRecord { state: Some(state), ..step };
        self.tell_step(spot, step.status);
        self.remember(spot, &step);
        self.note_step(spot.scope, step);
        if let Some(attempt) = kept {
            self.journal.add_attempt(attempt);
        }
    }
}

/// The error of a step that the end of a process cut off, and that was not begun again.
fn cut_off() -> NodeError {
    let message = "The step was cut off when the server ended, and the run had failed elsewhere meanwhile. Whether it took \
                   effect is not known.";
    NodeError::permanent(ErrorCode::Internal, message)
}

/// The error of a step or a turn that did not come to its end, because something else had failed.
pub(super) fn unfinished() -> NodeError {
    let message = "It did not come to its end, because something else in the run had failed.";
    NodeError::permanent(ErrorCode::Cancelled, message)
}
