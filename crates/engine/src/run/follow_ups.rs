//! Runs that follow from the end of another one: workflows that begin when another failed, and word to the sender. They begin
//! in the transaction that ends the run, so none is lost and none begins twice.

use std::time::Duration;

use model::personal::MASK;
use model::{Definition, Event, EventId, NodeError, NodeId, RunId, RunStatus};
use serde_json::{Map, Value, json};
use storage::queue::{Ending, NewEvent, RunMode, StartRun};
use storage::{ActiveVersion, StorageError};

use super::TRY_AGAIN_MS;
use super::scope::ROOT;
use super::work::Work;
use crate::engine::Shared;
use crate::ordering::order_key;
use crate::prepared::Prepared;
use crate::set_aside::Stranded;
use crate::starts::new_event;

/// How often something is read before those who follow from it are left out: for a minute.
const MOST_TRIES: u32 = 120;

/// A run at its end, as those get to know it that follow from it.
pub(crate) struct Ended<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) prepared: &'a Prepared,
    pub(crate) run: &'a Stranded,
    /// What its last step gave.
    pub(crate) output: &'a Value,
    /// What its steps saw; none when it is not at work any more.
    pub(crate) context: Option<&'a Value>,
}

impl Work<'_> {
    /// Notes the runs that follow from the end of this one.
    pub(super) async fn follow_up(&mut self, ending: &Ending) {
        let run = Stranded { started_at: Some(self.started_at), ..Stranded::from(&self.claim) };
        let ended = Ended {
            shared: self.shared,
            prepared: self.prepared,
            run: &run,
            output: self.last_output().unwrap_or(&Value::Null),
            context: self.scopes.get(&ROOT).map(|root| &*root.context),
        };
        let followers = ended.followers(ending).await;
        for event in followers {
            self.journal.add_start(event);
        }
    }
}

impl Ended<'_> {
    /// The runs that follow from the end.
    pub(crate) async fn followers(&self, ending: &Ending) -> Vec<NewEvent> {
        let failed = matches!(ending.status, RunStatus::Dead | RunStatus::Failed);
        let mut followers = Vec::new();
        if failed && self.run.mode != RunMode::Error {
            match insist(|| self.shared.storage.active_versions()).await {
                Ok(active) => followers.extend(Box::pin(self.error_workflows(active, ending)).await),
                Err(error) => {
                    tracing::error!(%error, run = %self.run.run, "the workflows for failed runs could not be read");
                }
            }
        }
        followers.extend(self.call_back(ending).await);
        followers
    }

    /// The runs of other workflows that begin because this run failed. One that cannot be read does not keep the others away.
    async fn error_workflows(&self, versions: Vec<ActiveVersion>, ending: &Ending) -> Vec<NewEvent> {
        let mut events = Vec::new();
        // Most failures nobody watches for, so it is put together when the first one does.
        let mut failure = None;
        for active in versions.into_iter().filter(|active| active.workflow != self.prepared.workflow) {
            let (definition_key, workflow_key) = (active.definition_key, active.workflow_key);
            let (storage, catalogue) = (&self.shared.storage, &self.shared.catalogue);
            let read = insist(|| self.shared.definitions.get(storage, catalogue, definition_key, workflow_key)).await;
            let prepared = match read {
                Ok(prepared) => prepared,
                Err(error) => {
                    tracing::error!(%error, workflow = %active.workflow, "an active workflow could not be read");
                    continue;
                }
            };
            for trigger in prepared.error_triggers_for(self.prepared.workflow) {
                let run = self.follower(&["error", &active.workflow.to_string(), trigger.as_str()]);
                if failure.is_none() {
                    failure = Some(self.failure(ending).await);
                }
                let event = self.event_of(failure.clone().unwrap_or_default());
                let key = order_key(&prepared.definition.settings, &event).unwrap_or_else(|error| {
                    tracing::warn!(%error, workflow = %active.workflow, "the order of runs cannot be computed");
                    None
                });
                let version = Some(active.version);
                let start = StartRun::new(run, trigger.clone(), definition_key, version, RunMode::Error);
                let start = StartRun { order_key: key, ..start };
                events.extend(new_event(event, workflow_key, start).ok());
            }
        }
        events
    }

    /// The run that tells the sender of the end, if that is wished. It belongs to the same workflow and is retried like any
    /// other.
    pub(crate) async fn call_back(&self, ending: &Ending) -> Option<NewEvent> {
        let is_sender_s = matches!(self.run.mode, RunMode::Live | RunMode::Replay);
        if !is_sender_s || self.prepared.definition.settings.callback.is_none() {
            return None;
        }
        let report = Box::pin(self.report(ending)).await;
        report.inspect_err(|error| tracing::error!(%error, run = %self.run.run, "the sender could not be told")).ok()
    }

    async fn report(&self, ending: &Ending) -> Result<NewEvent, NodeError> {
        let unstored = |error: StorageError| NodeError::passing(model::ErrorCode::Internal, error.to_string());
        let definition = self.call_back_definition();
        let workflow_key = self.run.workflow_key;
        let stored = insist(|| self.shared.storage.store_definition(workflow_key, &definition)).await;
        let run = self.follower(&["call-back"]);
        let event = self.event_of(json!({
            "run": self.run.run,
            "event": self.run.event,
            "workflow": { "id": self.prepared.workflow, "name": self.prepared.workflow_name },
            "status": ending.status,
            "finished_at": ending.finished_at,
            "output": if ending.status == RunStatus::Succeeded { self.output.clone() } else { Value::Null },
            "error": ending.error,
        }));
        let definition_key = stored.map_err(unstored)?;
        let start = StartRun::new(run, NodeId::from(RUN_ENDED), definition_key, None, RunMode::Callback);
        new_event(event, workflow_key, start)
    }

    fn call_back_definition(&self) -> Definition {
        let settings = &self.prepared.definition.settings;
        let (url, credential) = match &settings.callback {
            // The address is meant as it stands, whatever looks like an expression in it.
            Some(callback) => (callback.url.replace("{{", "\\{{"), callback.credential),
            None => (String::new(), None),
        };
        let node = |id: &str, node_type: &str, params: Value| model::Node {
            id: NodeId::from(id),
            node_type: node_type.to_owned(),
            title: String::new(),
            position: model::definition::Position::default(),
            params: params.as_object().cloned().unwrap_or_default(),
            credential: None,
            retry: None,
            timeout_ms: None,
            on_error: model::OnError::Stop,
            parent: None,
            safe_to_repeat: None,
        };
        let report = if credential.is_some() {
            let params = json!({ "url": url, "type": REPORT_TYPE, "data": "{{ $.trigger.body }}" });
            node("report", "http.webhook", params)
        } else {
            // Without a secret the report is the same, but not signed.
            let report = json!({
                "type": REPORT_TYPE, "timestamp": "{{ $.trigger.body.finished_at }}", "data": "{{ $.trigger.body }}",
            });
            node("report", "http.request", json!({ "method": "POST", "url": url, "body": report }))
        };
        // The receiver knows a report again by its id.
        let report = model::Node { credential, safe_to_repeat: Some(true), ..report };
        Definition {
            nodes: vec![node(RUN_ENDED, "manual", json!({})), report],
            edges: vec![model::Edge {
                from: NodeId::from(RUN_ENDED),
                port: model::definition::OUT.to_owned(),
                to: NodeId::from("report"),
            }],
            settings: model::Settings { timezone: settings.timezone.clone(), ..model::Settings::default() },
        }
    }

    /// What a workflow for failed runs gets to know.
    async fn failure(&self, ending: &Ending) -> Value {
        let mut error = ending.error.clone().unwrap_or_default();
        self.hide_personal(&mut error).await;
        json!({
            "workflow": { "id": self.prepared.workflow, "name": self.prepared.workflow_name },
            "run": {
                "id": self.run.run, "mode": self.run.mode, "status": ending.status,
                "started_at": self.run.started_at, "finished_at": ending.finished_at,
            },
            "event": self.run.event,
            "node": error["node"],
            "error": error["error"],
        })
    }

    /// Masks in an error what stands in personal fields of the run. Whoever watches for failures has other personal fields, and
    /// its history would show them.
    async fn hide_personal(&self, error: &mut Value) {
        let (workflow_key, definition_key) = (self.run.workflow_key, Some(self.run.definition_key));
        let personal = match insist(|| self.shared.storage.personal_fields(workflow_key, definition_key)).await {
            Ok(personal) if personal.is_empty() => return,
            Ok(personal) => personal,
            Err(unread) => {
                tracing::error!(error = %unread, run = %self.run.run, "what is personal in an error is not known");
                *error = json!({ "node": error["node"] });
                return;
            }
        };
        let texts = match self.context {
            Some(context) => personal.texts(context),
            None => personal.texts(&self.context_on_record().await),
        };
        texts.replace_in(error, MASK);
    }

    async fn context_on_record(&self) -> Value {
        let storage = &self.shared.storage;
        let trigger = storage.event_content(self.run.event).await.map(|mut event| event.take_context());
        let steps = storage.outer_steps(self.run.lease.run_key).await.unwrap_or_default();
        let outputs = steps.into_iter().filter_map(|step| Some((step.node.0, step.output?)));
        json!({ "trigger": trigger.unwrap_or_default(), "steps": Value::Object(outputs.collect()) })
    }

    /// The id of a run that follows from this end of the run. One that went on and ended again has other followers.
    fn follower(&self, parts: &[&str]) -> RunId {
        let (run, epoch) = (self.run.run.to_string(), self.run.lease.epoch.to_string());
        RunId::derived(&[&[run.as_str(), epoch.as_str()], parts].concat())
    }

    fn event_of(&self, body: Value) -> Event {
        Event {
            id: EventId::generate(),
            received_at: self.shared.clock.now(),
            method: "POST".to_owned(),
            headers: Map::new(),
            query: Map::new(),
            body,
        }
    }
}

/// Reads or writes until the database lets it, at most for a minute: whoever follows must not be forgotten because it was busy.
async fn insist<T, F>(mut ask: impl FnMut() -> F) -> Result<T, StorageError>
where
    F: Future<Output = Result<T, StorageError>>,
{
    for _ in 1..MOST_TRIES {
        match ask().await {
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "the end of a run waits for the database");
                tokio::time::sleep(Duration::from_millis(TRY_AGAIN_MS)).await;
            }
            answered => return answered,
        }
    }
    ask().await
}

/// The trigger of the run that tells the sender.
const RUN_ENDED: &str = "run_ended";

/// What the report says that it is.
const REPORT_TYPE: &str = "run.ended";
