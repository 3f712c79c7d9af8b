//! What the forms of the desk do.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use engine::Engine;
use model::RunId;
use serde::Deserialize;
use serde_json::Value;
use storage::Storage;
use uuid::Uuid;

use super::super::layout::see_other;
use super::super::next::local_path;
use super::super::query::with_query;
use crate::api::dead_letters::{Choice, put_aside, take_back};
use crate::api::doubts::{DoubtAnswer, decide};
use crate::api::replay::WhichVersion;
use crate::api::replays::{Beginning, ReplayMany, begin_job, stop_job};
use crate::auth::{CheckedForm, SignedIn};
use crate::config::Config;
use crate::problem::{Problem, ProblemCode};

/// A form's fields in order: the same one may occur several times.
type Fields = Vec<(String, String)>;

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// The answer to what is in doubt.
#[expect(clippy::struct_field_names, reason = "the form names its fields")]
#[derive(Deserialize)]
pub(super) struct Answer {
    answer: String,
    #[serde(default)]
    result: String,
    /// The port that came with a result that was fetched.
    port: Option<String>,
    /// An address that the result is to be taken over from as it is, because it cannot be shown.
    #[serde(default)]
    fetch: String,
    back: Option<String>,
}

/// Begins to replay what is chosen.
pub(super) async fn replay(
    CheckedForm(fields): CheckedForm<Fields>,
    signed_in: SignedIn,
    (storage, engine): (Data<Storage>, Data<Engine>),
) -> Result<HttpResponse, Problem> {
    let choice = choice(&fields)?;
    if choice.is_empty() {
        return Ok(see_other("/dead-letters?notice=nothing_chosen"));
    }
    let wish = ReplayMany {
        runs: choice.runs,
        group: choice.group,
        workflow: choice.workflow,
        all: choice.all,
        from: if field(&fields, "from") == "start" { Beginning::Start } else { Beginning::FailedStep },
        version: if field(&fields, "version") == "current" { WhichVersion::Current } else { WhichVersion::Original },
        rate: field(&fields, "rate").parse().ok(),
    };
    let notice = match begin_job(&storage, &engine, wish, signed_in.user.email).await? {
        Some(_) => "replay_begun",
        None => "already_decided",
    };
    Ok(see_other(&with_query("/dead-letters", &[("notice", notice)])))
}

/// Discards what is chosen; the page that follows offers to undo it.
pub(super) async fn discard(
    CheckedForm(fields): CheckedForm<Fields>,
    signed_in: SignedIn,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    let choice = choice(&fields)?;
    if choice.is_empty() {
        return Ok(see_other("/dead-letters?notice=nothing_chosen"));
    }
    let some = match choice.runs.first() {
        Some(run) => Some(*run),
        None => choice.newest(&storage).await?,
    };
    let count = put_aside(&storage, &choice, signed_in.user.email).await?;
    let Some(some) = some.filter(|_| count > 0) else {
        return Ok(see_other("/dead-letters?notice=already_decided"));
    };
    let of = some.to_string();
    Ok(see_other(&with_query("/dead-letters", &[("notice", "dead_letters_discarded"), ("of", &of)])))
}

/// Takes a discarding back.
pub(super) async fn undo(
    _form: CheckedForm<Fields>,
    signed_in: SignedIn,
    storage: Data<Storage>,
    run: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let notice = match take_back(&storage, *run, signed_in.user.email).await {
        Ok(_) => "dead_letters_restored",
        Err(problem) if problem.code() == ProblemCode::WrongState => "already_decided",
        Err(problem) => return Err(problem),
    };
    Ok(see_other(&with_query("/dead-letters", &[("notice", notice)])))
}

/// Begins no further replays.
pub(super) async fn stop(
    _form: CheckedForm<Nothing>,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    stop_job(&storage, *id, signed_in.user.email).await?;
    Ok(see_other("/dead-letters?notice=replay_stopped"))
}

/// Decides about a run in doubt, and leads back to the run.
pub(super) async fn answer(
    CheckedForm(form): CheckedForm<Answer>,
    signed_in: SignedIn,
    (storage, engine, config): (Data<Storage>, Data<Engine>, Data<Config>),
    run: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let (answer, notice) = match form.answer.as_str() {
        "happened" => {
            let fetch = Some(form.fetch).filter(|url| !url.is_empty() && form.result.trim().is_empty());
            (DoubtAnswer::Happened { result: value_of(&form.result), port: form.port, fetch }, "doubt_answered")
        }
        "again" => (DoubtAnswer::Again, "doubt_answered"),
        "give_up" => (DoubtAnswer::GiveUp, "doubt_given_up"),
        _ => return Err(Problem::invalid_request("The answer must be one of those on the page.")),
    };
    let notice = match decide((&storage, &engine, &config), *run, answer, signed_in.user.email).await {
        Ok(()) => notice,
        Err(problem) if problem.code() == ProblemCode::WrongState => "already_decided",
        Err(problem) => return Err(problem),
    };
    let back = local_path(form.back.as_deref().filter(|back| back.starts_with("/runs/")));
    let path = if back == "/" { "/dead-letters" } else { back.split('?').next().unwrap_or(back) };
    Ok(see_other(&with_query(path, &[("notice", notice)])))
}

/// What a person typed as a result: JSON where it is some, else text, else nothing.
fn value_of(typed: &str) -> Value {
    match typed.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn choice(fields: &Fields) -> Result<Choice, Problem> {
    let given = |name: &str| Some(field(fields, name).to_owned()).filter(|text| !text.is_empty());
    let no_id = || Problem::invalid_request("An id in the form is not one.");
    let runs = fields.iter().filter(|(name, _)| name == "run").map(|(_, id)| id.parse().map_err(|_| no_id()));
    Ok(Choice {
        runs: runs.collect::<Result<_, Problem>>()?,
        group: given("group"),
        workflow: given("workflow").map(|id| id.parse().map_err(|_| no_id())).transpose()?,
        all: given("all").is_some(),
    })
}
