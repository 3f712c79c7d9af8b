//! What happens right now, for those who watch: a sender that waits for its answer, a page that follows along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{EventId, EventStatus, NodeId, RunId, RunStatus, StepStatus, WorkflowId};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};

/// How many news a slow watcher may lag behind before it misses some.
const NEWS_CAPACITY: usize = 1_024;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum News {
    /// An event came in.
    Event {
        /// The workflow.
        workflow: WorkflowId,
        /// The trigger that it came in at.
        node: NodeId,
        /// The event.
        event: EventId,
        /// What became of it.
        status: EventStatus,
        /// The run that it started.
        run: Option<RunId>,
    },
    /// A run changed its status.
    Run {
        /// The workflow.
        workflow: WorkflowId,
        /// The run.
        run: RunId,
        /// Where it stands now.
        status: RunStatus,
    },
    /// A step changed its status.
    Step {
        /// The workflow.
        workflow: WorkflowId,
        /// The run.
        run: RunId,
        /// The node.
        node: NodeId,
        /// Where it stands now.
        status: StepStatus,
    },
}

/// What a sender waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A "respond" node was reached; its output says what to answer.
    Responded(Value),
    /// The run is over.
    Finished {
        /// How it ended.
        status: RunStatus,
        /// The output of the step that ended last.
        output: Value,
        /// Why, unless it ended well: `{node, error}`.
        error: Option<Value>,
    },
    /// The run waits, for example for its next attempt; this may take long.
    Waiting,
}

/// Passes on what happens.
#[derive(Debug, Clone)]
pub struct Live {
    news: broadcast::Sender<News>,
    closing: Arc<watch::Sender<bool>>,
    watches: Arc<Mutex<HashMap<RunId, mpsc::Sender<Answer>>>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            news: broadcast::channel(NEWS_CAPACITY).0,
            closing: Arc::new(watch::channel(false).0),
            watches: Arc::default(),
        }
    }
}

impl Live {
    /// Follows everything from now on.
    pub fn follow(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Says to whoever follows that the server ends.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Becomes true when the server ends.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Whether somebody follows.
    pub(crate) fn is_followed(&self) -> bool {
        self.news.receiver_count() > 0
    }

    /// Tells whoever follows.
    pub fn tell(&self, news: impl FnOnce() -> News) {
        if self.news.receiver_count() > 0 {
            let _ = self.news.send(news());
        }
    }

    /// Watches one run; to miss nothing, before it is accepted.
    pub fn watch(&self, run: RunId) -> Watch {
        let (sender, answers) = mpsc::channel(8);
        self.lock().insert(run, sender);
        Watch { run, answers, live: self.clone() }
    }

    /// Whether somebody watches this run.
    pub(crate) fn is_watched(&self, run: RunId) -> bool {
        self.lock().contains_key(&run)
    }

    /// Tells whoever watches this run.
    pub(crate) fn answer(&self, run: RunId, answer: impl FnOnce() -> Answer) {
        let watch = self.lock().get(&run).cloned();
        if let Some(watch) = watch {
            let _ = watch.try_send(answer());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, mpsc::Sender<Answer>>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One sender's wait for one run. It ends when this is dropped.
#[derive(Debug)]
pub struct Watch {
    run: RunId,
    answers: mpsc::Receiver<Answer>,
    live: Live,
}

impl Watch {
    /// The next thing that the run has to say.
    pub async fn next(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.live.lock().remove(&self.run);
    }
}
