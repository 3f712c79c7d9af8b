//! The way of a request from its address to its answer.
//!
//! Order: address, method, size, body, de-duplication, one transaction, answer. A request that is turned away after its
//! address was found is kept in the inbox with the reason.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use engine::live::News;
use engine::{Engine, order_key_or_own};
use futures_util::StreamExt;
use model::{EndpointId, Event, EventId, FileId, RunId, Timestamp};
use nodes::{Interrupt, Surroundings, expression};
use serde_json::{Value, json};
use storage::queue::{Disposition, NewEvent, Parsed, RunMode, StartRun};
use storage::{NewFile, Storage, StorageError};

use super::answer::answer;
use super::body::{self, Limits};
use super::body_memory::{BodyMemory, Held};
use super::endpoints::{Endpoints, Target};
use super::trigger::{Deduplicate, Respond};
use super::{receipts, request};
use crate::auth::Accounts;
use crate::config::Config;
use crate::problem::{Problem, ProblemCode};

/// The longest delivery id, in characters; a longer one is cut, which keeps it as unlikely to meet another.
const MAX_DELIVERY_ID: usize = 255;

/// What a request needs of the server.
struct Ingress<'a> {
    storage: &'a Storage,
    engine: &'a Engine,
    config: &'a Config,
    request: &'a HttpRequest,
    target: &'a Target,
    body_memory: &'a BodyMemory,
    remote_address: String,
    received_at: Timestamp,
}

/// Receives a request at a webhook's address.
pub async fn receive(
    request: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
    (storage, engine, config): (Data<Storage>, Data<Engine>, Data<Config>),
    (endpoints, accounts, body_memory): (Data<Endpoints>, Data<Accounts>, Data<BodyMemory>),
) -> Result<HttpResponse, Problem> {
    let unavailable = |error| unavailable(&config, &error);
    let id: EndpointId = path.1.parse().map_err(|_| no_such_address())?;
    let Some(target) = endpoints.find(id).await.map_err(unavailable)? else {
        if path.0 == receipts::SLUG && request.method().is_safe() {
            accounts.count_receipt(&request)?;
            return receipts::receipt(&storage, &path.1).await;
        }
        return Err(no_such_address());
    };
    let ingress = Ingress {
        storage: &storage,
        engine: &engine,
        config: &config,
        request: &request,
        target: &target,
        body_memory: &body_memory,
        remote_address: accounts.address_of(&request).to_string(),
        received_at: storage.now(),
    };
    match ingress.take(payload).await {
        Ok(response) => Ok(response),
        Err(Refusal::Unstored(problem)) => Err(problem),
        Err(Refusal::Kept { problem, raw_body }) => {
            ingress.keep_refused(&problem, raw_body).await;
            Ok(problem.error_response())
        }
    }
}

/// Why a request was turned away.
enum Refusal {
    /// Nothing can be stored now.
    Unstored(Problem),
    /// It goes to the inbox with its reason, and what was read of its body.
    Kept { problem: Problem, raw_body: Bytes },
}

impl Ingress<'_> {
    async fn take(&self, payload: Payload) -> Result<HttpResponse, Refusal> {
        let refuse = |problem: Problem, raw_body: Bytes| Refusal::Kept { problem, raw_body };
        let method = self.request.method().as_str();
        if !self.target.trigger.methods.iter().any(|allowed| allowed == method) {
            let problem = Problem::method_not_allowed(&self.target.trigger.methods);
            return Err(refuse(problem, Bytes::new()));
        }
        let mut held = self.body_memory.begin();
        let raw_body = self.read_body(payload, &mut held).await?;
        let (content_type, encoding) = (self.header("content-type"), self.header("content-encoding"));
        let limits = Limits::from(&self.config.ingress);
        let parsed = body::parse(content_type, encoding, &raw_body, &limits)
            .map_err(|error| refuse(error.into(), raw_body.clone()))?;
        let files: Vec<NewFile> = parsed.files.iter().map(new_file).collect();
        let is_verbatim = parsed.is_verbatim;
        let body = parsed.with_files(files.iter().map(reference));
        let kept_as =
            if is_verbatim || (body.is_null() && raw_body.is_empty()) { Parsed::AsRawJson } else { Parsed::Beside };
        let event = self.event(body);
        let dedup_key = self.delivery_id(&event).map_err(|problem| refuse(problem, raw_body.clone()))?;
        self.find_room().map_err(Refusal::Unstored)?;
        let disposition = self.disposition(&event);
        let new = NewEvent {
            event: Arc::new(event),
            workflow_key: self.target.workflow_key,
            endpoint_key: Some(self.target.endpoint_key),
            remote_address: Some(self.remote_address.clone()),
            content_type: content_type.map(str::to_owned),
            raw_body: raw_body.into(),
            parsed: kept_as,
            dedup_key,
            files,
            disposition,
        };
        self.store(new, held).await.map_err(Refusal::Unstored)
    }

    /// Whether the workflow's queue has room. Nothing is stored when it has none: the sender comes again, as it is told.
    fn find_room(&self) -> Result<(), Problem> {
        let limit = usize::try_from(self.target.settings.max_queued_runs).unwrap_or(usize::MAX);
        let waiting = || self.storage.queue().waiting_of(self.target.workflow_key);
        let is_full = self.target.live.is_some() && limit > 0 && waiting() >= limit;
        if is_full { Err(Problem::unavailable(u64::from(self.config.ingress.retry_after_s))) } else { Ok(()) }
    }

    async fn store(&self, new: NewEvent, held: Held<'_>) -> Result<HttpResponse, Problem> {
        let respond = &self.target.trigger.respond;
        let watch = match &new.disposition {
            Disposition::Start(start) if !matches!(respond, Respond::Accepted { .. }) => {
                Some(self.engine.live().watch(start.run))
            }
            _ => None,
        };
        let accepted = self.engine.accept(new).await.map_err(|error| unavailable(self.config, &error))?;
        // The sender may wait much longer than its body.
        drop(held);
        self.tell(accepted.event, accepted.status, accepted.run);
        let patience = Duration::from_millis(self.config.ingress.finished_wait_ms);
        Ok(answer(respond, accepted, watch, patience).await)
    }

    /// Keeps a request that was turned away. When even that fails, the sender still gets its answer.
    async fn keep_refused(&self, problem: &Problem, raw_body: Bytes) {
        let new = NewEvent {
            event: Arc::new(self.event(Value::Null)),
            workflow_key: self.target.workflow_key,
            endpoint_key: Some(self.target.endpoint_key),
            remote_address: Some(self.remote_address.clone()),
            content_type: self.header("content-type").map(str::to_owned),
            raw_body: raw_body.to_vec(),
            parsed: Parsed::Beside,
            dedup_key: None,
            files: Vec::new(),
            disposition: Disposition::Refuse {
                code: problem.code().as_str().to_owned(),
                reason: problem.document().detail.clone(),
            },
        };
        match self.storage.queue().accept(new).await {
            Ok(accepted) => self.tell(accepted.event, accepted.status, None),
            Err(error) => tracing::warn!(%error, "a refused request could not be kept"),
        }
    }

    async fn read_body(&self, mut payload: Payload, held: &mut Held<'_>) -> Result<Bytes, Refusal> {
        let refuse = |problem| Refusal::Kept { problem, raw_body: Bytes::new() };
        let limit = self.config.ingress.max_body_bytes;
        let limit = self.target.trigger.max_body_bytes.map_or(limit, |own| own.min(limit));
        let announced = self.header("content-length").and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > limit) {
            return Err(refuse(Problem::too_large(limit)));
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                let detail = format!("The body did not arrive completely: {error}.");
                refuse(Problem::new(ProblemCode::BadRequest, detail))
            })?;
            if body.len() + chunk.len() > limit {
                return Err(refuse(Problem::too_large(limit)));
            }
            if !held.grow_to(body.len() + chunk.len()).await {
                tracing::warn!("a body was turned away, because too many are arriving at the same time");
                return Err(Refusal::Unstored(Problem::unavailable(u64::from(self.config.ingress.retry_after_s))));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn event(&self, body: Value) -> Event {
        Event {
            id: EventId::generate(),
            received_at: self.received_at,
            method: self.request.method().as_str().to_owned(),
            headers: request::headers(self.request.headers()),
            query: request::query(self.request),
            body,
        }
    }

    fn disposition(&self, event: &Event) -> Disposition {
        let Some((version, definition_key)) = self.target.live else { return Disposition::Keep };
        let node = self.target.node.clone();
        let start = StartRun::new(RunId::generate(), node, definition_key, Some(version), RunMode::Live);
        let order_key = order_key_or_own(&self.target.settings, event);
        Disposition::Start(StartRun { order_key, ..start })
    }

    /// The sender's own id of the event. An event without one is never a duplicate.
    fn delivery_id(&self, event: &Event) -> Result<Option<String>, Problem> {
        let id = match &self.target.trigger.deduplicate {
            None => return Ok(None),
            Some(Deduplicate::Header(name)) => event.headers.get(name).cloned().unwrap_or_default(),
            Some(Deduplicate::Path(path)) => {
                let surroundings = Surroundings {
                    now: self.received_at,
                    timezone: "UTC".to_owned(),
                    seed: 0,
                    interrupt: Interrupt::never(),
                };
                expression::evaluate(path, &event.to_context(), &surroundings).map_err(|error| {
                    let detail = format!("The place of the delivery id, `{path}`, cannot be read: {error}");
                    Problem::invalid_request(detail).at_parameter("deduplicate")
                })?
            }
        };
        let text = match id {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Ok(None),
        };
        Ok(Some(text.chars().take(MAX_DELIVERY_ID).collect::<String>()).filter(|text| !text.is_empty()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    fn tell(&self, event: EventId, status: model::EventStatus, run: Option<RunId>) {
        let (workflow, node) = (self.target.workflow, self.target.node.clone());
        self.engine.live().tell(|| News::Event { workflow, node, event, status, run });
    }
}

fn new_file(file: &body::UploadedFile) -> NewFile {
    NewFile {
        id: FileId::generate(),
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        bytes: file.bytes.clone(),
    }
}

/// How a file stands in a value, see `nodes::effect::FileRef`.
fn reference(file: &NewFile) -> Value {
    json!({ "file_id": file.id, "name": file.name, "content_type": file.content_type, "size": file.bytes.len() })
}

fn no_such_address() -> Problem {
    let detail = "There is no webhook at this address. Copy the URL from the workflow's trigger again.";
    Problem::new(ProblemCode::NotFound, detail)
}

/// Whatever the reason: when an event cannot be stored, its sender must send it again.
fn unavailable(config: &Config, error: &StorageError) -> Problem {
    tracing::error!(%error, "an event could not be stored");
    Problem::unavailable(u64::from(config.ingress.retry_after_s))
}
