//! An engine over a database in a folder of its own, and short ways to let it work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use engine::effects::Effects;
use engine::{Engine, EngineSettings, Parts, Vault};
use model::clock::ManualClock;
use model::{Definition, Event, EventId, NodeId, RunId, RunStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::queue::{Disposition, NewEvent, Parsed, RunMode, StartRun};
use storage::seal::SealingKey;
use storage::{AttemptRecord, Role, RunFilter, RunRecord, StepRecord, Storage, StorageError, StorageSettings};
use tempfile::TempDir;

/// The moment at which every test begins.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Loaded once: every test uses the same node types.
static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::load(&[]).unwrap()));

/// An engine with all that it needs.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) storage: Storage,
    pub(crate) clock: ManualClock,
    pub(crate) folder: Folder,
}

/// Where everything of a bench lies.
pub(crate) struct Folder {
    path: PathBuf,
    /// Removes it afterwards, unless it belongs to somebody else.
    _removed: Option<TempDir>,
}

impl Folder {
    /// A new one.
    fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().to_owned(), _removed: Some(folder) }
    }

    /// One that stays.
    pub(crate) fn kept(path: PathBuf) -> Self {
        Self { path, _removed: None }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A stored workflow.
pub(crate) struct Workflow {
    pub(crate) id: WorkflowId,
    key: i64,
    definition_key: i64,
    trigger: NodeId,
}

/// What a test sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sample {
    pub(crate) body: Value,
    pub(crate) headers: Map<String, Value>,
    pub(crate) query: Map<String, Value>,
}

/// A webhook, a box over `trigger.body` and these nodes in it, each led to by the one before it.
#[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
pub(crate) fn each(params: Value, inside: &[Value]) -> Value {
    let mut nodes =
        vec![json!({"id": "order", "type": "webhook"}), json!({"id": "each", "type": "for_each", "params": params})];
    nodes[1]["params"]["items"] = json!("{{ $.trigger.body }}");
    let mut edges = vec![json!({"from": "order", "to": "each"})];
    edges.extend(inside.windows(2).map(|pair| json!({"from": pair[0]["id"], "to": pair[1]["id"]})));
    for node in inside {
        let mut node = node.clone();
        node["parent"] = json!("each");
        nodes.push(node);
    }
    json!({"nodes": nodes, "edges": edges, "settings": {"run_timeout_ms": 86_400_000}})
}

impl Workflow {
    /// Its key and that of its definition.
    pub(crate) fn keys(&self) -> (i64, i64) {
        (self.key, self.definition_key)
    }
}

impl Bench {
    /// An engine over an empty database; retries are never spread.
    pub(crate) async fn open() -> Self {
        Self::open_with(EngineSettings::default(), || 1.0).await
    }

    /// The same with other limits, or another source of chance.
    pub(crate) async fn open_with(settings: EngineSettings, chance: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        let folder = Folder::fresh();
        let clock = ManualClock::at(START);
        Self::over(folder, clock, settings, Box::new(chance)).await
    }

    /// Ends everything where it stands, as the end of the process would, and begins anew over the same database.
    pub(crate) async fn crash(self) -> Self {
        let Self { engine, storage, clock, folder } = self;
        drop((engine, storage));
        Self::over(folder, clock, EngineSettings::default(), Box::new(|| 1.0)).await
    }

    /// An engine with node types of its own, over whatever lies in a folder.
    pub(crate) async fn in_folder(folder: Folder, catalogue: Catalogue) -> Self {
        let clock = ManualClock::at(START);
        Self::made_of(folder, clock, EngineSettings::default(), Box::new(|| 1.0), Arc::new(catalogue)).await
    }

    async fn over(
        folder: Folder,
        clock: ManualClock,
        settings: EngineSettings,
        chance: Box<dyn Fn() -> f64 + Send + Sync>,
    ) -> Self {
        Self::made_of(folder, clock, settings, chance, CATALOGUE.clone()).await
    }

    async fn made_of(
        folder: Folder,
        clock: ManualClock,
        settings: EngineSettings,
        chance: Box<dyn Fn() -> f64 + Send + Sync>,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        let storage = open_storage(&folder, &clock).await;
        let effects = Effects::new(crate::effects::local_settings(), storage.clone()).unwrap();
        let vault = Vault::new(storage.clone(), catalogue.clone(), SealingKey::from_bytes([7; 32]));
        let engine = Engine::new(Parts {
            storage: storage.clone(),
            catalogue,
            effects,
            vault,
            clock: Arc::new(clock.clone()),
            settings: EngineSettings { script_limit_ms: 200, ..settings },
            chance,
        });
        Self { engine, storage, clock, folder }
    }

    /// The node types.
    pub(crate) fn catalogue() -> &'static Catalogue {
        &CATALOGUE
    }

    /// Stores a workflow whose first node is its trigger.
    pub(crate) async fn workflow(&self, definition: Value) -> Workflow {
        let definition: Definition = serde_json::from_value(definition).unwrap();
        let record = self.storage.create_workflow("Order paid", &definition, Vec::new()).await.unwrap();
        let definition_key = self.storage.store_definition(record.key, &definition).await.unwrap();
        Workflow { id: record.id, key: record.key, definition_key, trigger: definition.nodes[0].id.clone() }
    }

    /// Stores a workflow under a name, publishes it and lets its triggers start runs.
    pub(crate) async fn publish(&self, name: &str, definition: Value) -> Workflow {
        let definition: Definition = serde_json::from_value(definition).unwrap();
        let record = self.storage.create_workflow(name, &definition, Vec::new()).await.unwrap();
        let (record, version) = self.storage.publish_workflow(record.id, record.revision, None).await.unwrap();
        self.storage.set_workflow_active(record.id, true).await.unwrap();
        let trigger = definition.nodes[0].id.clone();
        Workflow { id: record.id, key: record.key, definition_key: version.definition_key, trigger }
    }

    /// The latest run of a workflow.
    pub(crate) async fn latest(&self, workflow: &Workflow) -> Option<RunRecord> {
        let filter = RunFilter { workflow_key: Some(workflow.key), limit: 1, ..RunFilter::default() };
        self.storage.runs(&filter).await.unwrap().pop()
    }

    /// Accepts an event that starts a run.
    pub(crate) async fn begin(&self, workflow: &Workflow, sample: Sample) -> RunId {
        self.begin_as(RunId::generate(), workflow, sample).await
    }

    /// Accepts an event that starts a run, which keeps the order that the workflow's settings ask for.
    pub(crate) async fn begin_in_order(&self, workflow: &Workflow, sample: Sample) -> RunId {
        let settings = self.storage.definition(workflow.definition_key).await.unwrap().settings;
        let run = RunId::generate();
        let mut event = self.event(run, workflow, sample);
        let order_key = engine::order_key(&settings, &event.event).unwrap();
        if let Disposition::Start(start) = &mut event.disposition {
            start.order_key = order_key;
        }
        self.storage.queue().accept(event).await.unwrap();
        run
    }

    /// The same as [`Self::begin`] for a run whose id is known before, so that it can be watched from its beginning.
    pub(crate) async fn begin_as(&self, run: RunId, workflow: &Workflow, sample: Sample) -> RunId {
        let accepted = self.storage.queue().accept(self.event(run, workflow, sample)).await.unwrap();
        assert_eq!(accepted.run, Some(run));
        run
    }

    /// Accepts an event as the server does: a run that only computes may be over afterwards.
    pub(crate) async fn receive(&self, run: RunId, workflow: &Workflow, sample: Sample) -> RunId {
        let accepted = self.engine.accept(self.event(run, workflow, sample)).await.unwrap();
        assert_eq!(accepted.run, Some(run));
        run
    }

    fn event(&self, run: RunId, workflow: &Workflow, sample: Sample) -> NewEvent {
        let event = Event {
            id: EventId::generate(),
            received_at: self.storage.now(),
            method: "POST".to_owned(),
            headers: sample.headers,
            query: sample.query,
            body: sample.body,
        };
        NewEvent {
            raw_body: event.body.to_string().into_bytes(),
            event: Arc::new(event),
            workflow_key: workflow.key,
            endpoint_key: None,
            remote_address: None,
            content_type: Some("application/json".to_owned()),
            parsed: Parsed::AsRawJson,
            dedup_key: None,
            files: Vec::new(),
            disposition: Disposition::Start(StartRun::new(
                run,
                workflow.trigger.clone(),
                workflow.definition_key,
                None,
                RunMode::Live,
            )),
        }
    }

    /// Stores a workflow, starts a run of it with an empty event and works until nothing is due.
    pub(crate) async fn run_through(&self, definition: Value) -> RunRecord {
        let workflow = self.workflow(definition).await;
        let run = self.begin(&workflow, Sample::default()).await;
        self.idle().await;
        self.run(run).await
    }

    /// Works until nothing is due.
    pub(crate) async fn idle(&self) {
        patiently("the engine has nothing to do", self.engine.run_until_idle()).await;
    }

    /// Lets the engine work beside the test.
    pub(crate) fn work(&self, grace_ms: u64) -> tokio::task::JoinHandle<()> {
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.work(Duration::from_millis(grace_ms)).await })
    }

    /// A run as it is stored.
    pub(crate) async fn run(&self, run: RunId) -> RunRecord {
        self.storage.run(run).await.unwrap()
    }

    /// Where a run stands.
    pub(crate) async fn status(&self, run: RunId) -> RunStatus {
        self.run(run).await.status
    }

    /// The steps of a run by node; those in a box by node and turn: `call@7`.
    pub(crate) async fn steps(&self, run: RunId) -> BTreeMap<String, StepRecord> {
        let steps = self.storage.run_steps(self.run(run).await.key).await.unwrap();
        let name = |step: &StepRecord| match &*step.iteration {
            "" => step.node.0.clone(),
            iteration => format!("{}@{iteration}", step.node),
        };
        steps.into_iter().map(|step| (name(&step), step)).collect()
    }

    /// The attempts of a run that were kept.
    pub(crate) async fn attempts(&self, run: RunId) -> Vec<AttemptRecord> {
        self.storage.run_attempts(self.run(run).await.key).await.unwrap()
    }

    /// Waits until a run is stored with this status.
    pub(crate) async fn wait_for_status(&self, run: RunId, status: RunStatus) {
        let reached = async {
            while self.status(run).await != status {
                tokio::task::yield_now().await;
            }
        };
        patiently(&format!("the run is {status}"), reached).await;
    }
}

/// Waits for something that must happen soon, and says what it was when it does not.
pub(crate) async fn patiently<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// A workflow of one webhook and these nodes, each led to by the one before it.
pub(crate) fn chain(nodes: &[Value]) -> Value {
    let mut all = vec![json!({"id": "order", "type": "webhook"})];
    all.extend_from_slice(nodes);
    let edges: Vec<_> = all.windows(2).map(|pair| json!({"from": pair[0]["id"], "to": pair[1]["id"]})).collect();
    json!({"nodes": all, "edges": edges})
}

/// A node that sends an HTTP request, which its author says may be repeated.
pub(crate) fn call(id: &str, url: &str) -> Value {
    let mut node = charge(id, url);
    node["safe_to_repeat"] = json!(true);
    node
}

/// A node that sends an HTTP request which must not be sent twice.
pub(crate) fn charge(id: &str, url: &str) -> Value {
    json!({"id": id, "type": "http.request", "params": {"method": "POST", "url": url, "body": {"from": id}}})
}

/// The directory is free again as soon as the last task of the engine before has gone.
async fn open_storage(folder: &Folder, clock: &ManualClock) -> Storage {
    let opened = async {
        loop {
            let settings = StorageSettings::for_directory(folder.path());
            match Storage::open(settings, Role::Server, Arc::new(clock.clone())).await {
                Ok(storage) => return storage,
                Err(StorageError::DirectoryInUse { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("the storage cannot be opened: {error}"),
            }
        }
    };
    patiently("the data directory is free", opened).await
}
