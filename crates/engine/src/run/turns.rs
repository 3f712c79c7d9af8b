//! Turns of boxes: how they begin, end and fail.

use std::sync::Arc;

use model::{NodeError, StepStatus, Timestamp};
use nodes::effect::Reply;
use serde_json::Value;
use storage::StepRecord;

use super::context::{add_links, enter_turn, leave_turn};
use super::journal::turn_record;
use super::open_box::TurnEnd;
use super::scope::{Scope, ScopeKey, Spot};
use super::work::Work;
use crate::plan::Begin;
use crate::step::resume;
use crate::transition::Attempt;

impl Work<'_> {
    /// Begins turns of a box, or ends the box when its turns are over or it has failed.
    pub(super) fn tend_box(&mut self, spot: Spot, now: Timestamp) {
        let Some(open) = self.step_mut(spot).and_then(|step| step.open_box.as_deref()) else { return };
        if open.failure.is_some() {
            return self.fail_box(spot, now);
        }
        while let Some((index, item)) = self.open_box_mut(spot).and_then(super::open_box::OpenBox::begin_next) {
            self.open_turn(spot, index, item, now);
        }
        let Some(open) = self.open_box_mut(spot) else { return };
        if !open.is_over() || open.is_told {
            return;
        }
        open.is_told = true;
        let (reply, state) = (Reply::Turns(open.reply()), open.state.clone());
        let Some(this) = self.attempt_of(spot, now) else { return };
        let (shared, prepared) = (self.shared, self.prepared);
        self.fly(spot, async move { resume(shared, prepared, this, state, reply).await });
    }

    /// Opens a turn's scope. Returns its key.
    pub(super) fn open_turn(&mut self, of: Spot, index: usize, item: Value, now: Timestamp) -> Option<ScopeKey> {
        let node = self.node_id(of);
        let around = self.scopes.get_mut(&of.scope)?;
        let iteration = match &*around.iteration {
            "" => index.to_string(),
            outer => format!("{outer}/{index}"),
        };
        let outside = around.context.clone();
        let open = around.steps.get_mut(of.place)?.as_mut()?.open_box.as_deref_mut()?;
        let mut context = open.context(|| self.prepared.seen_inside(node, &outside));
        let seen = Arc::make_mut(&mut context);
        enter_turn(seen, index, item);
        add_links(self.shared, self.claim.run, seen, self.prepared.waiting_in(Some(node)), &iteration);
        let shape = self.prepared.shape(Some(node));
        let mut scope = Scope::new(shape, Begin::Everywhere, context, now);
        scope.iteration = Arc::from(iteration);
        scope.turn_of = Some((of, index));
        let key = self.next_key;
        self.next_key += 1;
        self.scopes.insert(key, scope);
        self.dirty.insert(key);
        Some(key)
    }

    /// Every branch of a turn is over.
    pub(super) fn complete_turn(&mut self, key: ScopeKey, now: Timestamp) {
        let Some(scope) = self.scopes.get_mut(&key) else { return };
        let end = scope.take_output().map_or(TurnEnd::Skipped, TurnEnd::Succeeded);
        self.end_turn(key, end, now);
    }

    /// A step of a turn failed, and nothing handles it within the turn.
    pub(super) fn fail_turn(&mut self, key: ScopeKey, place: usize, now: Timestamp) {
        let error = self.scopes.get(&key).and_then(|scope| scope.step(place)).and_then(|step| step.error.clone());
        self.give_up(key, now, None);
        self.end_turn(key, TurnEnd::Failed(error.unwrap_or_else(super::ending::unfinished)), now);
    }

    /// Closes a turn's scope and tells its box.
    fn end_turn(&mut self, key: ScopeKey, end: TurnEnd, now: Timestamp) {
        let Some((of, index)) = self.scopes.get(&key).and_then(|scope| scope.turn_of) else { return };
        let Some(scope) = self.scopes.remove(&key) else { return };
        let node = self.node_id(of).clone();
        let (started_at, iteration) = (scope.started_at, scope.iteration.as_ref().to_owned());
        let Some(open) = self.open_box_mut(of) else { return };
        let (status, output, error) = match &end {
            TurnEnd::Succeeded(output) => (StepStatus::Succeeded, open.collects().then(|| output.clone()), None),
            TurnEnd::Skipped => (StepStatus::Skipped, None, None),
            TurnEnd::Failed(error) => (StepStatus::Failed, None, Some(error.clone())),
        };
        open.end(index, end);
        let mut context = scope.context;
        if let Some(seen) = Arc::get_mut(&mut context) {
            let nodes = (0..scope.shape.len()).map(|place| scope.shape.node(place));
            leave_turn(seen, nodes);
            open.give_back(context);
        }
        let turn = turn_record(node, iteration, status, started_at);
        self.note_ended_turn(of.scope, StepRecord { output, error, finished_at: Some(now), ..turn });
        self.touch(of.scope);
    }

    /// A box that has failed ends once nothing is under way in its turns.
    fn fail_box(&mut self, spot: Spot, now: Timestamp) {
        let turns = self.turns_of(spot);
        for turn in &turns {
            self.halt(*turn);
        }
        if turns.iter().any(|turn| self.is_busy(*turn)) {
            return;
        }
        for turn in turns {
            self.abandon_turn(turn, now, None);
        }
        let node = self.node_id(spot).clone();
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let iteration = scope.iteration.as_ref().to_owned();
        let Some(step) = scope.steps.get_mut(spot.place).and_then(Option::as_mut) else { return };
        let Some(open) = step.open_box.take() else { return };
        let failed = Attempt {
            node,
            iteration,
            number: step.attempts,
            step_started_at: step.started_at,
            started_at: step.started_at,
            finished_at: now,
            result: Err(open.failure.clone().unwrap_or_else(super::ending::unfinished)),
            exchanges: Vec::new(),
        };
        self.fail_box_step(spot, failed, open.to_value());
    }

    /// A turn that was under way ends, because something around it has failed.
    pub(super) fn abandon_turn(&mut self, key: ScopeKey, now: Timestamp, because: Option<&NodeError>) {
        self.give_up(key, now, because);
        let error = because.cloned().unwrap_or_else(super::ending::unfinished);
        self.end_turn(key, TurnEnd::Failed(error), now);
    }

    /// Nothing begins any more in a scope and in the turns of its boxes.
    pub(super) fn halt(&mut self, key: ScopeKey) {
        let Some(scope) = self.scopes.get_mut(&key) else { return };
        if std::mem::replace(&mut scope.is_halted, true) {
            return;
        }
        let boxes = scope.open_boxes();
        for place in boxes {
            for turn in self.turns_of(Spot { scope: key, place }) {
                self.halt(turn);
            }
        }
    }

    /// Whether an attempt is under way in a scope or in a turn of one of its boxes.
    pub(super) fn is_busy(&self, key: ScopeKey) -> bool {
        let Some(scope) = self.scopes.get(&key) else { return false };
        let boxes = || scope.open_boxes().into_iter().map(|place| Spot { scope: key, place });
        scope.in_flight > 0 || boxes().any(|spot| self.turns_of(spot).into_iter().any(|turn| self.is_busy(turn)))
    }

    /// The scopes of the turns of a box that are under way.
    pub(super) fn turns_of(&self, spot: Spot) -> Vec<ScopeKey> {
        let is_turn = |scope: &Scope<'_>| scope.turn_of.is_some_and(|(of, _)| of == spot);
        self.scopes.iter().filter(|(_, scope)| is_turn(scope)).map(|(key, _)| *key).collect()
    }

    pub(super) fn open_box_mut(&mut self, spot: Spot) -> Option<&mut super::open_box::OpenBox> {
        self.step_mut(spot)?.open_box.as_deref_mut()
    }
}
