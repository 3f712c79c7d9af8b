//! How many runs of each workflow are at work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use storage::queue::Gate;
use tokio::sync::Notify;

/// The limit of a workflow whose definition has not been read yet. The first run reads it and lets the others in.
const FIRST_LIMIT: u32 = 1;

/// Counts the runs at work, by workflow. A quarter of all places is kept for the others: none takes them all.
#[derive(Debug)]
pub(crate) struct WorkflowGate {
    places: Mutex<HashMap<i64, Places>>,
    /// How many places one workflow may have at the most.
    most: u32,
    /// Wakes the worker when a place is free again.
    pub(crate) freed: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Places {
    taken: u32,
    limit: u32,
}

impl WorkflowGate {
    /// With so many places for all workflows together.
    pub(crate) fn new(places: usize) -> Self {
        let most = u32::try_from(places - places / 4).unwrap_or(u32::MAX).max(1);
        Self { places: Mutex::default(), most, freed: Notify::new() }
    }

    /// Sets how many runs of a workflow may be at work.
    pub(crate) fn set_limit(&self, workflow_key: i64, limit: u32) {
        let limit = limit.clamp(1, self.most);
        let before = {
            let mut places = self.lock();
            let places = places.entry(workflow_key).or_insert(Places { taken: 0, limit });
            std::mem::replace(&mut places.limit, limit)
        };
        if limit > before {
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Places>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate for WorkflowGate {
    fn admit(&self, workflow_key: i64) -> bool {
        let mut places = self.lock();
        let places = places.entry(workflow_key).or_insert(Places { taken: 0, limit: FIRST_LIMIT });
        let free = places.taken < places.limit;
        places.taken += u32::from(free);
        free
    }

    fn give_back(&self, workflow_key: i64) {
        if let Some(places) = self.lock().get_mut(&workflow_key) {
            places.taken = places.taken.saturating_sub(1);
        }
        self.freed.notify_one();
    }
}

/// A run's place at work. It is free again when this is dropped.
pub(crate) struct Place {
    gate: Arc<WorkflowGate>,
    workflow_key: i64,
}

impl Place {
    /// Takes care of a place that [`Gate::admit`] took.
    pub(crate) fn new(gate: Arc<WorkflowGate>, workflow_key: i64) -> Self {
        Self { gate, workflow_key }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.give_back(self.workflow_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let gate = Arc::new(WorkflowGate::new(8));
        gate.set_limit(1, 1);
        assert!(gate.admit(1));
        let place = Place::new(gate.clone(), 1);
        assert!(!gate.admit(1));
        assert!(gate.admit(2), "another workflow has its own places");
        drop(place);
        assert!(gate.admit(1));
    }

    #[test]
    fn no_workflow_takes_every_place_whatever_its_limit_is() {
        for (places, most) in [(1, 1), (2, 2), (4, 3), (256, 192)] {
            let gate = WorkflowGate::new(places);
            gate.set_limit(1, 1_000);
            assert_eq!((0..1_000).filter(|_| gate.admit(1)).count(), most);
            assert!(gate.admit(2), "another workflow has its own places");
        }
    }

    #[test]
    fn a_workflow_whose_limit_is_not_known_yet_gets_one_place() {
        let gate = WorkflowGate::new(8);
        assert!(gate.admit(1));
        assert!(!gate.admit(1));
        gate.set_limit(1, 2);
        assert!(gate.admit(1));
        assert!(!gate.admit(1));
    }
}
