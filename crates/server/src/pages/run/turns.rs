//! The turns of a loop, fifty at a time, and the steps of one of them. So a loop of 100,000 turns is a small page, too.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use model::{Definition, NodeId, RunId, StepStatus};
use nodes::Catalogue;
use storage::{RunRecord, Storage};

use super::super::dead_letters::as_people_count;
use super::super::layout::{Layout, page};
use super::super::query::with_query;
use super::super::shown::Reader;
use super::Wish;
use super::steps::{StepRow, inner_rows};
use crate::api::runs::turn_steps;
use crate::problem::Problem;

/// How many turns one page lists.
const PAGE_TURNS: u64 = 50;

#[derive(Template)]
#[template(path = "run_turns.html")]
struct TurnsPage {
    l: Layout,
    id: RunId,
    name: String,
    node: String,
    title: String,
    /// The turn of the loop around this one; empty when there is none.
    outer: String,
    outer_words: String,
    /// The chosen turn as it is stored, for loops inside of it.
    iteration: String,
    summary: String,
    turns: Vec<TurnRow>,
    /// The turn whose steps are shown, as people count.
    turn: String,
    steps: Vec<StepRow>,
    previous: String,
    next: String,
}

struct TurnRow {
    /// As people count, from 1.
    number: u64,
    state: &'static str,
    href: String,
    is_chosen: bool,
}

/// Shows the turns around the wanted one.
pub(super) async fn show(
    l: Layout,
    (storage, catalogue): (&Storage, &Catalogue),
    run: &RunRecord,
    name: String,
    wish: &Wish,
) -> Result<HttpResponse, Problem> {
    let node = NodeId(wish.r#loop.clone().unwrap_or_default());
    let definition = storage.definition(run.definition_key).await?;
    let title = title_of(&definition, &node).ok_or_else(|| Problem::not_found("loop"))?;
    let outer = wish.outer.clone().unwrap_or_default();
    // People count from 1, in the address, too.
    let chosen =
        wish.turn.as_deref().and_then(|turn| turn.trim().parse::<u64>().ok()).map(|turn| turn.saturating_sub(1));
    let first = chosen.or(wish.from).unwrap_or(0) / PAGE_TURNS * PAGE_TURNS;
    let turns = storage.turns_between(run.key, &node, &outer, first..first + PAGE_TURNS).await?;
    let has_more =
        !storage.turns_between(run.key, &node, &outer, first + PAGE_TURNS..first + PAGE_TURNS + 1).await?.is_empty();
    let address = |parameter: (&str, &str)| {
        let path = format!("/runs/{}", run.id);
        with_query(&path, &[("loop", node.as_str()), ("outer", &outer), parameter])
    };
    let (mut steps, mut iteration) = (Vec::new(), String::new());
    if let Some(chosen) = chosen {
        iteration = if outer.is_empty() { chosen.to_string() } else { format!("{outer}/{chosen}") };
        let found = turn_steps(storage, run, &node, &iteration).await?;
        steps = inner_rows(&l, &mut Reader::new(&l), catalogue, &definition, found);
    }
    let page_at = |from: u64| address(("from", &from.to_string()));
    let template = TurnsPage {
        id: run.id,
        name,
        summary: summary(&l, storage, run, &node, &outer).await?,
        title,
        outer_words: as_people_count(&outer),
        turns: turns
            .iter()
            .map(|(number, step)| TurnRow {
                number: number + 1,
                state: step.status.as_str(),
                href: address(("turn", &(number + 1).to_string())),
                is_chosen: chosen == Some(*number),
            })
            .collect(),
        turn: chosen.map(|turn| (turn + 1).to_string()).unwrap_or_default(),
        steps,
        iteration,
        previous: if first > 0 { page_at(first - PAGE_TURNS) } else { String::new() },
        next: if has_more { page_at(first + PAGE_TURNS) } else { String::new() },
        node: node.0.clone(),
        outer,
        l,
    };
    page(StatusCode::OK, &template)
}

/// How far a loop is: of the outermost one all is counted, of one inside another nothing.
pub(super) async fn summary(
    l: &Layout,
    storage: &Storage,
    run: &RunRecord,
    node: &NodeId,
    outer: &str,
) -> Result<String, Problem> {
    if !outer.is_empty() {
        return Ok(String::new());
    }
    let counts = storage.count_turns(run.key, node).await?;
    let count = |statuses: &[StepStatus]| statuses.iter().filter_map(|status| counts.get(status)).sum::<u64>();
    let all: u64 = counts.values().sum();
    let done = count(&[StepStatus::Succeeded, StepStatus::Skipped, StepStatus::Failed]);
    let words = l.t1("run.turns_summary", "done", l.format().number(done));
    let words = words.replace("{count}", &l.format().number(all));
    Ok(words.replace("{failed}", &l.format().number(count(&[StepStatus::Failed]))))
}

fn title_of(definition: &Definition, node: &NodeId) -> Option<String> {
    let node = definition.node(node)?;
    Some(if node.title.is_empty() { node.id.0.clone() } else { node.title.clone() })
}
