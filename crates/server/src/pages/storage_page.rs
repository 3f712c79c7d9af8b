//! How much room the history takes, what goes next, and having more removed at once.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{Timestamp, WorkflowId};
use serde::Deserialize;
use storage::{Storage, SweepPreview, WorkflowUse};

use super::form;
use super::layout::{Layout, page, see_other};
use super::settings::Place;
use crate::api::storage_use::{SweepWish, begin_sweep, sweep_of, whole};
use crate::auth::{CheckedForm, SignedIn};
use crate::config::{Config, History};
use crate::housekeeping::Housekeeping;
use crate::problem::{Problem, ProblemCode};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How many workflows the page lists; the rest are summed up.
const MAX_ROWS: usize = 60;

/// The addresses of the page.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/storage").route(get().to(show)))
        .service(form("/storage/remove").route(get().to(confirm)).route(post().to(remove)));
}

#[derive(Template)]
#[template(path = "storage.html")]
struct StoragePage {
    l: Layout,
    place: Place,
    file: String,
    free: String,
    log: String,
    rows: Vec<Row>,
    /// How many workflows are not listed; zero: all are.
    unlisted: usize,
    /// The rule for workflows that do not say otherwise, in words.
    rule: String,
    total: String,
    /// How much the removal that a person wanted has done so far; none when there is none under way.
    swept: Option<String>,
}

struct Row {
    id: WorkflowId,
    /// Empty when it has none.
    name: String,
    is_deleted: bool,
    runs: String,
    events: String,
    open_dead_letters: i64,
    /// Empty when it was not measured.
    size: String,
    kept: String,
    next: String,
}

/// What to remove, as a form says it.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    #[serde(default)]
    workflow: String,
    #[serde(default)]
    days: String,
}

#[derive(Template)]
#[template(path = "storage_remove.html")]
struct RemovePage {
    l: Layout,
    place: Place,
    workflow: String,
    days: u32,
    /// The workflow's name; empty means all.
    name: String,
    runs: String,
    events: String,
    open_dead_letters: String,
    is_nothing: bool,
    is_busy: bool,
}

/// Shows how much room everything takes.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, config, housekeeping): (Data<Storage>, Data<Config>, Data<Housekeeping>),
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let found = storage.storage_use().await?;
    let (history, state) = (&config.history, housekeeping.state());
    let unlisted = found.workflows.len().saturating_sub(MAX_ROWS);
    let rows = found.workflows.into_iter().take(MAX_ROWS).map(|one| Row::of(&l, one, history, storage.now()));
    let template = StoragePage {
        rows: rows.collect(),
        unlisted,
        file: l.format().bytes(found.file_bytes),
        free: l.format().bytes(found.free_bytes),
        log: l.format().bytes(found.log_bytes),
        rule: kept(&l, i64::from(history.keep_days), i64::try_from(history.keep_runs).unwrap_or(i64::MAX)),
        total: l.format().number(history.keep_total_runs),
        swept: state.sweep.map(|_| l.format().number(state.swept)),
        place: Place { tab: "storage", is_owner: signed_in.user.is_owner },
        l,
    };
    page(StatusCode::OK, &template)
}

/// Tells what would be removed, and asks.
async fn confirm(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    page(StatusCode::OK, &remove_page(l, &signed_in, &storage, &wish, false).await?)
}

/// Has it removed.
async fn remove(
    request: HttpRequest,
    form: CheckedForm<Wish>,
    signed_in: SignedIn,
    (storage, housekeeping): (Data<Storage>, Data<Housekeeping>),
) -> Result<HttpResponse, Problem> {
    let CheckedForm(wish) = form;
    must_be_owner(&signed_in)?;
    match begin_sweep(&signed_in.user.email, &storage, &housekeeping, &wish.read()?).await {
        Ok(_) => Ok(see_other("/storage?notice=removal_begun")),
        Err(problem) if problem.code() == ProblemCode::WrongState => {
            let l = Layout::for_user(&request, &signed_in);
            page(StatusCode::CONFLICT, &remove_page(l, &signed_in, &storage, &wish, true).await?)
        }
        Err(problem) => Err(problem),
    }
}

async fn remove_page(
    l: Layout,
    signed_in: &SignedIn,
    storage: &Storage,
    wish: &Wish,
    is_busy: bool,
) -> Result<RemovePage, Problem> {
    must_be_owner(signed_in)?;
    let read = wish.read()?;
    let preview = storage.preview_sweep(sweep_of(storage, &read).await?).await?;
    let name = match read.workflow {
        Some(workflow) => storage.workflow_name(storage.workflow_key(workflow).await?).await?.1,
        None => String::new(),
    };
    let number = |count: i64| l.format().number(u64::try_from(count).unwrap_or_default());
    Ok(RemovePage {
        workflow: wish.workflow.clone(),
        days: read.older_than_days,
        name,
        runs: number(preview.runs),
        events: number(preview.events),
        open_dead_letters: number(preview.open_dead_letters),
        is_nothing: preview == SweepPreview { open_dead_letters: preview.open_dead_letters, ..SweepPreview::default() },
        is_busy,
        place: Place { tab: "storage", is_owner: true },
        l,
    })
}

fn must_be_owner(signed_in: &SignedIn) -> Result<(), Problem> {
    if signed_in.user.is_owner { Ok(()) } else { Err(Problem::forbidden()) }
}

impl Wish {
    fn read(&self) -> Result<SweepWish, Problem> {
        let workflow = match self.workflow.trim() {
            "" => None,
            id => Some(id.parse().map_err(|_| Problem::not_found("workflow"))?),
        };
        let days = self.days.trim().parse().ok().filter(|days| *days <= 36_500);
        let wrong = || Problem::invalid_request("The days must be a number from 0 to 36500.").at_parameter("days");
        Ok(SweepWish { workflow, older_than_days: days.ok_or_else(wrong)? })
    }
}

impl Row {
    fn of(l: &Layout, one: WorkflowUse, history: &History, now: Timestamp) -> Self {
        let number = |count: i64| l.format().number(u64::try_from(count).unwrap_or_default());
        let keep_days = one.keep_days.unwrap_or(i64::from(history.keep_days));
        let keep_runs = one.keep_runs.unwrap_or(i64::try_from(history.keep_runs).unwrap_or(i64::MAX));
        Self {
            id: one.id,
            is_deleted: one.is_deleted,
            runs: number(one.runs),
            events: number(one.events),
            open_dead_letters: one.open_dead_letters,
            size: one.bytes.map(|bytes| l.format().bytes(whole(bytes))).unwrap_or_default(),
            kept: kept(l, keep_days, keep_runs),
            next: next(l, one.oldest_run_at, one.runs, (keep_days, keep_runs), now),
            name: one.name,
        }
    }
}

/// A rule in words.
fn kept(l: &Layout, days: i64, runs: i64) -> String {
    let number = |count: i64| l.format().number(u64::try_from(count).unwrap_or_default());
    match (days, runs) {
        (0, 0) => l.t("storage.kept.for_ever").to_owned(),
        (days, 0) => l.t1("storage.kept.days", "days", number(days)),
        (0, runs) => l.t1("storage.kept.runs", "runs", number(runs)),
        (days, runs) => l.t1("storage.kept.both", "days", number(days)).replace("{runs}", &number(runs)),
    }
}

/// What goes next, in words.
fn next(l: &Layout, oldest: Option<Timestamp>, runs: i64, (days, most): (i64, i64), now: Timestamp) -> String {
    let Some(oldest) = oldest else { return l.t("storage.next.nothing").to_owned() };
    if most > 0 && runs >= most {
        return l.t("storage.next.full").to_owned();
    }
    let Some(keep_ms) = u64::try_from(days).ok().filter(|days| *days > 0).map(|days| days * DAY_MS) else {
        return l.t("storage.next.nothing").to_owned();
    };
    let goes_at = oldest.plus_ms(keep_ms);
    if goes_at <= now {
        l.t("storage.next.now").to_owned()
    } else {
        l.t1("storage.next.from", "date", l.date_time(&goes_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn what_goes_next_follows_from_the_oldest_run_and_the_rule() {
        let l = Layout::plain(Language::En, "/");
        let now = Timestamp(100 * 24 * 60 * 60 * 1_000);
        let oldest = Some(now.minus_ms(10 * DAY_MS));
        let words = |oldest, runs, rule| next(&l, oldest, runs, rule, now);
        assert_eq!(words(None, 0, (30, 100)), l.t("storage.next.nothing"));
        assert_eq!(words(oldest, 5, (0, 0)), l.t("storage.next.nothing"));
        assert_eq!(words(oldest, 100, (30, 100)), l.t("storage.next.full"));
        assert_eq!(words(oldest, 5, (10, 100)), l.t("storage.next.now"));
        let later = words(oldest, 5, (30, 100));
        assert!(later.contains(&l.date_time(&now.plus_ms(20 * DAY_MS))), "{later}");
    }
}
