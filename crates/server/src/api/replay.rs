//! Repeating one run.

use std::collections::BTreeMap;
use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::replay::{ReplayError, ReplayFrom, ReplayVersion, ReplayWish};
use model::{NodeId, RunId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use storage::Storage;
use storage::queue::Accepted;
use utoipa::ToSchema;

use crate::audit;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemCode, ProblemDocument};
use crate::webhooks::Receipt;

/// How to repeat a run.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Replay {
    /// `failed_step` when left out, `start`, or the id of a node. What does not come after it is taken over.
    pub from: Option<String>,
    /// `original` when left out: the version of that time; or `current`: the one that is published now.
    pub version: WhichVersion,
    /// Another body for the event. The stored event stays as it is.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    pub event: Option<Value>,
    /// Other outputs for steps that are taken over, by node.
    #[schema(value_type = Object)]
    pub steps: BTreeMap<String, Value>,
    /// What steps that are done again get to work with, by node and parameter: it counts as it stands, in place of what the
    /// definition would compute. Only for steps outside of loops.
    #[schema(value_type = Object)]
    pub params: BTreeMap<String, Map<String, Value>>,
    /// A run that is in doubt is only repeated from the `start`, and only with `true` here: what may have happened already
    /// may happen a second time. Answering the doubt is the other way.
    pub although_in_doubt: bool,
}

/// Which version a replay runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichVersion {
    /// The one that the run had.
    #[default]
    Original,
    /// The one that is published now.
    Current,
}

/// Null is a body, too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Repeats a run that is over as a new run. Effects get new idempotency keys.
#[utoipa::path(post, path = "/api/v1/runs/{id}/replay", tag = "runs", params(("id" = Uuid, Path)),
    request_body = Option<Replay>,
    responses((status = 202, body = Receipt), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn replay(
    caller: Caller,
    (storage, engine): (Data<Storage>, Data<Engine>),
    id: Path<RunId>,
    wish: Option<Json<Replay>>,
) -> Result<(Json<Receipt>, StatusCode), Problem> {
    let wish = wish.map(Json::into_inner).unwrap_or_default();
    let accepted = carry_out(&storage, &engine, *id, wish, caller.name()).await?;
    Ok((Json(Receipt::from(accepted)), StatusCode::ACCEPTED))
}

/// Repeats a run, notes who wished it, and settles its dead letter.
pub(crate) async fn carry_out(
    storage: &Storage,
    engine: &Engine,
    run: RunId,
    wish: Replay,
    by: String,
) -> Result<Accepted, Problem> {
    let from = wish.from.as_deref().unwrap_or("failed_step").to_owned();
    let is_edited = wish.event.is_some() || !wish.steps.is_empty() || !wish.params.is_empty();
    let although_in_doubt = wish.although_in_doubt;
    let accepted = engine
        .replay(ReplayWish {
            run,
            from: from_text(&from),
            version: wish.version.into(),
            event: wish.event,
            steps: wish.steps.into_iter().map(|(node, output)| (NodeId(node), output)).collect(),
            params: wish.params.into_iter().map(|(node, params)| (NodeId(node), params)).collect(),
            as_run: None,
            although_in_doubt,
        })
        .await?;
    if let Some(new) = accepted.run {
        storage.settle_dead_letter(storage.run(run).await?.key, new, by.clone()).await?;
        let mut details = json!({ "as": new, "from": from, "version": wish.version, "edited": is_edited });
        if although_in_doubt {
            details["although_in_doubt"] = Value::Bool(true);
        }
        audit::note(storage, by, "run.replayed", ("run", run.to_string()), details).await;
    }
    Ok(accepted)
}

/// Where to begin. A node may have any name, also one that means something here: then it is written as `node:<id>`.
fn from_text(text: &str) -> ReplayFrom {
    match text {
        "failed_step" => ReplayFrom::FailedStep,
        "start" => ReplayFrom::Start,
        other => ReplayFrom::Node(NodeId::from(other.strip_prefix("node:").unwrap_or(other))),
    }
}

impl From<WhichVersion> for ReplayVersion {
    fn from(which: WhichVersion) -> Self {
        match which {
            WhichVersion::Original => Self::Original,
            WhichVersion::Current => Self::Current,
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let invalid = ProblemCode::InvalidRequest;
        match error {
            ReplayError::NotOver => Self::not_now("problem.replay.not_over"),
            ReplayError::InDoubt(node) => Self::wrong_state(format!(
                "Nobody knows whether the step `{node}` took effect, so a replay could do it a second time. Answer that first \
                 (POST /api/v1/dead-letters/{{run}}/answer): `happened`, `again` or `give_up`. Whoever wants everything done \
                 anew all the same sends `\"from\": \"start\"` with `\"although_in_doubt\": true`."
            ))
            .for_people("problem.replay.in_doubt", &[("node", &node)]),
            ReplayError::NothingFailed => Self::not_now("problem.replay.nothing_failed"),
            ReplayError::NoSuchNode(node) => {
                Self::said(invalid, "problem.replay.no_step", &[("node", &node)]).at_parameter("from")
            }
            ReplayError::NotDoneAgain(node) => {
                Self::said(invalid, "problem.replay.not_done_again", &[("node", &node)]).at_parameter("params")
            }
            ReplayError::NoSuchParameter(node, name) => {
                let values: [(_, &dyn Display); 2] = [("node", &node), ("parameter", &name)];
                Self::said(invalid, "problem.replay.no_parameter", &values).at_parameter("params")
            }
            ReplayError::NotPublished => Self::not_now("problem.replay.not_published"),
            ReplayError::Event(error) => Self::invalid_request(error.message).at_parameter("event"),
            ReplayError::Storage(error) => error.into(),
        }
    }
}
