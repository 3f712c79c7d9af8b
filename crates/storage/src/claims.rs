//! What a worker needs to go on with a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Event, EventId, NodeId, RunId, StepStatus, Timestamp};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use crate::entities::{event, run, signal, step};
use crate::error::StorageError;
use crate::queue::{Claim, GivenParams, Lease, ParentLink, RunMode, Signal, Turn};
use crate::runs::{StepRecord, given_params, step_records};

/// How many turns' steps one statement reads.
const TURNS_PER_STATEMENT: usize = 500;

/// Everything that a worker needs to go on with an unfinished run; none when there is no such run.
pub(crate) async fn load(
    connection: &impl ConnectionTrait,
    lease: Lease,
    crashes: u32,
) -> Result<Option<Claim>, StorageError> {
    let Some(row) = run::Entity::find_by_id(lease.run_key).one(connection).await? else { return Ok(None) };
    let trigger = event::Entity::find_by_id(row.event_id).one(connection).await?;
    let trigger = trigger.ok_or(StorageError::NotFound { what: "event" })?;
    let content = crate::events::content(connection, trigger).await?;
    let given = given_params(row.given_params.as_deref())?;
    let (steps, turns) = load_steps(connection, lease.run_key).await?;
    let signals = load_signals(connection, lease.run_key).await?;
    Ok(Some(Claim { given, steps, turns, signals, is_unread: false, ..unread(row, content, lease, crashes) }))
}

/// The same without anything that may be large or broken, for a run that takes the process down as soon as it is read.
pub(crate) async fn load_unread(
    connection: &impl ConnectionTrait,
    lease: Lease,
    crashes: u32,
) -> Result<Option<Claim>, StorageError> {
    let Some(row) = run::Entity::find_by_id(lease.run_key).one(connection).await? else { return Ok(None) };
    let trigger = event::Entity::find_by_id(row.event_id)
        .select_only()
        .columns([event::Column::PublicId, event::Column::Method])
        .into_tuple::<(Uuid, String)>()
        .one(connection)
        .await?;
    let (id, method) = trigger.ok_or(StorageError::NotFound { what: "event" })?;
    let received_at = Timestamp(row.created_at);
    let (headers, query) = (serde_json::Map::new(), serde_json::Map::new());
    let content = Event { id: EventId(id), received_at, method, headers, query, body: serde_json::Value::Null };
    Ok(Some(unread(row, content, lease, crashes)))
}

fn unread(row: run::Model, event: Event, lease: Lease, crashes: u32) -> Claim {
    Claim {
        lease,
        run: RunId(row.public_id),
        workflow_key: row.workflow_id,
        definition_key: row.definition_id,
        mode: RunMode::from_stored(&row.mode),
        parent: parent_of(&row),
        trigger_node: NodeId(row.trigger_node),
        event: Arc::new(event),
        given: GivenParams::new(),
        steps: Vec::new(),
        turns: Vec::new(),
        signals: Vec::new(),
        crashes,
        is_unread: true,
        created_at: Timestamp(row.created_at),
        started_at: row.started_at.map(Timestamp),
    }
}

/// The step of another run that waits for this run's end.
pub(crate) fn parent_of(row: &run::Model) -> Option<ParentLink> {
    Some(ParentLink {
        run_key: row.parent_run_id?,
        node: NodeId(row.parent_node.clone()?),
        iteration: row.parent_iteration.clone().unwrap_or_default(),
    })
}

async fn load_signals(connection: &impl ConnectionTrait, run_key: i64) -> Result<Vec<Signal>, StorageError> {
    let rows = signal::Entity::find()
        .filter(signal::Column::RunId.eq(run_key))
        .filter(signal::Column::TakenAt.is_null())
        .order_by_asc(signal::Column::ReceivedAt)
        .all(connection)
        .await?;
    let signal = |row: signal::Model| -> Result<Signal, StorageError> {
        let value = serde_json::from_str(&row.value)?;
        Ok(Signal { node: NodeId(row.node_id), iteration: row.iteration, value })
    };
    rows.into_iter().map(signal).collect()
}

/// The steps outside of loops, and of the loops that are not over: how each turn stands, and the steps of those turns that are
/// not over. A loop of 100,000 turns must not be read as a whole each time that its run goes on.
async fn load_steps(
    connection: &impl ConnectionTrait,
    run_key: i64,
) -> Result<(Vec<StepRecord>, Vec<Turn>), StorageError> {
    let outer = outer_steps(connection, run_key).await?;
    if !has_turns(connection, run_key).await? {
        return Ok((step_records(connection, in_order(outer)).await?, Vec::new()));
    }
    // How deep in loops each node lies; a turn's own row has one level more than the loop's.
    let mut depths: BTreeMap<String, usize> = outer.iter().map(|row| (row.node_id.clone(), 0)).collect();
    let mut open: Vec<(String, String)> = open_loops(&outer);
    let mut rows: BTreeMap<(String, String), step::Model> = BTreeMap::new();
    rows.extend(outer.into_iter().map(|row| ((row.node_id.clone(), row.iteration.clone()), row)));
    let mut turns = Vec::new();
    while let Some((node, iteration)) = open.pop() {
        let own = turns_of(connection, run_key, &node, &iteration).await?;
        let unfinished = own.iter().filter(|turn| !turn.status.is_final()).map(|turn| turn.iteration.clone());
        let unfinished: Vec<String> = unfinished.collect();
        turns.extend(own);
        let depth = depth_of(&iteration) + 1;
        let outside = |depths: &BTreeMap<String, usize>| -> Vec<String> {
            depths.iter().filter(|(_, known)| **known < depth).map(|(node, _)| node.clone()).collect()
        };
        for chunk in unfinished.chunks(TURNS_PER_STATEMENT) {
            let inside = steps_of_turns(connection, run_key, chunk, &outside(&depths)).await?;
            let new = inside.into_iter().map(|row| ((row.node_id.clone(), row.iteration.clone()), row));
            let new: BTreeMap<_, _> = new.filter(|(key, _)| !rows.contains_key(key)).collect();
            open.extend(open_loops(new.values()));
            depths.extend(new.keys().map(|(node, _)| (node.clone(), depth)));
            rows.extend(new);
        }
    }
    Ok((step_records(connection, in_order(rows.into_values().collect())).await?, turns))
}

/// The steps outside of loops in the order in which they began.
pub(crate) async fn outer_step_records(
    connection: &impl ConnectionTrait,
    run_key: i64,
) -> Result<Vec<StepRecord>, StorageError> {
    step_records(connection, in_order(outer_steps(connection, run_key).await?)).await
}

fn in_order(mut rows: Vec<step::Model>) -> Vec<step::Model> {
    rows.sort_by(|a, b| (a.started_at, &a.node_id, &a.iteration).cmp(&(b.started_at, &b.node_id, &b.iteration)));
    rows
}

/// The loops that are not over, by node and iteration.
fn open_loops<'a>(rows: impl IntoIterator<Item = &'a step::Model>) -> Vec<(String, String)> {
    let loops = rows.into_iter().filter(|row| may_be_loop(row));
    loops.map(|row| (row.node_id.clone(), row.iteration.clone())).collect()
}

/// A loop that is not over wants its items back.
fn may_be_loop(row: &step::Model) -> bool {
    let is_open = row.status.parse().is_ok_and(|status: StepStatus| !status.is_final());
    is_open && (row.state.is_some() || row.state_payload_id.is_some())
}

/// The steps outside of loops: node by node, so that the turns in between are passed over.
async fn outer_steps(connection: &impl ConnectionTrait, run_key: i64) -> Result<Vec<step::Model>, StorageError> {
    let sql = "WITH RECURSIVE nodes (node_id) AS (SELECT MIN(node_id) FROM steps WHERE run_id = ? UNION ALL \
               SELECT (SELECT MIN(steps.node_id) FROM steps WHERE run_id = ? AND steps.node_id > nodes.node_id) \
               FROM nodes WHERE nodes.node_id IS NOT NULL) SELECT steps.* FROM nodes CROSS JOIN steps \
               ON steps.run_id = ? AND steps.node_id = nodes.node_id AND steps.iteration = ''";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [run_key; 3].map(Into::into));
    Ok(step::Model::find_by_statement(statement).all(connection).await?)
}

async fn has_turns(connection: &impl ConnectionTrait, run_key: i64) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM steps WHERE run_id = ? AND iteration <> '' LIMIT 1";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [run_key.into()]);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// How the turns of one loop stand, in order.
async fn turns_of(
    connection: &impl ConnectionTrait,
    run_key: i64,
    node: &str,
    outer: &str,
) -> Result<Vec<Turn>, StorageError> {
    let (from, before) = inside_of(outer);
    let sql = "SELECT iteration, status FROM steps INDEXED BY steps_in_turns \
               WHERE run_id = ? AND iteration <> '' AND iteration >= ? AND iteration < ? AND node_id = ?";
    let values = [run_key.into(), from.into(), before.into(), node.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    let depth = depth_of(outer) + 1;
    let mut turns = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let (iteration, status): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        if depth_of(&iteration) == depth {
            let status = status.parse().map_err(|_| StorageError::Corrupt(format!("step status {status}")))?;
            turns.push(Turn { node: NodeId::from(node), iteration, status });
        }
    }
    turns.sort_by_cached_key(|turn| turn_number(&turn.iteration));
    Ok(turns)
}

/// The steps of some turns of loops; not the turns' own rows, whose nodes lie outside of the loop.
async fn steps_of_turns(
    connection: &impl ConnectionTrait,
    run_key: i64,
    iterations: &[String],
    outside: &[String],
) -> Result<Vec<step::Model>, StorageError> {
    let places = |count: usize| vec!["?"; count].join(", ");
    let sql = format!(
        "SELECT * FROM steps INDEXED BY steps_in_turns WHERE run_id = ? AND iteration <> '' AND iteration IN ({}) \
         AND node_id NOT IN ({})",
        places(iterations.len()),
        places(outside.len()),
    );
    let mut values: Vec<sea_orm::Value> = vec![run_key.into()];
    values.extend(iterations.iter().chain(outside).map(|text| text.clone().into()));
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    Ok(step::Model::find_by_statement(statement).all(connection).await?)
}

/// The bounds of what lies in the turns inside of a turn, or of the whole run.
fn inside_of(outer: &str) -> (String, String) {
    // The character after `/` is `0`; the one after `9` is `:`.
    if outer.is_empty() { ("0".to_owned(), ":".to_owned()) } else { (format!("{outer}/"), format!("{outer}0")) }
}

/// How many loops lie around something with this iteration.
fn depth_of(iteration: &str) -> usize {
    if iteration.is_empty() { 0 } else { iteration.split('/').count() }
}

fn turn_number(iteration: &str) -> u64 {
    iteration.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}
