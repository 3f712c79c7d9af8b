//! Which runs may be worked on, in memory: SQLite has one server, so the rows on disk need to be read only at its start.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use model::{Event, Timestamp};

use super::order::Lines;
use crate::queue::{Gate, ParentLink, StartRun};

/// What is known of an unfinished run without asking the database.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) workflow_key: i64,
    pub(super) epoch: i64,
    /// Runs with the same go one at a time.
    pub(super) order_key: Option<Arc<str>>,
    /// How often in a row the process died while this run was at work.
    pub(super) crashes: u32,
    /// Known only for a run that was accepted just now; else the database has it.
    pub(super) fresh: Option<Box<Fresh>>,
}

/// Everything of a run that was accepted just now.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) start: StartRun,
    pub(super) event: Arc<Event>,
    pub(super) memory_bytes: usize,
}

/// What is known of a run that a worker holds.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) workflow_key: i64,
    pub(super) order_key: Option<Arc<str>>,
    pub(super) crashes: u32,
    /// Who waits for its end.
    pub(super) parent: Option<(model::RunId, ParentLink)>,
    /// Whether a signal came after it was handed out.
    pub(super) was_signalled: bool,
    /// Whether its worker knows of signals.
    pub(super) has_signals: bool,
    /// Its steps that have a state on record.
    pub(super) suspended: Arc<HashSet<StepKey>>,
}

/// A step of a run: its node, and which turn of a loop.
pub(super) type StepKey = (String, String);

/// The unfinished runs: some are due, some wait for a moment, some stand in line, the others are held by workers.
///
/// Workflows take turns, so that one with a long queue never keeps another waiting.
#[derive(Debug, Default)]
pub(super) struct Ready {
    due: HashMap<i64, VecDeque<(i64, Waiting)>>,
    turns: VecDeque<i64>,
    parked: BTreeSet<(Timestamp, i64)>,
    parked_runs: HashMap<i64, (Timestamp, Waiting)>,
    held: HashMap<i64, Held>,
    lines: Lines,
    /// Runs that got a signal before a worker had them: it is in the database, and not in what is known of them here.
    signalled_early: HashSet<i64>,
    unfinished: HashMap<i64, usize>,
    count: usize,
    fresh_bytes: usize,
    /// There while runs from before the start are still being read.
    loading: Option<Loading>,
}

/// What has happened while runs from before the start are still being read.
#[derive(Debug, Default)]
struct Loading {
    /// How many there are to read.
    left: usize,
    /// The last one of them.
    last_key: i64,
    /// Those that need not be read any more.
    known: HashSet<i64>,
    /// Those that something has come for.
    woken: HashSet<i64>,
    /// New ones that may have to stand in line behind one that was not read yet.
    later: Vec<(i64, Waiting)>,
}

impl Ready {
    /// How many runs are unfinished.
    pub(super) fn len(&self) -> usize {
        self.count + self.loading.as_ref().map_or(0, |loading| loading.left + loading.later.len())
    }

    /// From now on `count` runs with keys up to `last_key` are read and handed over with [`Self::load`].
    pub(super) fn start_loading(&mut self, count: usize, last_key: i64) {
        self.loading = Some(Loading { left: count, last_key, ..Loading::default() });
    }

    /// Whether runs from before the start are still being read.
    pub(super) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Adds runs from before the start.
    pub(super) fn load(&mut self, runs: Vec<(i64, Option<Timestamp>, Waiting)>) {
        for (run_key, until, waiting) in runs {
            let Some(loading) = &mut self.loading else { return };
            loading.left = loading.left.saturating_sub(1);
            if loading.known.remove(&run_key) {
                continue;
            }
            let until = until.filter(|_| !loading.woken.contains(&run_key));
            self.admit(run_key, until, waiting);
        }
    }

    /// All runs from before the start are there.
    pub(super) fn finish_loading(&mut self) {
        let later = self.loading.take().map(|loading| loading.later).unwrap_or_default();
        for (run_key, waiting) in later {
            self.fresh_bytes -= waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
            self.admit(run_key, None, waiting);
        }
    }

    /// How many runs of a workflow are unfinished.
    pub(super) fn unfinished_of(&self, workflow_key: i64) -> usize {
        self.unfinished.get(&workflow_key).copied().unwrap_or(0)
    }

    /// How many runs of a workflow wait for their turn: those that could go on if there were a place for them, and those that
    /// stand in line. Who is at work or waits for something else does not count.
    pub(super) fn waiting_of(&self, workflow_key: i64) -> usize {
        self.due.get(&workflow_key).map_or(0, VecDeque::len) + self.lines.waiting_of(workflow_key)
    }

    /// How many bytes of fresh events are kept.
    pub(super) fn fresh_bytes(&self) -> usize {
        self.fresh_bytes
    }

    /// Adds an unfinished run that was not here before: due at once, or at `until`.
    pub(super) fn enter(&mut self, run_key: i64, until: Option<Timestamp>, waiting: Waiting) {
        if let Some(loading) = &mut self.loading {
            if run_key <= loading.last_key {
                loading.known.insert(run_key);
            } else if waiting.order_key.is_some() {
                self.fresh_bytes += waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
                loading.later.push((run_key, waiting));
                return;
            }
        }
        self.admit(run_key, until, waiting);
    }

    fn admit(&mut self, run_key: i64, until: Option<Timestamp>, waiting: Waiting) {
        self.count += 1;
        *self.unfinished.entry(waiting.workflow_key).or_default() += 1;
        self.fresh_bytes += waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
        match (self.lines.enter(run_key, waiting), until) {
            (None, _) => {}
            (Some(waiting), None) => self.add_due(run_key, waiting),
            (Some(waiting), Some(until)) => self.add_parked(run_key, until, waiting),
        }
    }

    /// What is known of a run that is held.
    pub(super) fn held(&mut self, run_key: i64) -> Option<&mut Held> {
        self.held.get_mut(&run_key)
    }

    /// Ends the hold on a run that goes on later: at `until`, or at once when there is none or a signal has come meanwhile.
    pub(super) fn put_back(&mut self, run_key: i64, epoch: i64, until: Option<Timestamp>) {
        let Some(held) = self.held.remove(&run_key) else { return };
        let Held { workflow_key, order_key, crashes, was_signalled, .. } = held;
        let waiting = Waiting { workflow_key, epoch, order_key, crashes, fresh: None };
        match until.filter(|_| !was_signalled) {
            Some(until) => self.add_parked(run_key, until, waiting),
            None => self.add_due(run_key, waiting),
        }
    }

    /// Ends the hold on a run that is over. Returns whether another one is due by that.
    pub(super) fn finish(&mut self, run_key: i64) -> bool {
        match self.held.remove(&run_key) {
            Some(held) => self.left(run_key, held.workflow_key, held.order_key),
            None => false,
        }
    }

    /// Something has come that a run may wait for: it is due now, or as soon as it is put back.
    pub(super) fn wake_up(&mut self, run_key: i64) {
        if let Some(held) = self.held.get_mut(&run_key) {
            held.was_signalled = true;
        } else if let Some((until, waiting)) = self.parked_runs.remove(&run_key) {
            self.parked.remove(&(until, run_key));
            self.add_due(run_key, waiting);
        } else {
            self.signalled_early.insert(run_key);
            if let Some(loading) = &mut self.loading {
                loading.woken.insert(run_key);
            }
        }
    }

    /// Forgets a run of a workflow, wherever it stands.
    pub(super) fn remove(&mut self, run_key: i64, workflow_key: i64) {
        if self.held.contains_key(&run_key) {
            self.finish(run_key);
        } else if let Some((until, waiting)) = self.parked_runs.remove(&run_key) {
            self.parked.remove(&(until, run_key));
            self.left(run_key, workflow_key, waiting.order_key);
        } else if let Some(waiting) = self.remove_due(run_key, workflow_key) {
            self.forget_fresh(&waiting);
            self.left(run_key, workflow_key, waiting.order_key);
        } else if let Some(waiting) = self.lines.remove_waiting(run_key, workflow_key) {
            self.forget_fresh(&waiting);
            self.left(run_key, workflow_key, None);
        } else if let Some(loading) = &mut self.loading {
            let place = loading.later.iter().position(|(key, _)| *key == run_key);
            match place.map(|place| loading.later.remove(place)) {
                Some((_, waiting)) => self.forget_fresh(&waiting),
                None => {
                    loading.known.insert(run_key);
                }
            }
        }
    }

    /// Takes up to `limit` runs that are due now and that the gate admits; they are held from now on.
    pub(super) fn take(&mut self, limit: usize, now: Timestamp, gate: &dyn Gate) -> Vec<(i64, Waiting)> {
        self.wake(now);
        let mut taken = Vec::new();
        let mut refused = 0;
        while taken.len() < limit && refused < self.turns.len() {
            let Some(workflow) = self.turns.pop_front() else { break };
            if !gate.admit(workflow) {
                self.turns.push_back(workflow);
                refused += 1;
                continue;
            }
            refused = 0;
            let Some(line) = self.due.get_mut(&workflow) else { continue };
            if let Some((run_key, mut waiting)) = line.pop_front() {
                self.held.insert(run_key, Held::from(&waiting));
                self.fresh_bytes -= waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
                if self.signalled_early.remove(&run_key) {
                    waiting.fresh = None;
                }
                taken.push((run_key, waiting));
            }
            if line.is_empty() {
                self.due.remove(&workflow);
            } else {
                self.turns.push_back(workflow);
            }
        }
        taken
    }

    /// When the next parked run is due; none when no run is parked.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.parked.first().map(|(until, _)| *until)
    }

    fn add_due(&mut self, run_key: i64, waiting: Waiting) {
        let line = self.due.entry(waiting.workflow_key).or_default();
        if line.is_empty() {
            self.turns.push_back(waiting.workflow_key);
        }
        line.push_back((run_key, waiting));
    }

    fn add_parked(&mut self, run_key: i64, until: Timestamp, waiting: Waiting) {
        self.parked.insert((until, run_key));
        self.parked_runs.insert(run_key, (until, waiting));
    }

    fn remove_due(&mut self, run_key: i64, workflow_key: i64) -> Option<Waiting> {
        let line = self.due.get_mut(&workflow_key)?;
        let place = line.iter().position(|(key, _)| *key == run_key)?;
        let (_, waiting) = line.remove(place)?;
        if line.is_empty() {
            self.due.remove(&workflow_key);
            self.turns.retain(|workflow| *workflow != workflow_key);
        }
        Some(waiting)
    }

    fn forget_fresh(&mut self, waiting: &Waiting) {
        self.fresh_bytes -= waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
    }

    /// A run is over: it is not counted any more, and the one behind it may go.
    fn left(&mut self, run_key: i64, workflow_key: i64, order_key: Option<Arc<str>>) -> bool {
        self.count -= 1;
        self.signalled_early.remove(&run_key);
        if let Some(count) = self.unfinished.get_mut(&workflow_key) {
            *count -= 1;
            if *count == 0 {
                self.unfinished.remove(&workflow_key);
            }
        }
        let next = order_key.and_then(|order_key| self.lines.leave(run_key, workflow_key, order_key));
        let Some((next_key, next)) = next else { return false };
        self.add_due(next_key, next);
        true
    }

    fn wake(&mut self, now: Timestamp) {
        while let Some((until, run_key)) = self.parked.first().copied()
            && until <= now
        {
            self.parked.pop_first();
            if let Some((_, waiting)) = self.parked_runs.remove(&run_key) {
                self.add_due(run_key, waiting);
            }
        }
    }
}

impl From<&Waiting> for Held {
    fn from(waiting: &Waiting) -> Self {
        let start = waiting.fresh.as_ref().map(|fresh| &fresh.start);
        Self {
            workflow_key: waiting.workflow_key,
            order_key: waiting.order_key.clone(),
            crashes: waiting.crashes,
            parent: start.and_then(|start| Some((start.run, start.parent.clone()?))),
            was_signalled: false,
            has_signals: false,
            suspended: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed(HashSet<i64>);

    impl Gate for Closed {
        fn admit(&self, workflow_key: i64) -> bool {
            !self.0.contains(&workflow_key)
        }

        fn give_back(&self, _: i64) {}
    }

    fn waiting(workflow_key: i64) -> Waiting {
        Waiting { workflow_key, epoch: 0, order_key: None, crashes: 0, fresh: None }
    }

    fn keys(taken: &[(i64, Waiting)]) -> Vec<i64> {
        taken.iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn workflows_take_turns() {
        let mut ready = Ready::default();
        for run in [1, 2, 3] {
            ready.enter(run, None, waiting(100));
        }
        ready.enter(4, None, waiting(200));
        let open = Closed(HashSet::new());
        assert_eq!(keys(&ready.take(10, Timestamp(0), &open)), [1, 4, 2, 3]);
        assert_eq!(ready.len(), 4, "held runs are unfinished, too");
    }

    #[test]
    fn a_workflow_that_the_gate_refuses_does_not_hold_up_the_others() {
        let mut ready = Ready::default();
        ready.enter(1, None, waiting(100));
        ready.enter(2, None, waiting(200));
        assert_eq!(keys(&ready.take(10, Timestamp(0), &Closed(HashSet::from([100])))), [2]);
        assert_eq!(keys(&ready.take(10, Timestamp(0), &Closed(HashSet::new()))), [1]);
    }

    #[test]
    fn a_parked_run_is_due_at_its_moment() {
        let mut ready = Ready::default();
        ready.enter(1, Some(Timestamp(50)), waiting(100));
        let open = Closed(HashSet::new());
        assert_eq!(ready.next_due(), Some(Timestamp(50)));
        assert!(ready.take(10, Timestamp(49), &open).is_empty());
        assert_eq!(keys(&ready.take(10, Timestamp(50), &open)), [1]);
    }

    #[test]
    fn a_removed_run_is_nowhere() {
        let mut ready = Ready::default();
        ready.enter(1, None, waiting(100));
        ready.enter(2, Some(Timestamp(50)), waiting(100));
        ready.remove(1, 100);
        ready.remove(2, 100);
        assert_eq!(ready.len(), 0);
        assert!(ready.take(10, Timestamp(99), &Closed(HashSet::new())).is_empty());
    }

    fn ordered(workflow_key: i64, order_key: &str) -> Waiting {
        Waiting { order_key: Some(order_key.into()), ..waiting(workflow_key) }
    }

    #[test]
    fn runs_with_the_same_order_key_go_one_at_a_time() {
        let mut ready = Ready::default();
        for run in [1, 2, 3] {
            ready.enter(run, None, ordered(100, "customer 7"));
        }
        ready.enter(4, None, ordered(100, "customer 8"));
        ready.enter(5, None, ordered(200, "customer 7"));
        let open = Closed(HashSet::new());
        assert_eq!(keys(&ready.take(10, Timestamp(0), &open)), [1, 5, 4]);
        ready.put_back(1, 1, Some(Timestamp(50)));
        assert!(ready.take(10, Timestamp(49), &open).is_empty(), "a parked run keeps the others waiting");
        assert_eq!((ready.unfinished_of(100), ready.waiting_of(100)), (4, 2), "neither who is parked nor who is held");
        assert_eq!(keys(&ready.take(10, Timestamp(50), &open)), [1]);
        ready.remove(2, 100);
        ready.finish(1);
        assert_eq!((keys(&ready.take(10, Timestamp(50), &open)), ready.len(), ready.waiting_of(100)), (vec![3], 3, 0));
    }

    #[test]
    fn a_signal_wakes_a_parked_run_and_one_that_is_parked_later() {
        let mut ready = Ready::default();
        let open = Closed(HashSet::new());
        ready.enter(1, Some(Timestamp(50)), waiting(100));
        ready.wake_up(1);
        assert_eq!(keys(&ready.take(10, Timestamp(0), &open)), [1]);
        ready.wake_up(1);
        ready.put_back(1, 1, Some(Timestamp(50)));
        assert_eq!(keys(&ready.take(10, Timestamp(0), &open)), [1]);
        ready.put_back(1, 2, Some(Timestamp(50)));
        assert!(ready.take(10, Timestamp(0), &open).is_empty(), "the signal was handed out with the run");
    }
}
