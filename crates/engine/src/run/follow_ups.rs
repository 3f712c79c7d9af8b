//! Runs that follow from the end of another one: workflows that begin when another failed, and word to the sender. They begin
//! in the transaction that ends the run, so none is lost and none begins twice.

use model::{Definition, Event, EventId, NodeError, NodeId, RunId, RunStatus};
use serde_json::{Map, Value, json};
use storage::StorageError;
use storage::queue::{Ending, NewEvent, RunMode, StartRun};

use super::work::Work;
use crate::ordering::order_key;
use crate::starts::new_event;

impl Work<'_> {
    /// Notes the runs that follow from the end of this one.
    pub(super) async fn follow_up(&mut self, ending: &Ending) {
        let failed = matches!(ending.status, RunStatus::Dead | RunStatus::Failed);
        if failed && self.claim.mode != RunMode::Error {
            match self.error_workflows(ending).await {
                Ok(events) => events.into_iter().for_each(|event| self.journal.add_start(event)),
                Err(error) => {
                    tracing::error!(%error, run = %self.claim.run, "the workflows for failed runs could not be read");
                }
            }
        }
        if self.claim.mode == RunMode::Live && self.prepared.definition.settings.callback.is_some() {
            match self.call_back(ending).await {
                Ok(event) => self.journal.add_start(event),
                Err(error) => tracing::error!(%error, run = %self.claim.run, "the sender could not be told of the end"),
            }
        }
    }

    /// The runs of other workflows that begin because this run failed.
    async fn error_workflows(&mut self, ending: &Ending) -> Result<Vec<NewEvent>, StorageError> {
        let mut events = Vec::new();
        let storage = &self.shared.storage;
        for active in storage.active_versions().await? {
            if active.workflow == self.prepared.workflow {
                continue;
            }
            let definitions = &self.shared.definitions;
            let (definition_key, workflow_key) = (active.definition_key, active.workflow_key);
            let prepared = definitions.get(storage, &self.shared.catalogue, definition_key, workflow_key).await?;
            for trigger in prepared.error_triggers_for(self.prepared.workflow) {
                let run = self.follower(&["error", &active.workflow.to_string(), trigger.as_str()]);
                let event = self.event_of(self.failure(ending));
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
        Ok(events)
    }

    /// The run that tells the sender of the end. It belongs to the same workflow and is retried like any other.
    async fn call_back(&mut self, ending: &Ending) -> Result<NewEvent, NodeError> {
        let unstored = |error: StorageError| NodeError::passing(model::ErrorCode::Internal, error.to_string());
        let definition = self.call_back_definition();
        let workflow_key = self.claim.workflow_key;
        let definition_key = self.shared.storage.store_definition(workflow_key, &definition).await.map_err(unstored)?;
        let run = self.follower(&["call-back"]);
        let event = self.event_of(json!({
            "run": self.claim.run,
            "event": self.claim.event.id,
            "workflow": { "id": self.prepared.workflow, "name": self.prepared.workflow_name },
            "status": ending.status,
            "finished_at": ending.finished_at,
            "output": if ending.status == RunStatus::Succeeded { self.last_output.clone() } else { Value::Null },
            "error": ending.error,
        }));
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
    fn failure(&self, ending: &Ending) -> Value {
        let error = ending.error.clone().unwrap_or_default();
        json!({
            "workflow": { "id": self.prepared.workflow, "name": self.prepared.workflow_name },
            "run": {
                "id": self.claim.run, "mode": self.claim.mode, "status": ending.status,
                "started_at": self.started_at, "finished_at": ending.finished_at,
            },
            "event": self.claim.event.id,
            "node": error["node"],
            "error": error["error"],
        })
    }

    /// The id of a run that follows from this end of the run. One that went on and ended again has other followers.
    fn follower(&self, parts: &[&str]) -> RunId {
        let (run, epoch) = (self.claim.run.to_string(), self.claim.lease.epoch.to_string());
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

/// The trigger of the run that tells the sender.
const RUN_ENDED: &str = "run_ended";

/// What the report says that it is.
const REPORT_TYPE: &str = "run.ended";
