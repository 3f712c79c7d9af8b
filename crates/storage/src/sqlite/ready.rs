//! Which runs may be worked on, in memory: SQLite has one server, so the rows on disk need to be read only at its start.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use model::{Event, NodeId, RunId, Timestamp};

use crate::queue::{Gate, RunMode};

/// What is known of an unfinished run without asking the database.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) workflow_key: i64,
    pub(super) epoch: i64,
    /// Known only for a run that was accepted just now; else the database has it.
    pub(super) fresh: Option<Fresh>,
}

/// Everything of a run that was accepted just now.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) run: RunId,
    pub(super) definition_key: i64,
    pub(super) mode: RunMode,
    pub(super) trigger_node: NodeId,
    pub(super) event: Arc<Event>,
    pub(super) created_at: Timestamp,
    pub(super) memory_bytes: usize,
}

/// The unfinished runs: some are due, some wait for a moment, the others are held by workers.
///
/// Workflows take turns, so that one with a long queue never keeps another waiting.
#[derive(Debug, Default)]
pub(super) struct Ready {
    due: HashMap<i64, VecDeque<(i64, Waiting)>>,
    turns: VecDeque<i64>,
    parked: BTreeSet<(Timestamp, i64)>,
    parked_runs: HashMap<i64, (Timestamp, Waiting)>,
    held: HashMap<i64, i64>,
    fresh_bytes: usize,
}

impl Ready {
    /// How many runs are unfinished.
    pub(super) fn len(&self) -> usize {
        self.due.values().map(VecDeque::len).sum::<usize>() + self.parked_runs.len() + self.held.len()
    }

    /// How many bytes of fresh events are kept.
    pub(super) fn fresh_bytes(&self) -> usize {
        self.fresh_bytes
    }

    /// Adds a run that may be worked on at once.
    pub(super) fn add_due(&mut self, run_key: i64, waiting: Waiting) {
        self.fresh_bytes += waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
        let line = self.due.entry(waiting.workflow_key).or_default();
        if line.is_empty() {
            self.turns.push_back(waiting.workflow_key);
        }
        line.push_back((run_key, waiting));
    }

    /// Adds a run that waits for a moment.
    pub(super) fn add_parked(&mut self, run_key: i64, until: Timestamp, waiting: Waiting) {
        self.parked.insert((until, run_key));
        self.parked_runs.insert(run_key, (until, waiting));
    }

    /// Ends the hold on a run.
    pub(super) fn let_go(&mut self, run_key: i64) -> Option<i64> {
        self.held.remove(&run_key)
    }

    /// Forgets a run, wherever it stands.
    pub(super) fn remove(&mut self, run_key: i64) {
        self.held.remove(&run_key);
        if let Some((until, _)) = self.parked_runs.remove(&run_key) {
            self.parked.remove(&(until, run_key));
        }
        for line in self.due.values_mut() {
            line.retain(|(key, _)| *key != run_key);
        }
        self.due.retain(|_, line| !line.is_empty());
        let due = &self.due;
        self.turns.retain(|workflow| due.contains_key(workflow));
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
            if let Some((run_key, waiting)) = line.pop_front() {
                self.held.insert(run_key, workflow);
                self.fresh_bytes -= waiting.fresh.as_ref().map_or(0, |fresh| fresh.memory_bytes);
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    struct Closed(HashSet<i64>);

    impl Gate for Closed {
        fn admit(&self, workflow_key: i64) -> bool {
            !self.0.contains(&workflow_key)
        }

        fn give_back(&self, _: i64) {}
    }

    fn waiting(workflow_key: i64) -> Waiting {
        Waiting { workflow_key, epoch: 0, fresh: None }
    }

    fn keys(taken: &[(i64, Waiting)]) -> Vec<i64> {
        taken.iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn workflows_take_turns() {
        let mut ready = Ready::default();
        for run in [1, 2, 3] {
            ready.add_due(run, waiting(100));
        }
        ready.add_due(4, waiting(200));
        let open = Closed(HashSet::new());
        assert_eq!(keys(&ready.take(10, Timestamp(0), &open)), [1, 4, 2, 3]);
        assert_eq!(ready.len(), 4, "held runs are unfinished, too");
    }

    #[test]
    fn a_workflow_that_the_gate_refuses_does_not_hold_up_the_others() {
        let mut ready = Ready::default();
        ready.add_due(1, waiting(100));
        ready.add_due(2, waiting(200));
        assert_eq!(keys(&ready.take(10, Timestamp(0), &Closed(HashSet::from([100])))), [2]);
        assert_eq!(keys(&ready.take(10, Timestamp(0), &Closed(HashSet::new()))), [1]);
    }

    #[test]
    fn a_parked_run_is_due_at_its_moment() {
        let mut ready = Ready::default();
        ready.add_parked(1, Timestamp(50), waiting(100));
        let open = Closed(HashSet::new());
        assert_eq!(ready.next_due(), Some(Timestamp(50)));
        assert!(ready.take(10, Timestamp(49), &open).is_empty());
        assert_eq!(keys(&ready.take(10, Timestamp(50), &open)), [1]);
    }

    #[test]
    fn a_removed_run_is_nowhere() {
        let mut ready = Ready::default();
        ready.add_due(1, waiting(100));
        ready.add_parked(2, Timestamp(50), waiting(100));
        ready.remove(1);
        ready.remove(2);
        assert_eq!(ready.len(), 0);
        assert!(ready.take(10, Timestamp(99), &Closed(HashSet::new())).is_empty());
    }
}
