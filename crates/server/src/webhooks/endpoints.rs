//! What lies behind each address, kept in memory for a moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::{EndpointId, NodeId, Settings, WorkflowId};
use storage::{EndpointTarget, Storage, StorageError};

use super::trigger::Trigger;

/// How long an entry is believed. Changes through this process count at once; those of a command beside it after this.
const LIFETIME: Duration = Duration::from_secs(1);

/// How many addresses are kept; when there are more, all are read again.
const CAPACITY: usize = 10_000;

/// All that is needed to receive a request.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) endpoint_key: i64,
    pub(super) workflow_key: i64,
    pub(super) workflow: WorkflowId,
    pub(super) node: NodeId,
    pub(super) trigger: Trigger,
    /// Version and definition to run; none while the workflow is a draft or paused.
    pub(super) live: Option<(i32, i64)>,
    /// What the version that runs says of order and queue; the defaults while none does.
    pub(super) settings: Settings,
}

/// The addresses in memory.
#[derive(Debug)]
pub struct Endpoints {
    storage: Storage,
    known: Mutex<HashMap<EndpointId, (Instant, Arc<Target>)>>,
}

impl Endpoints {
    /// Reads from this storage.
    pub fn new(storage: Storage) -> Self {
        Self { storage, known: Mutex::default() }
    }

    /// Reads everything anew, because a workflow has changed.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// What lies behind an address; none when there is no such address.
    pub(super) async fn find(&self, id: EndpointId) -> Result<Option<Arc<Target>>, StorageError> {
        if let Some((read_at, target)) = self.lock().get(&id)
            && read_at.elapsed() < LIFETIME
        {
            return Ok(Some(target.clone()));
        }
        let read_at = Instant::now();
        let Some(stored) = self.storage.endpoint_target(id).await? else { return Ok(None) };
        let target = Arc::new(Target::of(stored));
        let mut known = self.lock();
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(id, (read_at, target.clone()));
        Ok(Some(target))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointId, (Instant, Arc<Target>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    fn of(stored: EndpointTarget) -> Self {
        let node = NodeId(stored.endpoint.node);
        let published = stored.published.as_ref().and_then(|(.., definition)| definition.node(&node));
        let trigger = Trigger::of(published.or_else(|| stored.draft.node(&node)));
        // A trigger that exists only in the draft is not live, even when an older version of its workflow is.
        let live = stored.published.as_ref().filter(|_| stored.active && published.is_some());
        let settings = live.map(|(.., definition)| definition.settings.clone()).unwrap_or_default();
        Self {
            settings,
            live: live.map(|(version, definition_key, _)| (*version, *definition_key)),
            endpoint_key: stored.endpoint.key,
            workflow_key: stored.workflow_key,
            workflow: stored.workflow,
            node,
            trigger,
        }
    }
}
