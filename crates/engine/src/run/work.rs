//! The loop of one run: begins what can begin, waits for what is under way, and takes in what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use model::{AttemptStatus, Node, NodeId, RetryPolicy, RunStatus, StepStatus, Timestamp};
use nodes::effect::Reply;
use serde_json::Value;
use storage::AttemptRecord;
use storage::crash_points::{self, CrashPoint};
use storage::queue::{Claim, Ending, Next};

use super::journal::Journal;
use super::scope::{ROOT, Scope, ScopeKey, Spot, Step};
use super::suspended::Suspended;
use crate::engine::Shared;
use crate::gate::Place;
use crate::live::{Answer, News};
use crate::plan::{Plan, StepState};
use crate::prepared::Prepared;
use crate::step::{Acting, Stage, Try, begin, carry_on, resume};
use crate::transition::{Attempt, FailureRules, conclude, is_for_a_person};

/// A step that takes longer is recorded as running, so that the history shows it, in milliseconds.
const SHOW_RUNNING_AFTER_MS: u64 = 250;

/// So many stages are taken in at once at the most before others get their turn.
const MOST_STAGES: usize = 64;

/// A run at work.
pub(super) struct Work<'a> {
    pub(super) shared: &'a Shared,
    pub(super) prepared: &'a Prepared,
    pub(super) claim: Claim,
    pub(super) place: Option<Place>,
    pub(super) started_at: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) scopes: BTreeMap<ScopeKey, Scope<'a>>,
    pub(super) next_key: ScopeKey,
    /// Scopes in which something may begin or end.
    pub(super) dirty: BTreeSet<ScopeKey>,
    /// Scopes in which something could begin if less were under way.
    pub(super) hungry: BTreeSet<ScopeKey>,
    /// When waiting steps are due. One that went on earlier may still stand here.
    pub(super) timers: BTreeSet<(Timestamp, ScopeKey)>,
    pub(super) in_flight: FuturesUnordered<BoxFuture<'a, (Spot, Stage<'a>)>>,
    /// Attempts that want to act outside.
    pub(super) acting: Vec<(Spot, Acting<'a>)>,
    /// The step that a person must decide about; nothing begins any more.
    pub(super) in_doubt: Option<Spot>,
    pub(super) journal: Journal,
    /// The step outside of any box that ended last with an output.
    pub(super) last_step: Option<usize>,
}

impl<'a> Work<'a> {
    /// The output of the step that ended last.
    pub(super) fn last_output(&self) -> Option<&Value> {
        let root = self.scopes.get(&ROOT)?;
        root.context["steps"].get(root.shape.node(self.last_step?).as_str())
    }

    /// Lets another run of the workflow begin.
    pub(super) fn leave_place(&mut self) {
        self.place = None;
    }

    /// Goes on until the run ends or must wait; none when it was taken away.
    pub(super) async fn until_stopped(&mut self) -> Option<Next> {
        loop {
            let now = self.shared.clock.now();
            if now >= self.deadline {
                return Some(Next::End(self.too_late(now)));
            }
            while let Some((due, scope)) = self.timers.first().copied().filter(|(due, _)| *due <= now) {
                self.timers.remove(&(due, scope));
                self.dirty.insert(scope);
            }
            if let Some(next) = self.advance(now) {
                return Some(next);
            }
            self.act_outside().await?;
            if self.journal.is_full() {
                self.record(Next::Continue).await.ok()?;
            }
            for (spot, stage) in self.next_stages().await? {
                self.take(spot, stage).await;
            }
        }
    }

    /// Begins and ends all that can begin and end. Some: nothing more is to be done for now.
    fn advance(&mut self, now: Timestamp) -> Option<Next> {
        while let Some(scope) = self.dirty.pop_first() {
            if let Some(ending) = self.look_at(scope, now) {
                return Some(Next::End(ending));
            }
        }
        if !self.in_flight.is_empty() || !self.acting.is_empty() {
            return None;
        }
        if let Some(spot) = self.in_doubt {
            return Some(Next::End(self.doubtful(spot, now)));
        }
        let due = self.timers.first().map_or(self.deadline, |(due, _)| (*due).min(self.deadline));
        Some(Next::Park { until: Some(due) })
    }

    fn look_at(&mut self, key: ScopeKey, now: Timestamp) -> Option<Ending> {
        if self.in_doubt.is_some() {
            return None;
        }
        let scope = self.scopes.get(&key)?;
        if !scope.is_halted {
            for place in scope.open_boxes() {
                self.tend_box(Spot { scope: key, place }, now);
            }
        }
        let scope = self.scopes.get(&key)?;
        match scope.plan(now) {
            Plan::Fail(place) => {
                self.halt(key);
                if self.is_busy(key) {
                    return None;
                }
                if key == ROOT {
                    return Some(self.failed(place, now));
                }
                self.fail_turn(key, place, now);
            }
            _ if scope.is_halted => {}
            Plan::Start(places) => self.start(key, places, now),
            Plan::Await => {}
            Plan::Over if key == ROOT => {
                let output = self.last_output().filter(|_| self.claim.parent.is_some()).cloned().unwrap_or_default();
                return Some(Ending { output, ..Ending::new(RunStatus::Succeeded, now) });
            }
            Plan::Over => self.complete_turn(key, now),
        }
        None
    }

    fn start(&mut self, key: ScopeKey, places: Vec<usize>, now: Timestamp) {
        let under_way = self.in_flight.len() + self.acting.len();
        let free = self.shared.settings.max_parallel_steps.max(1).saturating_sub(under_way);
        if places.len() > free {
            self.hungry.insert(key);
        }
        for place in places.into_iter().take(free) {
            self.begin_step(Spot { scope: key, place }, now);
        }
    }

    /// Begins a step or its next attempt, or goes on with one that has waited.
    fn begin_step(&mut self, spot: Spot, now: Timestamp) {
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let step = scope.step_mut(spot.place, now);
        step.state = StepState { status: StepStatus::Running, port: None, retry_at: None };
        let resumed = match &step.held {
            Some(Suspended::Wait { state, .. } | Suspended::Call { state, .. }) => {
                Some((state.clone(), step.reply.take().unwrap_or(Reply::Time)))
            }
            _ => None,
        };
        if resumed.is_none() {
            step.attempts += 1;
            step.was_cut_off = false;
        }
        let Some(this) = self.attempt_of(spot, now) else { return };
        self.tell_step(spot, StepStatus::Running);
        let (shared, prepared) = (self.shared, self.prepared);
        self.fly(spot, async move {
            match resumed {
                None => begin(shared, prepared, this).await,
                Some((state, reply)) => resume(shared, prepared, this, state, reply).await,
            }
        });
    }

    /// Lets something that belongs to a step go on beside everything else.
    pub(super) fn fly(&mut self, spot: Spot, stage: impl Future<Output = Stage<'a>> + Send + 'a) {
        if let Some(scope) = self.scopes.get_mut(&spot.scope) {
            scope.in_flight += 1;
        }
        self.in_flight.push(Box::pin(async move { (spot, stage.await) }));
    }

    /// The present attempt of a step.
    pub(super) fn attempt_of(&self, spot: Spot, now: Timestamp) -> Option<Try<'a>> {
        let scope = self.scopes.get(&spot.scope)?;
        let step = scope.step(spot.place)?;
        let node = self.node(spot)?;
        let limit_ms = node.timeout_ms.unwrap_or(self.shared.settings.default_timeout_ms);
        Some(Try {
            node,
            iteration: scope.iteration.clone(),
            number: step.attempts,
            step_started_at: step.started_at,
            run: self.claim.run,
            run_key: Some(self.claim.lease.run_key),
            workflow_key: Some(self.claim.workflow_key),
            context: scope.context.clone(),
            given: self.claim.given.get(&node.id).cloned(),
            incoming: scope.ways_to(spot.place),
            limit_ms: limit_ms.min(self.deadline.ms_since(now)).max(1),
        })
    }

    /// Lets the attempts act outside that want to. What must be on disk before that is recorded first; none when the run was
    /// taken away.
    async fn act_outside(&mut self) -> Option<()> {
        if self.acting.is_empty() {
            return Some(());
        }
        let acting = std::mem::take(&mut self.acting);
        let is_exposed = acting.iter().any(|(_, acting)| !acting.is_safe);
        if is_exposed {
            crash_points::reached(CrashPoint::BeforeIntent);
            for (spot, acting) in acting.iter().filter(|(_, acting)| !acting.is_safe) {
                self.note_intent(*spot, acting);
            }
        }
        if is_exposed || self.journal.is_urgent() {
            self.record(Next::Continue).await.ok()?;
        }
        if is_exposed {
            crash_points::reached(CrashPoint::AfterIntent);
        }
        let (shared, prepared) = (self.shared, self.prepared);
        for (spot, acting) in acting {
            // It is under way already, which `fly` would count a second time.
            let stage = Box::pin(async move { (spot, carry_on(shared, prepared, acting).await) });
            self.in_flight.push(stage);
        }
        Some(())
    }

    /// Writes down what is about to be done that must not be done twice.
    fn note_intent(&mut self, spot: Spot, acting: &Acting<'a>) {
        let exchanges = acting.exchanges(self.shared);
        let node = self.node_id(spot).clone();
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let iteration = scope.iteration.clone();
        let Some(step) = scope.steps.get_mut(spot.place).and_then(Option::as_mut) else { return };
        step.exposed = Some(exchanges.clone());
        let record = step.record(&node, &iteration);
        let attempt = AttemptRecord {
            node,
            iteration: iteration.as_ref().to_owned(),
            number: step.attempts,
            status: AttemptStatus::Started,
            started_at: acting.started_at(),
            finished_at: None,
            error: None,
            exchanges,
        };
        self.note_step(spot.scope, record);
        self.journal.add_attempt(attempt);
    }

    /// Waits for something that is under way. Empty: it is time to look again; none: the run was taken away.
    async fn next_stages(&mut self) -> Option<Vec<(Spot, Stage<'a>)>> {
        let mut stages = Vec::new();
        while let Some(Some(stage)) = self.in_flight.next().now_or_never() {
            stages.push(stage);
            if stages.len() >= MOST_STAGES {
                break;
            }
        }
        if !stages.is_empty() {
            return Some(stages);
        }
        // Nothing is at hand, so this is the moment to store what happened outside.
        if self.journal.is_urgent() {
            self.record(Next::Continue).await.ok()?;
        }
        let show = Duration::from_millis(SHOW_RUNNING_AFTER_MS);
        if let Ok(stage) = tokio::time::timeout(show, self.in_flight.next()).await {
            return Some(stage.into_iter().collect());
        }
        self.show_running();
        self.record(Next::Continue).await.ok()?;
        let wake_at = self.timers.first().map_or(self.deadline, |(due, _)| (*due).min(self.deadline));
        let left = Duration::from_millis(wake_at.ms_since(self.shared.clock.now()).max(1));
        let stage = tokio::time::timeout(left, self.in_flight.next()).await;
        Some(stage.ok().flatten().into_iter().collect())
    }

    /// Notes the steps that are under way, so that a person who looks sees where the run is.
    fn show_running(&mut self) {
        let mut running = Vec::new();
        for (key, scope) in &self.scopes {
            for place in scope.open_places() {
                let Some(step) = scope.step(place) else { continue };
                // A box is on record since it began, with all its items.
                if step.state.status == StepStatus::Running && step.open_box.is_none() {
                    running.push((*key, step.record(scope.shape.node(place), &scope.iteration)));
                }
            }
        }
        for (scope, record) in running {
            self.note_step(scope, record);
        }
    }

    /// Takes in how far an attempt has come.
    async fn take(&mut self, spot: Spot, stage: Stage<'a>) {
        if let Stage::Acts(acting) = stage {
            return self.acting.push((spot, *acting));
        }
        if let Some(scope) = self.scopes.get_mut(&spot.scope) {
            scope.in_flight -= 1;
        }
        self.dirty.append(&mut self.hungry);
        self.touch(spot.scope);
        match stage {
            Stage::Over(attempt) => self.apply(spot, attempt),
            Stage::Suspends(suspends) => self.suspend(spot, *suspends).await,
            Stage::Acts(_) => {}
        }
    }

    /// Something changed in a scope. In one that is halted, the scopes around it may wait for just that.
    pub(super) fn touch(&mut self, key: ScopeKey) {
        self.dirty.insert(key);
        let mut at = self.scopes.get(&key).filter(|scope| scope.is_halted);
        while let Some((of, _)) = at.and_then(|scope| scope.turn_of) {
            self.dirty.insert(of.scope);
            at = self.scopes.get(&of.scope);
        }
    }

    /// Takes in an attempt that is over.
    pub(super) fn apply(&mut self, spot: Spot, attempt: Attempt) {
        let Some(node) = self.node(spot) else { return };
        let (default, never);
        let retry = match &node.retry {
            Some(policy) => policy,
            None if self.prepared.acts(&node.id) => {
                default = self.shared.settings.default_retry.clone();
                &default
            }
            None => {
                never = RetryPolicy::never();
                &never
            }
        };
        let rules =
            FailureRules { retry, has_error_edge: self.prepared.has_error_edge(&node.id), on_error: node.on_error };
        let acted = !attempt.exchanges.is_empty();
        let (step, kept) = conclude(attempt, &rules, (self.shared.chance)());
        if node.node_type == "respond" && step.status == StepStatus::Succeeded {
            let output = step.output.clone().unwrap_or_default();
            self.shared.live.answer(self.claim.run, || Answer::Responded(output));
        }
        self.tell_step(spot, step.status);
        if step.error.as_ref().is_some_and(is_for_a_person) {
            self.in_doubt.get_or_insert(spot);
        }
        if acted {
            self.journal.must_record();
        }
        self.remember(spot, &step);
        if let Some(due) = step.retry_at {
            self.timers.insert((due, spot.scope));
        }
        self.note_step(spot.scope, step);
        if let Some(attempt) = kept {
            self.journal.add_attempt(attempt);
        }
    }

    /// Takes a step's state into the plan and its output into what later steps see.
    pub(super) fn remember(&mut self, spot: Spot, record: &storage::StepRecord) {
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let is_over = record.status.is_final();
        scope.steps[spot.place] = Some(Step {
            state: StepState { status: record.status, port: record.port.clone(), retry_at: record.retry_at },
            attempts: record.attempts,
            error: record.error.clone(),
            ..Step::begun(record.started_at)
        });
        if let Some(output) = record.output.clone().filter(|_| is_over) {
            if spot.scope == ROOT {
                self.last_step = Some(spot.place);
            }
            scope.see(spot.place, output);
        }
    }

    /// The node at a spot.
    pub(super) fn node(&self, spot: Spot) -> Option<&'a Node> {
        let shape = self.scopes.get(&spot.scope)?.shape;
        self.prepared.node(shape.node(spot.place))
    }

    /// The id of the node at a spot of a scope that is open.
    pub(super) fn node_id(&self, spot: Spot) -> &'a NodeId {
        self.scopes[&spot.scope].shape.node(spot.place)
    }

    /// The step at a spot, once it was reached.
    pub(super) fn step_mut(&mut self, spot: Spot) -> Option<&mut Step> {
        self.scopes.get_mut(&spot.scope)?.steps.get_mut(spot.place)?.as_mut()
    }

    pub(super) fn tell_step(&self, spot: Spot, status: StepStatus) {
        let (workflow, run) = (self.prepared.workflow, self.claim.run);
        self.shared.live.tell(|| News::Step { workflow, run, node: self.node_id(spot).clone(), status });
    }
}
