//! Runs of which nobody knows whether a step took effect, and what people say about them.

use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::in_doubt::InDoubtAnswer;
use engine::look_back::{FetchError, Fetched};
use model::RunId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::{DeadLetterReason, DeadLetterRecord, Storage};
use utoipa::ToSchema;

use super::dead_letters::{Choice, Decided, open_letter, put_aside};
use crate::audit;
use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::mask_words;

/// A person's word on a step of which nobody knows whether it took effect.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum DoubtAnswer {
    /// It happened: the run goes on after the step.
    Happened {
        /// What the step gives to later ones.
        #[serde(default)]
        #[schema(value_type = Object)]
        result: Value,
        /// The port that the run goes on along; `out` when left out.
        #[serde(default)]
        port: Option<String>,
        /// An address of the other side that tells the result, instead of `result` and `port`: it is asked as with `fetch`.
        #[serde(default)]
        fetch: Option<String>,
    },
    /// It did not happen, or twice does no harm: it is done again, under the same idempotency key.
    Again,
    /// The run stays as it is.
    GiveUp,
}

/// Where to ask for what became of a step in doubt.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// An address of the other side. It is asked with GET and the step's credential, which only goes to its own hosts.
    pub url: String,
}

/// What the other side has of a step in doubt. Nothing is decided by it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FetchedResult {
    /// What the step would give to later ones: in the shape that it always has where that can be known, else the whole answer.
    /// What is personal is masked; answering with `fetch` takes it over as it is.
    #[schema(value_type = Object)]
    pub result: Value,
    /// The port that the run would go on along.
    pub port: String,
    /// What was sent and what came back, without secrets.
    #[schema(value_type = Object)]
    pub exchange: Value,
}

/// Decides about a run that is in doubt.
#[utoipa::path(post, path = "/api/v1/dead-letters/{run}/answer", tag = "dead letters", params(("run" = Uuid, Path)),
    request_body = DoubtAnswer, responses((status = 200, body = Decided), (status = 409, body = ProblemDocument)))]
pub async fn answer(
    caller: Caller,
    (storage, engine, config): (Data<Storage>, Data<Engine>, Data<Config>),
    run: Path<RunId>,
    answer: Json<DoubtAnswer>,
) -> Result<Json<Decided>, Problem> {
    decide((&storage, &engine, &config), *run, answer.into_inner(), caller.name()).await?;
    Ok(Json(Decided { count: 1 }))
}

/// Asks the other side what became of the step in doubt, and decides nothing.
#[utoipa::path(post, path = "/api/v1/dead-letters/{run}/fetch", tag = "dead letters", params(("run" = Uuid, Path)),
    request_body = Question, responses((status = 200, body = FetchedResult), (status = 409, body = ProblemDocument),
    (status = 422, body = ProblemDocument)))]
pub async fn fetch(
    caller: Caller,
    (storage, engine, config): (Data<Storage>, Data<Engine>, Data<Config>),
    run: Path<RunId>,
    question: Json<Question>,
) -> Result<Json<FetchedResult>, Problem> {
    doubtful_letter(&storage, *run).await?;
    let url = question.into_inner().url;
    let fetched = ask((&storage, &engine, &config), *run, url, caller.name()).await.map_err(refused)?;
    let Fetched { output: mut result, port, exchange } = fetched;
    let mut exchange = serde_json::to_value(exchange).unwrap_or_default();
    let record = storage.run(*run).await?;
    mask_words(&storage, &record, &mut String::new(), Some(&mut result)).await?;
    mask_words(&storage, &record, &mut String::new(), Some(&mut exchange)).await?;
    Ok(Json(FetchedResult { result, port, exchange }))
}

/// Asks the other side, and writes down that somebody did, also when no result came back: the credential may have been used.
pub(crate) async fn ask(
    (storage, engine, config): (&Storage, &Engine, &Config),
    run: RunId,
    url: String,
    by: String,
) -> Result<Fetched, FetchError> {
    let fetched = engine.fetch_result(run, url, config.api.test_timeout_ms).await;
    if matches!(fetched, Ok(_) | Err(FetchError::Failed(_))) {
        let details = json!({ "answered": fetched.is_ok() });
        audit::note(storage, by, "run.doubt_asked", ("run", run.to_string()), details).await;
    }
    fetched
}

/// Carries out a person's word on a run in doubt and notes it.
pub(crate) async fn decide(
    (storage, engine, config): (&Storage, &Engine, &Config),
    run: RunId,
    answer: DoubtAnswer,
    by: String,
) -> Result<(), Problem> {
    doubtful_letter(storage, run).await?;
    let (word, answer) = match answer {
        DoubtAnswer::Happened { fetch: Some(url), .. } => {
            let fetched = ask((storage, engine, config), run, url, by.clone()).await.map_err(refused)?;
            ("happened", InDoubtAnswer::Happened { output: fetched.output, port: Some(fetched.port) })
        }
        DoubtAnswer::Happened { result, port, fetch: None } => {
            ("happened", InDoubtAnswer::Happened { output: result, port })
        }
        DoubtAnswer::Again => ("again", InDoubtAnswer::Again),
        DoubtAnswer::GiveUp => {
            put_aside(storage, &Choice { runs: vec![run], ..Choice::default() }, by.clone()).await?;
            let details = json!({ "answer": "give_up" });
            audit::note(storage, by, "run.doubt_answered", ("run", run.to_string()), details).await;
            return Ok(());
        }
    };
    if !engine.answer_in_doubt(run, answer, Some(by.clone())).await? {
        return Err(Problem::not_now("problem.decided_meanwhile"));
    }
    audit::note(storage, by, "run.doubt_answered", ("run", run.to_string()), json!({ "answer": word })).await;
    Ok(())
}

async fn doubtful_letter(storage: &Storage, run: RunId) -> Result<DeadLetterRecord, Problem> {
    let letter = open_letter(storage, run).await?;
    if letter.reason != DeadLetterReason::InDoubt {
        return Err(Problem::not_now("problem.not_in_doubt"));
    }
    Ok(letter)
}

fn refused(error: FetchError) -> Problem {
    match error {
        FetchError::NotInDoubt => Problem::not_now("problem.decided_meanwhile"),
        FetchError::Failed(error) => Problem::invalid_request(error.message).at_parameter("url"),
        FetchError::Storage(error) => error.into(),
    }
}
