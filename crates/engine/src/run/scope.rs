//! A scope: the nodes of a run outside of any box, or one turn of a box, and how far each has come.

use std::sync::Arc;

use model::{NodeError, NodeId, StepStatus, Timestamp};
use nodes::Incoming;
use nodes::effect::Reply;
use serde_json::Value;
use storage::StepRecord;

use super::open_box::OpenBox;
use super::suspended::Suspended;
use crate::plan::{Begin, Plan, Shape, StepState, plan, ways};

/// Names a scope of a run at work.
pub(super) type ScopeKey = u64;

/// The scope of the nodes outside of any box.
pub(super) const ROOT: ScopeKey = 0;

/// A step of a run at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) scope: ScopeKey,
    pub(super) place: usize,
}

/// A scope of a run at work.
pub(super) struct Scope<'a> {
    pub(super) shape: &'a Shape,
    pub(super) begin: Begin,
    /// Which turn; empty outside of boxes.
    pub(super) iteration: Arc<str>,
    /// The box's own step and the turn's number; none outside of boxes.
    pub(super) turn_of: Option<(Spot, usize)>,
    /// What its steps see.
    pub(super) context: Arc<Value>,
    pub(super) steps: Vec<Option<Step>>,
    /// How many of its own attempts are under way.
    pub(super) in_flight: usize,
    /// Nothing new begins here, because something failed around it.
    pub(super) is_halted: bool,
    /// Whether its turn is on record as running.
    pub(super) is_on_record: bool,
    pub(super) started_at: Timestamp,
}

/// One node in a scope, once it was reached.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) state: StepState,
    pub(super) started_at: Timestamp,
    /// How many attempts have begun.
    pub(super) attempts: u32,
    pub(super) error: Option<NodeError>,
    /// What it waits for; [`Suspended::Each`] never stands here.
    pub(super) held: Option<Suspended>,
    /// What came for it.
    pub(super) reply: Option<Reply>,
    /// What goes out, while something that must not be done twice is under way.
    pub(super) exposed: Option<Vec<Value>>,
    /// Whether the end of a process cut its last attempt off.
    pub(super) was_cut_off: bool,
    /// Its turns, when it is a box that is not over.
    pub(super) open_box: Option<Box<OpenBox>>,
}

impl Step {
    /// A step as it begins.
    pub(super) fn begun(now: Timestamp) -> Self {
        Self {
            state: StepState { status: StepStatus::Running, port: None, retry_at: None },
            started_at: now,
            attempts: 0,
            error: None,
            held: None,
            reply: None,
            exposed: None,
            was_cut_off: false,
            open_box: None,
        }
    }

    /// As it is recorded while it is not over.
    pub(super) fn record(&self, node: &NodeId, iteration: &str) -> StepRecord {
        let state = match (&self.held, &self.open_box) {
            _ if self.exposed.is_some() => Some(Suspended::Intent.to_value()),
            (Some(held), _) => Some(held.to_value()),
            (None, Some(open)) => Some(open.to_value()),
            (None, None) => None,
        };
        StepRecord {
            node: node.clone(),
            iteration: iteration.to_owned(),
            status: self.state.status,
            port: None,
            output: None,
            error: self.error.clone(),
            attempts: self.attempts,
            started_at: self.started_at,
            finished_at: None,
            retry_at: self.state.retry_at,
            state,
        }
    }
}

impl<'a> Scope<'a> {
    /// A scope in which nothing has begun.
    pub(super) fn new(shape: &'a Shape, begin: Begin, context: Arc<Value>, started_at: Timestamp) -> Self {
        Self {
            shape,
            begin,
            iteration: Arc::from(""),
            turn_of: None,
            context,
            steps: (0..shape.len()).map(|_| None).collect(),
            in_flight: 0,
            is_halted: false,
            is_on_record: false,
            started_at,
        }
    }

    /// What it does next.
    pub(super) fn plan(&self, now: Timestamp) -> Plan {
        plan(self.shape, self.begin, |place| self.steps[place].as_ref().map(|step| &step.state), now)
    }

    /// The edges that lead to the node at a place, and how they were decided.
    pub(super) fn ways_to(&self, place: usize) -> Vec<Incoming> {
        ways(self.shape, self.begin, place, |place| self.steps[place].as_ref().map(|step| &step.state))
    }

    /// The step at a place, if it was reached.
    pub(super) fn step(&self, place: usize) -> Option<&Step> {
        self.steps.get(place).and_then(Option::as_ref)
    }

    /// The step at a place; it begins now if it was not reached before.
    pub(super) fn step_mut(&mut self, place: usize, now: Timestamp) -> &mut Step {
        self.steps[place].get_or_insert_with(|| Step::begun(now))
    }

    /// The places of the boxes that are not over.
    pub(super) fn open_boxes(&self) -> Vec<usize> {
        let is_open = |step: &Option<Step>| step.as_ref().is_some_and(|step| step.open_box.is_some());
        self.steps.iter().enumerate().filter(|(_, step)| is_open(step)).map(|(place, _)| place).collect()
    }

    /// The steps that were reached and are not over, by place.
    pub(super) fn open_places(&self) -> Vec<usize> {
        let is_open = |step: &Option<Step>| step.as_ref().is_some_and(|step| !step.state.status.is_final());
        self.steps.iter().enumerate().filter(|(_, step)| is_open(step)).map(|(place, _)| place).collect()
    }

    /// Takes a step's output into what the steps after it see.
    pub(super) fn see(&mut self, place: usize, output: Value) {
        let node = self.shape.node(place).0.clone();
        if let Some(Value::Object(steps)) = Arc::make_mut(&mut self.context).get_mut("steps") {
            steps.insert(node, output);
        }
    }

    /// The output of a turn: that of its last node, or of each of several by its id. None when no last node was reached,
    /// because filters ended every branch.
    pub(super) fn take_output(&mut self) -> Option<Value> {
        let is_reached = |place: &usize| {
            self.step(*place).is_some_and(|step| {
                step.state.status == StepStatus::Succeeded
                    || step.state.status == StepStatus::Failed && step.state.port.is_some()
            })
        };
        let reached: Vec<usize> = self.shape.last_places().filter(is_reached).collect();
        let is_alone = self.shape.last_places().count() == 1;
        let shape = self.shape;
        let mut take = |place: usize| {
            let steps = Arc::make_mut(&mut self.context).get_mut("steps").and_then(Value::as_object_mut);
            steps.and_then(|steps| steps.remove(shape.node(place).as_str())).unwrap_or_default()
        };
        match reached[..] {
            [] => None,
            [only] if is_alone => Some(take(only)),
            _ => Some(Value::Object(
                reached.into_iter().map(|place| (shape.node(place).0.clone(), take(place))).collect(),
            )),
        }
    }
}
