//! A database in a folder of its own, and short ways to fill it.

use std::sync::Arc;

use model::clock::ManualClock;
use model::{AttemptStatus, Definition, Event, EventId, NodeId, RunId, RunStatus, StepStatus, Timestamp};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::{Map, Value, json};
use storage::queue::{Claim, Disposition, Ending, Gate, NewEvent, Next, Parsed, Progress, RunMode, StartRun};
use storage::{AttemptRecord, Role, StepRecord, Storage, StorageSettings, WebhookNode, WorkflowRecord};
use tempfile::TempDir;

/// A storage with a workflow in it.
pub(crate) struct Bench {
    pub(crate) storage: Storage,
    pub(crate) clock: ManualClock,
    pub(crate) workflow: WorkflowRecord,
    pub(crate) endpoint_key: i64,
    pub(crate) definition_key: i64,
    pub(crate) folder: TempDir,
}

pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);

pub(crate) fn settings(folder: &TempDir) -> StorageSettings {
    StorageSettings {
        payload_inline_bytes: 256,
        queue_capacity: 1_000,
        ..StorageSettings::for_directory(folder.path())
    }
}

pub(crate) async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(START);
    let storage = Storage::open(settings(&folder), Role::Server, Arc::new(clock.clone())).await.unwrap();
    let draft: Definition = serde_json::from_value(json!({"nodes": [{"id": "order", "type": "webhook"}]})).unwrap();
    let webhook = WebhookNode { node: "order".to_owned(), slug: None };
    let workflow = storage.create_workflow("Order paid", &draft, vec![webhook]).await.unwrap();
    let endpoint_key = storage.endpoints(workflow.key).await.unwrap()[0].key;
    let (workflow, version) = storage.publish_workflow(workflow.id, 1, None).await.unwrap();
    Bench { storage, clock, workflow, endpoint_key, definition_key: version.definition_key, folder }
}

impl Bench {
    /// An event that starts a run, with this body.
    pub(crate) fn event(&self, body: Value) -> NewEvent {
        let raw_body = body.to_string().into_bytes();
        let event = Event {
            id: EventId::generate(),
            received_at: self.storage.now(),
            method: "POST".to_owned(),
            headers: Map::from_iter([("content-type".to_owned(), json!("application/json"))]),
            query: Map::new(),
            body,
        };
        NewEvent {
            event: Arc::new(event),
            workflow_key: self.workflow.key,
            endpoint_key: Some(self.endpoint_key),
            remote_address: Some("127.0.0.1".to_owned()),
            content_type: Some("application/json".to_owned()),
            raw_body,
            parsed: Parsed::AsRawJson,
            dedup_key: None,
            files: Vec::new(),
            disposition: Disposition::Start(StartRun::new(
                RunId::generate(),
                NodeId::from("order"),
                self.definition_key,
                Some(1),
                RunMode::Live,
            )),
        }
    }

    /// The same with a delivery id.
    pub(crate) fn delivery(&self, delivery_id: &str) -> NewEvent {
        NewEvent { dedup_key: Some(delivery_id.to_owned()), ..self.event(json!({"id": delivery_id})) }
    }

    /// Publishes the workflow with other settings.
    pub(crate) async fn publish_with(&self, settings: Value) {
        let record = self.storage.workflow(self.workflow.id).await.unwrap();
        let mut draft = record.draft.clone();
        draft.settings = serde_json::from_value(settings).unwrap();
        let changed =
            self.storage.update_workflow(record.id, record.revision, None, Some(draft), Vec::new()).await.unwrap();
        self.storage.publish_workflow(record.id, changed.revision, None).await.unwrap();
    }

    /// Executes SQL on the database file beside the storage.
    pub(crate) async fn execute(&self, sql: &str) {
        let file = settings(&self.folder).database_file();
        let connection = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&connection, sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The number that a query gives.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let file = settings(&self.folder).database_file();
        let connection = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let row = sea_orm::ConnectionTrait::query_one_raw(&connection, statement).await.unwrap().unwrap();
        connection.close().await.unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// The run that an event starts, to be changed.
    pub(crate) fn start_of(event: &mut NewEvent) -> &mut StartRun {
        match &mut event.disposition {
            Disposition::Start(start) => start,
            _ => unreachable!("the event starts a run"),
        }
    }

    /// Accepts an event and takes the run that it starts.
    pub(crate) async fn claim_of(&self, event: NewEvent) -> Claim {
        self.storage.queue().accept(event).await.unwrap();
        self.claim_all().await.remove(0)
    }

    /// Parks a run until something comes for it.
    pub(crate) async fn park(&self, claim: &Claim) {
        let progress = Progress { started_at: self.storage.now(), ..Progress::default() };
        self.storage.queue().record(claim.lease, progress, Next::Park { until: None }).await.unwrap();
    }

    /// Takes everything that is due.
    pub(crate) async fn claim_all(&self) -> Vec<Claim> {
        self.storage.queue().claim(1_000, &Open).await.unwrap()
    }

    /// Ends a run well.
    pub(crate) async fn finish(&self, claim: &Claim) {
        self.storage.queue().record(claim.lease, self.progress("a", json!(1)), self.end()).await.unwrap();
    }

    /// A finished step.
    pub(crate) fn step(&self, node: &str, iteration: &str, output: Value) -> StepRecord {
        let now = self.storage.now();
        StepRecord {
            node: NodeId::from(node),
            iteration: iteration.to_owned(),
            status: StepStatus::Succeeded,
            port: Some("out".to_owned()),
            output: Some(output),
            error: None,
            attempts: 1,
            started_at: now,
            finished_at: Some(now),
            retry_at: None,
            state: None,
        }
    }

    /// A step that is under way and wants a state back.
    pub(crate) fn open_step(&self, node: &str, iteration: &str, state: Value) -> StepRecord {
        let status = StepStatus::Running;
        let step = self.step(node, iteration, Value::Null);
        StepRecord { status, port: None, output: None, finished_at: None, state: Some(state), ..step }
    }

    /// Progress of nothing but steps.
    pub(crate) fn steps(&self, steps: Vec<StepRecord>) -> Progress {
        Progress { started_at: self.storage.now(), steps, ..Progress::default() }
    }

    /// One finished step.
    pub(crate) fn progress(&self, node: &str, output: Value) -> Progress {
        let now = self.storage.now();
        let step = self.step(node, "", output);
        let attempt = AttemptRecord {
            node: NodeId::from(node),
            iteration: String::new(),
            number: 1,
            status: AttemptStatus::Succeeded,
            started_at: now,
            finished_at: Some(now),
            error: None,
            exchanges: vec![json!({"request": {"url": "http://sink"}})],
        };
        Progress { started_at: now, steps: vec![step], attempts: vec![attempt], starts: Vec::new() }
    }

    /// How many rows a table of the database has.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        count_rows(&self.folder, table).await
    }

    /// The end of a run that went well.
    pub(crate) fn end(&self) -> Next {
        Next::End(Ending::new(RunStatus::Succeeded, self.storage.now()))
    }
}

/// How many rows a table of the database has.
async fn count_rows(folder: &TempDir, table: &str) -> i64 {
    let file = settings(folder).database_file();
    let connection = Database::connect(format!("sqlite://{}?mode=ro", file.display())).await.unwrap();
    let statement = Statement::from_string(DbBackend::Sqlite, format!("SELECT COUNT(*) FROM {table}"));
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    connection.close().await.unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Lets every run through.
pub(crate) struct Open;

impl Gate for Open {
    fn admit(&self, _: i64) -> bool {
        true
    }

    fn give_back(&self, _: i64) {}
}
