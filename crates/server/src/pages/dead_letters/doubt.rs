//! A run that is in doubt: what was being sent when it was cut off.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use engine::look_back::{FetchError, Fetched};
use model::{AttemptStatus, RunId};
use serde::Deserialize;
use serde_json::Value;
use storage::{DeadLetterReason, DeadLetterRecord, DeadLetterState, RunRecord, Storage};

use super::super::MOST_EDITED_BYTES;
use super::super::failure::Failure;
use super::super::layout::{Layout, page, see_other};
use super::super::query::with_query;
use super::super::shown::{Reader, Shown};
use crate::api::doubts::ask;
use crate::auth::{CheckedForm, SignedIn};
use crate::config::Config;
use crate::problem::Problem;
use crate::redaction::{mask_words, personal_of};

/// What a person needs to know to decide.
pub(in super::super) struct Doubt {
    pub(in super::super) run: RunId,
    /// What a person calls the step.
    pub(in super::super) step: String,
    /// Which turn of a loop, from 0; empty outside of loops.
    pub(in super::super) iteration: String,
    /// The turn as people count, from 1.
    pub(in super::super) turn: String,
    /// `POST https://…`; empty for what is no HTTP request.
    pub(in super::super) line: String,
    pub(in super::super) request: Option<Shown>,
    /// Where the other side may be asked for the result; empty where what was sent was no HTTP request.
    pub(in super::super) url: String,
    /// What is proposed as the result.
    pub(in super::super) result: String,
    /// What the other side said when it was asked.
    pub(in super::super) told: Option<Told>,
}

/// What came of asking the other side.
pub(in super::super) struct Told {
    /// Why there is no result; empty when there is one.
    pub(in super::super) fault: String,
    /// The result where it cannot be edited, because it is personal or large: masked.
    pub(in super::super) preview: Option<Shown>,
    /// The port that the step goes on along with it.
    pub(in super::super) port: String,
}

/// The form of a run in doubt, as far as it is about asking the other side.
#[derive(Deserialize)]
pub(super) struct Question {
    #[serde(default)]
    url: String,
}

#[derive(Template)]
#[template(path = "doubt.html")]
struct DoubtPage {
    l: Layout,
    name: String,
    doubt: Doubt,
}

impl Doubt {
    /// What is in doubt about a run; none when nothing is, or when somebody has decided.
    pub(in super::super) async fn of_letter(
        reader: &mut Reader<'_>,
        storage: &Storage,
        letter: &DeadLetterRecord,
    ) -> Result<Option<Self>, Problem> {
        if letter.reason != DeadLetterReason::InDoubt || letter.state != DeadLetterState::Open {
            return Ok(None);
        }
        let Some(node) = &letter.node else { return Ok(None) };
        let run = storage.run(letter.run).await?;
        let definition = storage.definition(run.definition_key).await?;
        let title = definition.node(node).map(|node| node.title.clone()).filter(|title| !title.is_empty());
        let attempts = storage.attempts_of_turn(run.key, &letter.iteration).await?;
        let attempt = attempts
            .into_iter()
            .filter(|attempt| attempt.node == *node)
            .max_by_key(|attempt| (attempt.status == AttemptStatus::InDoubt, attempt.number));
        let mut exchange = attempt.and_then(|attempt| attempt.exchanges.last().cloned());
        mask_words(storage, &run, &mut String::new(), exchange.as_mut()).await?;
        let request = exchange.as_ref().and_then(|exchange| exchange.get("request"));
        let text =
            |name: &str| request.and_then(|request| request.get(name)).and_then(Value::as_str).unwrap_or_default();
        Ok(Some(Self {
            run: letter.run,
            step: title.unwrap_or_else(|| node.0.clone()),
            turn: as_people_count(&letter.iteration),
            iteration: letter.iteration.clone(),
            line: format!("{} {}", text("method"), text("url")).trim().to_owned(),
            url: text("url").to_owned(),
            result: String::new(),
            told: None,
            request: request.map(|request| reader.show(request)),
        }))
    }
}

/// Asks the other side what became of the step, and shows it to be looked over before anything is decided.
pub(super) async fn fetch(
    request: HttpRequest,
    CheckedForm(Question { url }): CheckedForm<Question>,
    signed_in: SignedIn,
    (storage, engine, config): (Data<Storage>, Data<Engine>, Data<Config>),
    id: Path<RunId>,
) -> Result<HttpResponse, Problem> {
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/runs/{id}");
    let run = storage.run(*id).await?;
    let decided = || see_other(&with_query(&format!("/runs/{id}"), &[("notice", "already_decided")]));
    let Some(letter) = storage.dead_letter(run.key).await? else { return Ok(decided()) };
    let Some(doubt) = Doubt::of_letter(&mut Reader::new(&l), &storage, &letter).await? else { return Ok(decided()) };
    let asked = ask((&storage, &engine, &config), run.id, url.trim().to_owned(), signed_in.user.email.clone()).await;
    let (status, result, told) = match asked {
        Ok(fetched) => {
            let (result, told) = told(&l, &storage, &run, fetched).await?;
            (StatusCode::OK, result, told)
        }
        Err(FetchError::Failed(error)) => {
            let failure = Failure::of(l.texts(), &error);
            let fault = format!("{}. {}", failure.title, failure.words());
            (StatusCode::UNPROCESSABLE_ENTITY, String::new(), Told { fault, preview: None, port: String::new() })
        }
        Err(FetchError::NotInDoubt) => return Ok(decided()),
        Err(FetchError::Storage(error)) => return Err(error.into()),
    };
    let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    let doubt = Doubt { url, result, told: Some(told), ..doubt };
    page(status, &DoubtPage { l, name, doubt })
}

/// The result to be edited, or a masked view of one that cannot be.
async fn told(l: &Layout, storage: &Storage, run: &RunRecord, fetched: Fetched) -> Result<(String, Told), Problem> {
    let Fetched { output: mut result, port, .. } = fetched;
    let text = serde_json::to_string_pretty(&result).unwrap_or_default();
    let is_personal = !personal_of(storage, run.workflow, Some(run.definition_key)).await?.is_empty();
    if !is_personal && text.len() <= MOST_EDITED_BYTES {
        return Ok((text, Told { fault: String::new(), preview: None, port }));
    }
    mask_words(storage, run, &mut String::new(), Some(&mut result)).await?;
    let preview = Some(Reader::new(l).show(&result));
    Ok((String::new(), Told { fault: String::new(), preview, port }))
}

/// Turns from 1: `0/2` becomes `1/3`.
pub(in super::super) fn as_people_count(iteration: &str) -> String {
    let one_more =
        |number: &str| number.parse::<u64>().map_or_else(|_| number.to_owned(), |turn| (turn + 1).to_string());
    iteration.split('/').filter(|number| !number.is_empty()).map(one_more).collect::<Vec<_>>().join("/")
}
