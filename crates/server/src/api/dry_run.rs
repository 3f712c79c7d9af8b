//! The draft against what really came in lately, with every effect held back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::dry_run::{Difference, DryRun, DryRunResult, DryStep, Known, MOST_TURNS, StandIn, differences};
use model::{Definition, EventId, EventStatus, NodeId, RunId, RunStatus, StepStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use nodes::manifest::NodeKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{EventFilter, EventRecord, RunRecord, StepRecord, Storage, WorkflowRecord};
use utoipa::ToSchema;

use super::definitions::check as check_definition;
use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::{mask_dry_run, personal_of};

/// How many events are tried at the most.
pub(crate) const MOST_EVENTS: u64 = 50;

/// How many are tried when nobody says.
const USUAL_EVENTS: u64 = 10;

/// How many turns of loops are read of one run: as many as a dry run takes of one loop, and of one in each of those.
const MOST_TURNS_READ: usize = 500;

/// How long one event may compute, in milliseconds.
const EVENT_LIMIT_MS: u64 = 5_000;

/// What to try.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunWish {
    /// How many of the latest events, 10 when left out, 50 at the most.
    pub last: Option<u64>,
    /// Just this event instead.
    #[schema(value_type = Option<Uuid>)]
    pub event: Option<EventId>,
    /// The definition to try; the saved draft when left out.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Definition>,
}

/// What the draft would do with each event.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunReport {
    /// The events, the latest first.
    pub items: Vec<DryRunItem>,
    /// How many would go otherwise than they really went.
    pub changed: usize,
    /// How many would go as they really went.
    pub unchanged: usize,
}

/// One event and what the draft would do with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunItem {
    /// The event.
    #[schema(value_type = Uuid)]
    pub event: EventId,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The latest run that it really started.
    #[schema(value_type = Option<Uuid>)]
    pub run: Option<RunId>,
    /// The version of that run; null for a draft.
    pub version: Option<i32>,
    /// How that run stands.
    #[schema(value_type = Option<String>)]
    pub real_status: Option<RunStatus>,
    /// What the draft would do: `status`, `steps` (with `held_back` requests and where their outputs come from), `error`.
    #[schema(value_type = Object)]
    pub would: DryRunResult,
    /// What differs from that run, step by step; empty when nothing does or there was no run.
    #[schema(value_type = Vec<Object>)]
    pub differences: Vec<Difference>,
}

/// A run that really was.
struct Real {
    run: RunRecord,
    definition: Definition,
    steps: Vec<StepRecord>,
    /// What its HTTP steps sent first.
    sent: Requests,
}

/// What steps asked for, by node and turn.
type Requests = BTreeMap<(NodeId, String), Value>;

/// Tries the draft against the latest real events. Nothing is sent and nothing is stored.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/dry-run", tag = "workflows", params(("id" = Uuid, Path)),
    request_body = Option<DryRunWish>,
    responses((status = 200, body = DryRunReport), (status = 422, body = ProblemDocument)))]
pub async fn dry_run(
    _caller: Caller,
    (storage, catalogue, config): (Data<Storage>, Data<Catalogue>, Data<Config>),
    engine: Data<Engine>,
    id: Path<WorkflowId>,
    wish: Option<Json<DryRunWish>>,
) -> Result<Json<DryRunReport>, Problem> {
    let wish = wish.map(Json::into_inner).unwrap_or_default();
    let workflow = storage.workflow(*id).await?;
    Ok(Json(report(&storage, &catalogue, &engine, &config, workflow, wish).await?))
}

/// Tries a definition against events. A draft with problems is refused with all of them.
pub(crate) async fn report(
    storage: &Storage,
    catalogue: &Catalogue,
    engine: &Engine,
    config: &Config,
    workflow: WorkflowRecord,
    wish: DryRunWish,
) -> Result<DryRunReport, Problem> {
    let definition = wish.definition.unwrap_or_else(|| workflow.draft.clone());
    let problems = check_definition(&definition, catalogue, storage).await?;
    if !problems.is_empty() {
        return Err(Problem::invalid_definition(problems));
    }
    let events = events(storage, &workflow, wish.event, wish.last.unwrap_or(USUAL_EVENTS)).await?;
    let mut real = BTreeMap::new();
    for event in &events {
        if let Some(run) = event.run {
            real.insert(event.id, Real::read(storage, run).await?);
        }
    }
    let samples = samples(storage, &workflow, &events, &real).await?;
    let personal = personal_of(storage, workflow.id, None).await?;
    let stop_at = Instant::now() + Duration::from_millis(config.api.test_timeout_ms);
    let mut items = Vec::new();
    for event in events {
        if Instant::now() >= stop_at {
            break;
        }
        let real = real.get(&event.id);
        let Some(trigger_node) = trigger_of(storage, catalogue, &workflow, &definition, &event, real).await? else {
            return Err(Problem::not_now("problem.no_trigger"));
        };
        let dry_run = DryRun {
            workflow: workflow.id,
            workflow_name: workflow.name.clone(),
            definition: definition.clone(),
            trigger_node,
            event: storage.event_content(event.id).await?,
            known: Known { steps: real.map(Real::stand_ins).unwrap_or_default(), samples: samples.clone() },
            at: real.and_then(|real| real.run.started_at).unwrap_or_else(|| storage.now()),
            limit_ms: EVENT_LIMIT_MS,
        };
        let would = engine.dry_run(dry_run.clone()).await;
        let requests = match real {
            Some(real) => real.requests(engine, dry_run, &would).await,
            None => Requests::new(),
        };
        let mut item = DryRunItem::of(&event, real, would, &requests);
        mask_dry_run(&personal, &storage.event_content(event.id).await?, &mut item);
        items.push(item);
    }
    let changed = items.iter().filter(|item| item.is_changed()).count();
    let unchanged = items.iter().filter(|item| item.run.is_some() && !item.is_changed()).count();
    Ok(DryRunReport { items, changed, unchanged })
}

/// The events to try: those that were taken, the latest first.
async fn events(
    storage: &Storage,
    workflow: &WorkflowRecord,
    event: Option<EventId>,
    last: u64,
) -> Result<Vec<EventRecord>, Problem> {
    if let Some(event) = event {
        let event = storage.event(event).await?;
        if event.workflow != workflow.id {
            return Err(Problem::not_found("event of this workflow"));
        }
        return Ok(vec![event]);
    }
    let limit = last.clamp(1, MOST_EVENTS);
    let mut found = Vec::new();
    for status in [EventStatus::Accepted, EventStatus::Kept] {
        let filter =
            EventFilter { workflow_key: Some(workflow.key), status: Some(status), limit, ..EventFilter::default() };
        found.extend(storage.events(&filter).await?);
    }
    found.sort_by_key(|event| std::cmp::Reverse(event.key));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// What stands in where an event's own run says nothing: the nodes' samples, then what they gave for another event.
async fn samples(
    storage: &Storage,
    workflow: &WorkflowRecord,
    events: &[EventRecord],
    real: &BTreeMap<EventId, Real>,
) -> Result<BTreeMap<NodeId, Value>, Problem> {
    let pinned = storage.samples(workflow.key).await?;
    let mut samples: BTreeMap<NodeId, Value> = pinned.into_iter().map(|sample| (sample.node, sample.value)).collect();
    for event in events {
        for step in real.get(&event.id).into_iter().flat_map(|real| &real.steps) {
            if let Some(output) = step.output.as_ref().filter(|_| step.status == StepStatus::Succeeded) {
                samples.entry(step.node.clone()).or_insert_with(|| output.clone());
            }
        }
    }
    Ok(samples)
}

/// The trigger to begin at: the one that the event came in at, or the first one when the draft does not have that any more.
async fn trigger_of(
    storage: &Storage,
    catalogue: &Catalogue,
    workflow: &WorkflowRecord,
    definition: &Definition,
    event: &EventRecord,
    real: Option<&Real>,
) -> Result<Option<NodeId>, Problem> {
    let triggers: BTreeSet<&NodeId> = definition
        .nodes
        .iter()
        .filter(|node| catalogue.get(&node.node_type).is_some_and(|known| known.node_type().kind == NodeKind::Trigger))
        .map(|node| &node.id)
        .collect();
    let own = match (real, event.endpoint_key) {
        (Some(real), _) => Some(real.run.trigger_node.clone()),
        (None, None) => None,
        (None, Some(key)) => {
            let endpoints = storage.endpoints(workflow.key).await?;
            endpoints.into_iter().find(|endpoint| endpoint.key == key).map(|endpoint| NodeId(endpoint.node))
        }
    };
    let first = definition.nodes.iter().map(|node| &node.id).find(|id| triggers.contains(id)).cloned();
    Ok(own.filter(|own| triggers.contains(own)).or(first))
}

impl Real {
    async fn read(storage: &Storage, run: RunId) -> Result<Self, Problem> {
        let run = storage.run(run).await?;
        let definition = storage.definition(run.definition_key).await?;
        let mut real = Self { steps: storage.outer_steps(run.key).await?, run, definition, sent: Requests::new() };
        real.note_sent(storage, "").await?;
        let mut around = vec![String::new()];
        let mut turns = 0;
        while let Some(outer) = around.pop() {
            for number in 0..MOST_TURNS {
                let turn = if outer.is_empty() { number.to_string() } else { format!("{outer}/{number}") };
                let steps = storage.steps_of_turn(real.run.key, &turn).await?;
                turns += 1;
                if steps.is_empty() || turns > MOST_TURNS_READ {
                    break;
                }
                // The turn's own row has the node of its box, which lies further out.
                let inside: Vec<_> = steps.into_iter().filter(|step| real.is_of_turn(step)).collect();
                if inside.iter().any(|step| real.is_box(&step.node)) {
                    around.push(turn.clone());
                }
                real.steps.extend(inside);
                real.note_sent(storage, &turn).await?;
            }
        }
        Ok(real)
    }

    async fn note_sent(&mut self, storage: &Storage, turn: &str) -> Result<(), Problem> {
        for attempt in storage.attempts_of_turn(self.run.key, turn).await? {
            let request = attempt.exchanges.first().and_then(|exchange| exchange.get("request"));
            if let Some(request) = request.filter(|request| request.get("url").is_some()) {
                self.sent.insert((attempt.node, attempt.iteration), request.clone());
            }
        }
        Ok(())
    }

    fn is_of_turn(&self, step: &StepRecord) -> bool {
        let parents = std::iter::successors(self.definition.node(&step.node), |node| {
            node.parent.as_ref().and_then(|parent| self.definition.node(parent))
        });
        parents.count() == step.iteration.split('/').count() + 1
    }

    fn is_box(&self, node: &NodeId) -> bool {
        self.definition.nodes.iter().any(|inner| inner.parent.as_ref() == Some(node))
    }

    /// What its steps asked for, as far as the draft asks for something there, too. Only of HTTP the history shows it in a form
    /// that can be compared; all else is asked of the definition of that time.
    async fn requests(&self, engine: &Engine, draft: DryRun, would: &DryRunResult) -> Requests {
        let mut requests = self.sent.clone();
        let key = |step: &DryStep| (step.node.clone(), step.iteration.clone());
        let is_unknown = |step: &&DryStep| step.held_back.is_some() && !requests.contains_key(&key(step));
        if !would.steps.iter().any(|step| is_unknown(&step)) {
            return requests;
        }
        let before =
            DryRun { definition: self.definition.clone(), trigger_node: self.run.trigger_node.clone(), ..draft };
        for step in engine.dry_run(before).await.steps {
            let key = key(&step);
            if let Some(held) = step.held_back {
                requests.entry(key).or_insert(held.request);
            }
        }
        requests
    }

    fn stand_ins(&self) -> BTreeMap<(NodeId, String), StandIn> {
        let succeeded = self.steps.iter().filter(|step| step.status == StepStatus::Succeeded);
        let stand_in = |step: &StepRecord| {
            let known = StandIn { port: step.port.clone(), output: step.output.clone().unwrap_or_default() };
            ((step.node.clone(), step.iteration.clone()), known)
        };
        succeeded.map(stand_in).collect()
    }
}

impl DryRunItem {
    fn of(event: &EventRecord, real: Option<&Real>, would: DryRunResult, requests: &Requests) -> Self {
        Self {
            event: event.id,
            received_at: event.received_at,
            run: real.map(|real| real.run.id),
            version: real.and_then(|real| real.run.version),
            real_status: real.map(|real| real.run.status),
            differences: real.map(|real| differences(&would, &real.steps, requests)).unwrap_or_default(),
            would,
        }
    }

    /// Whether it would go otherwise than it really went.
    fn is_changed(&self) -> bool {
        let ends_otherwise = self.real_status.is_some_and(|real| real.is_final() && real != self.would.status);
        ends_otherwise || !self.differences.is_empty()
    }
}
