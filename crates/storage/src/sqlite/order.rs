//! Runs that go one at a time: for each workflow and order key one is on its way, the others stand in line behind it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ready::Waiting;

/// What runs must share to go one at a time.
type Key = (i64, Arc<str>);

/// The lines of runs with an order key.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: HashMap<Key, Line>,
    /// How many stand behind another one, by workflow.
    waiting: HashMap<i64, usize>,
}

#[derive(Debug)]
struct Line {
    /// The run that is on its way: due, parked or held.
    head: i64,
    /// Those behind it, by run key.
    waiting: BTreeMap<i64, Waiting>,
}

impl Lines {
    /// A run arrives. It is given back when nothing keeps it from going at once; else it stands in line from now on.
    pub(super) fn enter(&mut self, run_key: i64, waiting: Waiting) -> Option<Waiting> {
        let Some(order_key) = waiting.order_key.clone() else { return Some(waiting) };
        match self.lines.entry((waiting.workflow_key, order_key)) {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Line { head: run_key, waiting: BTreeMap::new() });
                Some(waiting)
            }
            std::collections::hash_map::Entry::Occupied(mut line) => {
                *self.waiting.entry(waiting.workflow_key).or_default() += 1;
                line.get_mut().waiting.insert(run_key, waiting);
                None
            }
        }
    }

    /// A run that was on its way is over. Returns the one behind it, which may go now.
    pub(super) fn leave(&mut self, run_key: i64, workflow_key: i64, order_key: Arc<str>) -> Option<(i64, Waiting)> {
        let key = (workflow_key, order_key);
        let line = self.lines.get_mut(&key).filter(|line| line.head == run_key)?;
        let next = line.waiting.pop_first();
        match &next {
            Some((next_key, _)) => {
                line.head = *next_key;
                self.one_less(workflow_key);
            }
            None => {
                self.lines.remove(&key);
            }
        }
        next
    }

    /// How many runs of a workflow stand behind another one.
    pub(super) fn waiting_of(&self, workflow_key: i64) -> usize {
        self.waiting.get(&workflow_key).copied().unwrap_or(0)
    }

    /// Takes a run out that stands in line.
    pub(super) fn remove_waiting(&mut self, run_key: i64, workflow_key: i64) -> Option<Waiting> {
        let mut lines = self.lines.iter_mut().filter(|((workflow, _), _)| *workflow == workflow_key);
        let removed = lines.find_map(|(_, line)| line.waiting.remove(&run_key));
        if removed.is_some() {
            self.one_less(workflow_key);
        }
        removed
    }

    fn one_less(&mut self, workflow_key: i64) {
        if let Some(count) = self.waiting.get_mut(&workflow_key) {
            *count -= 1;
            if *count == 0 {
                self.waiting.remove(&workflow_key);
            }
        }
    }
}
