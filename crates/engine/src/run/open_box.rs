//! A box whose turns are under way: which are over, how they ended, what they gave.

use std::sync::Arc;

use model::{ErrorCode, NodeError, OnError, StepStatus};
use nodes::EachRules;
use nodes::effect::TurnsReply;
use serde_json::{Value, json};

use super::suspended::Suspended;
use crate::output_size::fits;

/// More turns than this are never under way at the same time, whatever a box asks for.
const MOST_PARALLEL: u32 = 1_000;

/// A box that is not over.
#[derive(Debug)]
pub(super) struct OpenBox {
    items: Vec<Value>,
    rules: EachRules,
    /// What its node wants back.
    pub(super) state: Value,
    turns: Vec<TurnState>,
    /// The first turn that may not have begun.
    next: usize,
    active: u32,
    outputs: Vec<Value>,
    bytes_left: usize,
    max_output_bytes: usize,
    /// Why the box fails once nothing is under way in it.
    pub(super) failure: Option<NodeError>,
    /// Whether its node is told that all turns are over.
    pub(super) is_told: bool,
    /// Contexts of turns that are over, for the next ones: copying what a turn sees is most of its cost.
    spare: Vec<Arc<Value>>,
}

/// Where a turn stands. One byte each: there may be very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnState {
    Open,
    Active,
    Succeeded,
    Failed,
    Skipped,
}

/// How a turn ended.
#[derive(Debug)]
pub(super) enum TurnEnd {
    Succeeded(Value),
    Skipped,
    Failed(NodeError),
}

impl OpenBox {
    /// A box of which no turn has begun. `max_output_bytes` bounds what is collected.
    pub(super) fn new(items: Vec<Value>, rules: EachRules, state: Value, max_output_bytes: usize) -> Self {
        Self {
            turns: vec![TurnState::Open; items.len()],
            outputs: if rules.collect { vec![Value::Null; items.len()] } else { Vec::new() },
            items,
            rules,
            state,
            next: 0,
            active: 0,
            bytes_left: max_output_bytes,
            max_output_bytes,
            failure: None,
            is_told: false,
            spare: Vec::new(),
        }
    }

    /// As it is stored with the box's own step.
    pub(super) fn to_value(&self) -> Value {
        let (items, rules, state) = (self.items.clone(), self.rules, self.state.clone());
        Suspended::Each { items, rules, state }.to_value()
    }

    /// Whether the outputs of turns are wanted.
    pub(super) fn collects(&self) -> bool {
        self.rules.collect
    }

    /// How many turns are under way.
    pub(super) fn active(&self) -> u32 {
        self.active
    }

    /// Whether every turn is over.
    pub(super) fn is_over(&self) -> bool {
        self.active == 0 && self.next >= self.turns.len()
    }

    /// The number and the item of the next turn, if one may begin now.
    pub(super) fn begin_next(&mut self) -> Option<(usize, Value)> {
        if self.failure.is_some() || self.active >= self.rules.parallel.clamp(1, MOST_PARALLEL) {
            return None;
        }
        while self.turns.get(self.next).is_some_and(|turn| *turn != TurnState::Open) {
            self.next += 1;
        }
        let index = self.next;
        let item = self.items.get(index)?.clone();
        self.take_up(index);
        self.next += 1;
        Some((index, item))
    }

    /// A turn is under way, for example since before a restart. Returns its item.
    pub(super) fn take_up(&mut self, index: usize) -> Option<Value> {
        let turn = self.turns.get_mut(index)?;
        if *turn != TurnState::Active {
            *turn = TurnState::Active;
            self.active += 1;
        }
        self.items.get(index).cloned()
    }

    /// A turn had ended before a restart. Returns whether that fails the box.
    pub(super) fn restore_ended(&mut self, index: usize, status: StepStatus) {
        let Some(turn) = self.turns.get_mut(index) else { return };
        *turn = match status {
            StepStatus::Succeeded => TurnState::Succeeded,
            StepStatus::Skipped => TurnState::Skipped,
            _ => TurnState::Failed,
        };
        if *turn == TurnState::Failed && self.rules.on_failure == OnError::Stop && self.failure.is_none() {
            let error = NodeError::permanent(ErrorCode::Internal, "It failed; its own steps say why.");
            self.failure = Some(of_turn(index, error));
        }
    }

    /// A turn is over.
    pub(super) fn end(&mut self, index: usize, end: TurnEnd) {
        let Some(turn) = self.turns.get_mut(index) else { return };
        self.active = self.active.saturating_sub(1);
        match end {
            TurnEnd::Succeeded(output) => {
                *turn = TurnState::Succeeded;
                self.keep(index, output);
            }
            TurnEnd::Skipped => *turn = TurnState::Skipped,
            TurnEnd::Failed(error) => {
                *turn = TurnState::Failed;
                if self.rules.on_failure == OnError::Stop && self.failure.is_none() {
                    self.failure = Some(of_turn(index, error));
                }
            }
        }
    }

    /// Collects the output of a turn, unless that is not wanted. Too much of it fails the box.
    pub(super) fn keep(&mut self, index: usize, output: Value) {
        if !self.rules.collect {
            return;
        }
        if !fits(&output, &mut self.bytes_left) {
            let message = format!(
                "The collected outputs of the turns are larger than {} bytes. Switch collecting off, or keep only the \
                 fields that are needed.",
                self.max_output_bytes
            );
            self.failure.get_or_insert(NodeError::permanent(ErrorCode::TooLarge, message).at("collect"));
            self.outputs = Vec::new();
        } else if let Some(place) = self.outputs.get_mut(index) {
            *place = output;
        }
    }

    /// What its node gets to know when all turns are over.
    pub(super) fn reply(&mut self) -> TurnsReply {
        let count = |wanted: TurnState| self.turns.iter().filter(|turn| **turn == wanted).count() as u64;
        TurnsReply {
            count: self.turns.len() as u64,
            succeeded: count(TurnState::Succeeded),
            failed: count(TurnState::Failed),
            skipped: count(TurnState::Skipped),
            outputs: std::mem::take(&mut self.outputs),
        }
    }

    /// A context for a turn: one that is left over, or a new one.
    pub(super) fn context(&mut self, new: impl FnOnce() -> Value) -> Arc<Value> {
        self.spare.pop().unwrap_or_else(|| Arc::new(new()))
    }

    /// Takes the context of a turn that is over, with everything of that turn taken out.
    pub(super) fn give_back(&mut self, context: Arc<Value>) {
        self.spare.push(context);
    }
}

/// The failure of a box because of one of its turns.
#[expect(clippy::needless_pass_by_value, reason = "the failure becomes the box's own")]
fn of_turn(index: usize, error: NodeError) -> NodeError {
    let message = format!("Turn {} (counted from 0) failed: {}", index, error.message);
    let details = json!({ "index": index, "cause": error.details });
    NodeError { message, retryable: false, retry_after_ms: None, parameter: None, details: Some(details), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(count: usize, rules: EachRules) -> OpenBox {
        OpenBox::new((0..count).map(|n| json!(n)).collect(), rules, Value::Null, 100)
    }

    const RULES: EachRules = EachRules { parallel: 2, on_failure: OnError::Stop, collect: true };

    #[test]
    fn turns_begin_in_order_and_within_the_bound() {
        let mut open = open(3, RULES);
        assert_eq!(open.begin_next(), Some((0, json!(0))));
        assert_eq!(open.begin_next(), Some((1, json!(1))));
        assert_eq!(open.begin_next(), None);
        open.end(1, TurnEnd::Succeeded(json!("b")));
        assert_eq!(open.begin_next(), Some((2, json!(2))));
        open.end(2, TurnEnd::Skipped);
        assert!(!open.is_over());
        open.end(0, TurnEnd::Succeeded(json!("a")));
        assert!(open.is_over());
        let reply = open.reply();
        assert_eq!((reply.count, reply.succeeded, reply.skipped, reply.failed), (3, 2, 1, 0));
        assert_eq!(reply.outputs, [json!("a"), json!("b"), Value::Null]);
    }

    #[test]
    fn a_failed_turn_fails_the_box_or_does_not() {
        let error = || NodeError::permanent(ErrorCode::Stopped, "No stock");
        let mut stops = open(3, RULES);
        stops.begin_next();
        stops.end(0, TurnEnd::Failed(error()));
        assert_eq!(stops.begin_next(), None);
        let failure = stops.failure.unwrap();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (ErrorCode::Stopped, "Turn 0 (counted from 0) failed: No stock")
        );
        let mut goes_on = open(3, EachRules { on_failure: OnError::Continue, ..RULES });
        goes_on.begin_next();
        goes_on.end(0, TurnEnd::Failed(error()));
        assert_eq!(goes_on.begin_next().map(|(index, _)| index), Some(1));
    }

    #[test]
    fn collecting_too_much_fails_the_box_and_says_what_to_do() {
        let mut open = open(3, RULES);
        open.begin_next();
        open.end(0, TurnEnd::Succeeded(json!("x".repeat(101))));
        let failure = open.failure.unwrap();
        assert_eq!(failure.code, ErrorCode::TooLarge);
        assert!(failure.message.contains("Switch collecting off"), "{failure}");
        let mut careless = super::OpenBox::new(vec![json!(0)], EachRules { collect: false, ..RULES }, Value::Null, 1);
        careless.begin_next();
        careless.end(0, TurnEnd::Succeeded(json!("x".repeat(101))));
        assert!(careless.failure.is_none() && careless.reply().outputs.is_empty());
    }

    #[test]
    fn what_was_over_before_a_restart_is_not_begun_again() {
        let mut open = open(4, RULES);
        open.restore_ended(0, StepStatus::Succeeded);
        open.restore_ended(2, StepStatus::Skipped);
        assert_eq!(open.take_up(1), Some(json!(1)));
        assert_eq!(open.begin_next().map(|(index, _)| index), Some(3));
    }
}
