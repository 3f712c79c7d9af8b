//! Runs that gave up, and what people decide about them.

use actix_web::web::{Data, Json, Path, Query};
use model::{RunId, Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{
    DeadLetterFilter, DeadLetterGroup as GroupRecord, DeadLetterReason, DeadLetterRecord, DeadLetterState, Storage,
};
use utoipa::{IntoParams, ToSchema};

use super::{Items, Page, paging};
use crate::audit;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::mask_words;

/// How many groups are listed at the most.
const MOST_GROUPS: u64 = 1_000;

/// Which dead letters to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Only those of this workflow.
    #[param(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// Only those of this cause.
    pub group: Option<String>,
    /// `open` when left out, `replayed`, `discarded` or `resolved`.
    #[param(value_type = Option<String>)]
    pub state: Option<DeadLetterState>,
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// A run that gave up.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetter {
    /// The run.
    #[schema(value_type = Uuid)]
    pub run: RunId,
    /// Its workflow.
    #[schema(value_type = Uuid)]
    pub workflow: WorkflowId,
    /// `failed`, `in_doubt` or `crashed`.
    #[schema(value_type = String)]
    pub reason: DeadLetterReason,
    /// Equal for runs that gave up for the same cause.
    pub group: String,
    /// The node that is to blame.
    pub node: Option<String>,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// What happened.
    pub message: String,
    /// When it gave up.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// `open`, `replayed`, `discarded` or `resolved`.
    #[schema(value_type = String)]
    pub state: DeadLetterState,
    /// When that was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The run that repeats it.
    #[schema(value_type = Option<Uuid>)]
    pub replayed_as: Option<RunId>,
}

/// Dead letters of one cause.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterGroup {
    /// The cause.
    pub group: String,
    /// How many there are.
    pub count: u64,
    /// When the oldest one gave up.
    #[schema(value_type = String, format = DateTime)]
    pub oldest_at: Timestamp,
    /// The newest one, which stands for all.
    pub newest: DeadLetter,
}

/// Which dead letters a decision concerns: one of these members must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Choice {
    /// Those of these runs.
    #[schema(value_type = Vec<Uuid>)]
    pub runs: Vec<RunId>,
    /// All of this cause.
    pub group: Option<String>,
    /// All of this workflow, without those in doubt.
    #[schema(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// All there are, without those in doubt.
    pub all: bool,
}

/// How many dead letters a decision concerned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// How many.
    pub count: u64,
}

/// Lists dead letters, the newest first.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters", params(DeadLetterQuery),
    responses((status = 200, body = Page<DeadLetter>)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<DeadLetterQuery>,
) -> Result<Json<Page<DeadLetter>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let filter =
        DeadLetterFilter { before_key: paging::key(query.cursor.as_deref())?, ..filter_of(&storage, &query).await? };
    let mut rows = storage.dead_letters(&filter, limit + 1).await?;
    mask_letters(&storage, rows.iter_mut()).await?;
    Ok(Json(Page::of(rows, limit, |row| row.run_key.to_string(), DeadLetter::from)))
}

/// Lists the causes, the one with the newest run first.
#[utoipa::path(get, path = "/api/v1/dead-letters/groups", tag = "dead letters", params(DeadLetterQuery),
    responses((status = 200, body = Items<DeadLetterGroup>)))]
pub async fn groups(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<DeadLetterQuery>,
) -> Result<Json<Items<DeadLetterGroup>>, Problem> {
    let mut groups = storage.dead_letter_groups(&filter_of(&storage, &query).await?, 0, MOST_GROUPS).await?;
    mask_letters(&storage, groups.iter_mut().map(|group| &mut group.newest)).await?;
    Ok(Json(Items { items: groups.into_iter().map(DeadLetterGroup::from).collect() }))
}

/// Puts open dead letters aside for good. It can be undone.
#[utoipa::path(post, path = "/api/v1/dead-letters/discard", tag = "dead letters", request_body = Choice,
    responses((status = 200, body = Decided), (status = 422, body = ProblemDocument)))]
pub async fn discard(caller: Caller, storage: Data<Storage>, choice: Json<Choice>) -> Result<Json<Decided>, Problem> {
    let count = put_aside(&storage, &choice, caller.name()).await?;
    Ok(Json(Decided { count }))
}

/// Puts one open dead letter aside for good. It can be undone.
#[utoipa::path(post, path = "/api/v1/dead-letters/{run}/discard", tag = "dead letters", params(("run" = Uuid, Path)),
    responses((status = 200, body = Decided), (status = 409, body = ProblemDocument)))]
pub async fn discard_one(caller: Caller, storage: Data<Storage>, run: Path<RunId>) -> Result<Json<Decided>, Problem> {
    open_letter(&storage, *run).await?;
    let choice = Choice { runs: vec![*run], ..Choice::default() };
    let count = put_aside(&storage, &choice, caller.name()).await?;
    Ok(Json(Decided { count }))
}

/// Takes a discarding back, with everything that was discarded in the same go.
#[utoipa::path(post, path = "/api/v1/dead-letters/{run}/undo", tag = "dead letters", params(("run" = Uuid, Path)),
    responses((status = 200, body = Decided), (status = 409, body = ProblemDocument)))]
pub async fn undo(caller: Caller, storage: Data<Storage>, run: Path<RunId>) -> Result<Json<Decided>, Problem> {
    let count = take_back(&storage, *run, caller.name()).await?;
    Ok(Json(Decided { count }))
}

/// Masks what personal fields hold in what is told of dead letters.
pub(crate) async fn mask_letters<'a>(
    storage: &Storage,
    letters: impl Iterator<Item = &'a mut DeadLetterRecord>,
) -> Result<(), Problem> {
    for letter in letters {
        let run = storage.run(letter.run).await?;
        mask_words(storage, &run, &mut letter.message, None).await?;
    }
    Ok(())
}

/// Discards what is chosen and notes it.
pub(crate) async fn put_aside(storage: &Storage, choice: &Choice, by: String) -> Result<u64, Problem> {
    let filter = choice.filter(storage).await?;
    let count = storage.discard_dead_letters(filter, by.clone()).await?;
    if count > 0 {
        let details = json!({ "count": count, "group": choice.group, "workflow": choice.workflow, "all": choice.all });
        audit::note(storage, by, "dead_letters.discarded", ("run", choice.subject()), details).await;
    }
    Ok(count)
}

/// Takes a discarding back and notes it.
pub(crate) async fn take_back(storage: &Storage, run: RunId, by: String) -> Result<u64, Problem> {
    let count = storage.reopen_dead_letters(run).await?;
    if count == 0 {
        return Err(Problem::not_now("problem.not_discarded"));
    }
    audit::note(storage, by, "dead_letters.reopened", ("run", run.to_string()), json!({ "count": count })).await;
    Ok(count)
}

/// The dead letter of a run, as long as nothing was decided.
pub(super) async fn open_letter(storage: &Storage, run: RunId) -> Result<DeadLetterRecord, Problem> {
    let record = storage.run(run).await?;
    let letter = storage.dead_letter(record.key).await?.ok_or_else(|| Problem::not_found("dead letter"))?;
    match letter.state {
        DeadLetterState::Open => Ok(letter),
        _ => Err(Problem::not_now("problem.decided")),
    }
}

async fn filter_of(storage: &Storage, query: &DeadLetterQuery) -> Result<DeadLetterFilter, Problem> {
    Ok(DeadLetterFilter {
        workflow_key: match query.workflow {
            Some(workflow) => Some(storage.workflow_key(workflow).await?),
            None => None,
        },
        fingerprint: query.group.clone(),
        states: vec![query.state.unwrap_or(DeadLetterState::Open)],
        ..DeadLetterFilter::default()
    })
}

impl Choice {
    /// Whether nothing was chosen at all.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The newest of the open dead letters that are chosen, by which the decision can be undone.
    pub(crate) async fn newest(&self, storage: &Storage) -> Result<Option<RunId>, Problem> {
        let open = DeadLetterFilter { states: vec![DeadLetterState::Open], ..self.filter(storage).await? };
        Ok(storage.dead_letters(&open, 1).await?.pop().map(|letter| letter.run))
    }

    async fn filter(&self, storage: &Storage) -> Result<DeadLetterFilter, Problem> {
        if self.is_empty() {
            return Err(nothing_chosen());
        }
        Ok(DeadLetterFilter {
            workflow_key: match self.workflow {
                Some(workflow) => Some(storage.workflow_key(workflow).await?),
                None => None,
            },
            fingerprint: self.group.clone(),
            // What is in doubt is only meant when it is named: by its run, or by a cause of which all are in doubt.
            without_doubt: self.runs.is_empty() && self.group.is_none(),
            runs: self.runs.clone(),
            ..DeadLetterFilter::default()
        })
    }

    /// The run that is meant, when it is only one.
    fn subject(&self) -> String {
        if let [run] = self.runs.as_slice() { run.to_string() } else { String::new() }
    }
}

/// Deciding about everything must be said, not left out.
pub(crate) fn nothing_chosen() -> Problem {
    Problem::invalid_request("Say which dead letters are meant: `runs`, `group`, `workflow` or `all`.")
}

impl From<DeadLetterRecord> for DeadLetter {
    fn from(record: DeadLetterRecord) -> Self {
        Self {
            run: record.run,
            workflow: record.workflow,
            reason: record.reason,
            group: record.fingerprint,
            node: record.node.map(|node| node.0),
            iteration: record.iteration,
            message: record.message,
            created_at: record.created_at,
            state: record.state,
            decided_at: record.decided_at,
            decided_by: record.decided_by,
            replayed_as: record.replayed_as,
        }
    }
}

impl From<GroupRecord> for DeadLetterGroup {
    fn from(record: GroupRecord) -> Self {
        Self {
            group: record.fingerprint,
            count: record.count,
            oldest_at: record.oldest_at,
            newest: record.newest.into(),
        }
    }
}
