//! A run at work, built from what is on record of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{ErrorCode, Event, NodeError, StepStatus, Timestamp};
use nodes::effect::{CalledReply, Reply};
use storage::queue::{Claim, Turn};
use storage::{StepRecord, StorageError};

use super::context::of_run;
use super::journal::Journal;
use super::open_box::OpenBox;
use super::scope::{ROOT, Scope, ScopeKey, Spot};
use super::suspended::Suspended;
use super::work::Work;
use crate::at_work;
use crate::engine::Shared;
use crate::gate::Place;
use crate::plan::{Begin, StepState};
use crate::prepared::Prepared;
use crate::transition::is_for_a_person;

/// What is on record, by where it belongs: the steps by their turn, the turns by their box and the turn around it.
struct OnRecord {
    steps: HashMap<String, Vec<StepRecord>>,
    turns: HashMap<(String, String), Vec<Turn>>,
}

impl<'a> Work<'a> {
    /// The run as it stands.
    pub(super) async fn restore(
        shared: &'a Shared,
        prepared: &'a Prepared,
        mut claim: Claim,
        place: Place,
    ) -> Result<Self, StorageError> {
        if !claim.steps.is_empty() {
            at_work::busy();
        }
        let started_at = claim.started_at.unwrap_or_else(|| shared.clock.now());
        let shape = prepared.shape(None);
        let begin = shape.place_of(&claim.trigger_node).map_or(Begin::Nowhere, Begin::Trigger);
        // From here on the context has the content; a second copy would double what a run with a large event holds.
        let trigger = Arc::get_mut(&mut claim.event).map(Event::take_context);
        let trigger = trigger.unwrap_or_else(|| claim.event.to_context());
        let root = Scope::new(shape, begin, of_run(shared, prepared, (trigger, claim.run), started_at), started_at);
        let on_record = OnRecord::of(std::mem::take(&mut claim.steps), std::mem::take(&mut claim.turns));
        let mut work = Self {
            shared,
            prepared,
            place: Some(place),
            started_at,
            deadline: started_at.plus_ms(prepared.definition.settings.run_timeout_ms),
            scopes: BTreeMap::from([(ROOT, root)]),
            next_key: ROOT + 1,
            dirty: BTreeSet::from([ROOT]),
            hungry: BTreeSet::new(),
            timers: BTreeSet::new(),
            in_flight: futures_util::stream::FuturesUnordered::new(),
            acting: Vec::new(),
            in_doubt: None,
            journal: Journal::default(),
            last_step: None,
            claim,
        };
        if let Some(on_record) = on_record {
            Box::pin(work.restore_scope(ROOT, on_record)).await?;
        }
        Ok(work)
    }

    /// Takes the steps of a scope in, and then the turns of its boxes.
    async fn restore_scope(&mut self, root: ScopeKey, mut on_record: OnRecord) -> Result<(), StorageError> {
        let mut scopes = vec![root];
        while let Some(key) = scopes.pop() {
            let (shape, iteration) = (self.scopes[&key].shape, self.scopes[&key].iteration.as_ref().to_owned());
            let mut boxes = Vec::new();
            for step in on_record.steps.remove(&iteration).unwrap_or_default() {
                let Some(place) = shape.place_of(&step.node) else {
                    // A step of another box with a turn of the same number.
                    on_record.steps.entry(iteration.clone()).or_default().push(step);
                    continue;
                };
                let spot = Spot { scope: key, place };
                if self.restore_step(spot, step).await? {
                    boxes.push(spot);
                }
            }
            for spot in boxes {
                let own = (self.node_id(spot).0.clone(), iteration.clone());
                let turns = on_record.turns.remove(&own).unwrap_or_default();
                self.restore_turns(spot, &turns, &mut scopes).await?;
            }
        }
        Ok(())
    }

    /// Takes a step in. Returns whether it is a box that is not over.
    async fn restore_step(&mut self, spot: Spot, record: StepRecord) -> Result<bool, StorageError> {
        at_work::busy();
        self.remember(spot, &record);
        if record.error.as_ref().is_some_and(is_for_a_person) && record.status == StepStatus::Failed {
            self.in_doubt.get_or_insert(spot);
        }
        if record.status.is_final() {
            return Ok(false);
        }
        let now = self.shared.clock.now();
        match record.state.clone().and_then(Suspended::from_value) {
            Some(Suspended::Each { items, rules, state }) => {
                let open = OpenBox::new(items, rules, state, self.shared.settings.max_output_bytes);
                if let Some(step) = self.step_mut(spot) {
                    step.state.status = StepStatus::Running;
                    step.open_box = Some(Box::new(open));
                }
                return Ok(true);
            }
            Some(Suspended::Intent) => self.restore_intent(spot, &record, now).await?,
            Some(held) => self.restore_held(spot, held, now).await,
            None if record.status == StepStatus::Running => self.due_again(spot, now),
            None => {
                if let Some(due) = record.retry_at {
                    self.timers.insert((due, spot.scope));
                }
            }
        }
        Ok(false)
    }

    /// A step was cut off by the end of a process: it begins again, and the attempt that was cut off counts.
    fn due_again(&mut self, spot: Spot, now: Timestamp) {
        if let Some(step) = self.step_mut(spot) {
            step.state = StepState { status: StepStatus::Waiting, port: None, retry_at: Some(now) };
            step.was_cut_off = true;
        }
    }

    async fn restore_held(&mut self, spot: Spot, held: Suspended, now: Timestamp) {
        let signal = self.signal_for(spot);
        let (due, reply) = match &held {
            Suspended::Wait { until, .. } => match signal.filter(|_| until.signal.is_some()) {
                Some(signal) => (Some(now), Some(Reply::Signal(signal))),
                None => (until.at, None),
            },
            Suspended::Call { run, .. } => {
                let called = match signal.and_then(|signal| serde_json::from_value(signal).ok()) {
                    Some(called) => Some(called),
                    None => self.ended_call(*run).await,
                };
                (called.as_ref().map(|_| now), called.map(Reply::Called))
            }
            Suspended::Each { .. } | Suspended::Intent => (None, None),
        };
        let Some(step) = self.step_mut(spot) else { return };
        step.state = StepState { status: StepStatus::Waiting, port: None, retry_at: due };
        step.held = Some(held);
        step.reply = reply;
        if let Some(due) = due {
            self.timers.insert((due, spot.scope));
        }
    }

    /// The end of a called run whose word did not arrive, because this run was no longer there when it ended.
    async fn ended_call(&mut self, run: model::RunId) -> Option<CalledReply> {
        let record = self.shared.storage.run(run).await.ok().filter(|record| record.status.is_final())?;
        let steps = self.shared.storage.run_steps(record.key).await.unwrap_or_default();
        let outer = steps.into_iter().filter(|step| step.iteration.is_empty() && step.output.is_some());
        let last = outer.max_by_key(|step| step.finished_at);
        let output = last.and_then(|step| step.output).filter(|_| record.error.is_none()).unwrap_or_default();
        Some(CalledReply { run, status: record.status, output, error: record.error.unwrap_or_default() })
    }

    /// What must not be done twice was being done when the process ended. Only a person can say what became of it.
    async fn restore_intent(&mut self, spot: Spot, record: &StepRecord, now: Timestamp) -> Result<(), StorageError> {
        let attempts = self.shared.storage.run_attempts(self.claim.lease.run_key).await?;
        let is_own = |attempt: &storage::AttemptRecord| {
            attempt.node == record.node && attempt.iteration == record.iteration && attempt.number == record.attempts
        };
        let exchanges = attempts.into_iter().find(is_own).map(|attempt| attempt.exchanges).unwrap_or_default();
        if let Some(step) = self.step_mut(spot) {
            step.exposed = Some(exchanges);
        }
        let cause = NodeError::passing(ErrorCode::Connection, "The server ended before an answer came.");
        self.doubt(spot, cause, now);
        Ok(())
    }

    /// Takes the turns of a box in, and opens the scopes of those that are not over.
    async fn restore_turns(
        &mut self,
        spot: Spot,
        turns: &[Turn],
        scopes: &mut Vec<ScopeKey>,
    ) -> Result<(), StorageError> {
        let now = self.shared.clock.now();
        for turn in turns {
            let Some(index) = turn.iteration.rsplit('/').next().and_then(|index| index.parse::<usize>().ok()) else {
                continue;
            };
            let Some(open) = self.open_box_mut(spot) else { continue };
            if turn.status.is_final() {
                open.restore_ended(index, turn.status);
            } else if let Some(item) = open.take_up(index)
                && let Some(key) = self.open_turn(spot, index, item, now)
            {
                if let Some(scope) = self.scopes.get_mut(&key) {
                    scope.is_on_record = true;
                }
                scopes.push(key);
            }
        }
        let node = self.node_id(spot);
        let iteration = self.scopes[&spot.scope].iteration.clone();
        let run_key = self.claim.lease.run_key;
        if turns.is_empty() || !self.open_box_mut(spot).is_some_and(|open| open.collects()) {
            return Ok(());
        }
        let mut outputs = self.shared.storage.turn_outputs(run_key, node, &iteration);
        loop {
            let part = outputs.next_part().await?;
            at_work::busy();
            let Some(open) = self.open_box_mut(spot).filter(|_| !part.is_empty()) else { return Ok(()) };
            for turn in part.into_iter().filter(|turn| turn.status == StepStatus::Succeeded) {
                open.keep(usize::try_from(turn.index).unwrap_or(usize::MAX), turn.output);
            }
        }
    }
}

impl OnRecord {
    /// None when nothing is on record, as of most runs that are taken up.
    fn of(steps: Vec<StepRecord>, turns: Vec<Turn>) -> Option<Self> {
        if steps.is_empty() {
            return None;
        }
        let mut on_record = Self { steps: HashMap::new(), turns: HashMap::new() };
        for step in steps {
            on_record.steps.entry(step.iteration.clone()).or_default().push(step);
        }
        for turn in turns {
            let around = turn.iteration.rsplit_once('/').map_or("", |(around, _)| around).to_owned();
            on_record.turns.entry((turn.node.0.clone(), around)).or_default().push(turn);
        }
        Some(on_record)
    }
}
