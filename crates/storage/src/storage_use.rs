//! How much room everything takes, in all and by workflow.
//!
//! The sizes of the files are exact, and so are the numbers of events and runs. How many bytes a workflow takes is estimated:
//! some of its events and runs, evenly spread over its history, are measured with all that belongs to them. Counting along
//! with every write would cost every sender; a question that is asked now and then may cost whoever asks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::{Timestamp, WorkflowId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::error::StorageError;
use crate::storage::Storage;

/// How much room everything takes.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageUse {
    /// The size of the database file, in bytes.
    pub file_bytes: u64,
    /// How much of it holds nothing and is filled before the file grows, in bytes.
    pub free_bytes: u64,
    /// The size of the log beside it, from which the file is brought up to date, in bytes.
    pub log_bytes: u64,
    /// Every workflow that has events or runs, or is not deleted; the largest first.
    pub workflows: Vec<WorkflowUse>,
}

/// How much room a workflow's history takes.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowUse {
    /// Its key.
    pub key: i64,
    /// Its id.
    pub id: WorkflowId,
    /// What it is called.
    pub name: String,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// How many events it has.
    pub events: i64,
    /// How many runs it has.
    pub runs: i64,
    /// How many of them gave up and wait for a person.
    pub open_dead_letters: i64,
    /// How many bytes all of it takes, indexes included; none when there was no time left to measure.
    pub bytes: Option<f64>,
    /// When its oldest run was accepted.
    pub oldest_run_at: Option<Timestamp>,
    /// For how many days its published definition wants finished runs to be kept; none when that is left to the server.
    pub keep_days: Option<i64>,
    /// How many runs its published definition wants to be kept; none when that is left to the server.
    pub keep_runs: Option<i64>,
}

/// How many events and how many runs of a workflow are measured.
const SAMPLES: i64 = 40;

/// How long measuring may take in all.
const PATIENCE: Duration = Duration::from_millis(600);

/// Names, dead letters and rules of all workflows.
const WORKFLOWS: &str = "SELECT w.id, w.public_id, w.name, w.deleted_at IS NOT NULL, \
     (SELECT COUNT(*) FROM dead_letters l WHERE l.workflow_id = w.id AND l.state = 'open'), \
     (SELECT r.created_at FROM runs r WHERE r.workflow_id = w.id ORDER BY r.id LIMIT 1), \
     json_extract(d.document, '$.settings.keep_days'), json_extract(d.document, '$.settings.keep_runs') \
     FROM workflows w LEFT JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.published_version \
     LEFT JOIN definitions d ON d.id = v.definition_id";

/// What a row takes beside its texts: its head, its short columns, and its entries in indexes; measured on full databases.
const EVENT_ROW_BYTES: i64 = 210;
const RUN_ROW_BYTES: i64 = 230;
const STEP_ROW_BYTES: i64 = 125;
const ATTEMPT_ROW_BYTES: i64 = 105;

/// Of a run with very many steps, so many are measured for all of them.
const STEPS_OF_A_RUN: i64 = 2_000;

impl Storage {
    /// Measures how much room everything takes. It costs some milliseconds for each workflow.
    pub async fn storage_use(&self) -> Result<StorageUse, StorageError> {
        let page_bytes = self.number("PRAGMA page_size").await?;
        let pages = self.number("PRAGMA page_count").await?;
        let free = self.free_pages().await?;
        let bytes = |pages: i64| u64::try_from(pages.saturating_mul(page_bytes)).unwrap_or_default();
        let log = self.directory().join("stellwerk.sqlite-wal");
        Ok(StorageUse {
            file_bytes: bytes(pages),
            free_bytes: bytes(free),
            log_bytes: std::fs::metadata(log).map_or(0, |found| found.len()),
            workflows: self.workflow_use().await?,
        })
    }

    async fn workflow_use(&self) -> Result<Vec<WorkflowUse>, StorageError> {
        let runs = self.counted("runs").await?;
        let events = self.counted("events").await?;
        let rows = self.read().query_all_raw(self.statement(WORKFLOWS.to_owned(), [])).await?;
        let read = |row: &QueryResult| -> Result<WorkflowUse, StorageError> {
            let key = row.try_get_by_index(0)?;
            Ok(WorkflowUse {
                key,
                id: WorkflowId(row.try_get_by_index::<Uuid>(1)?),
                name: row.try_get_by_index(2)?,
                is_deleted: row.try_get_by_index(3)?,
                events: events.get(&key).copied().unwrap_or_default(),
                runs: runs.get(&key).copied().unwrap_or_default(),
                open_dead_letters: row.try_get_by_index(4)?,
                bytes: None,
                oldest_run_at: row.try_get_by_index::<Option<i64>>(5)?.map(Timestamp),
                keep_days: row.try_get_by_index(6)?,
                keep_runs: row.try_get_by_index(7)?,
            })
        };
        let mut all: Vec<WorkflowUse> = rows.iter().map(read).collect::<Result<_, _>>()?;
        all.retain(|one| !one.is_deleted || one.events + one.runs > 0);
        all.sort_by_key(|one| (std::cmp::Reverse(one.events + one.runs), one.key));
        let began = Instant::now();
        for one in &mut all {
            if began.elapsed() < PATIENCE {
                one.bytes = Some(self.measured(one.key, one.events, one.runs).await?);
            }
        }
        let size = |one: &WorkflowUse| one.bytes.unwrap_or_default();
        all.sort_by(|one, other| size(other).total_cmp(&size(one)));
        Ok(all)
    }

    /// The estimated bytes of a workflow's events and runs.
    #[expect(clippy::cast_precision_loss, reason = "an estimate of bytes")]
    async fn measured(&self, workflow_key: i64, events: i64, runs: i64) -> Result<f64, StorageError> {
        let event = self.average(&sampled("events", &event_bytes()), workflow_key).await?;
        let run = self.average(&sampled("runs", &run_bytes()), workflow_key).await?;
        Ok(event * events as f64 + run * runs as f64)
    }

    async fn average(&self, sql: &str, workflow_key: i64) -> Result<f64, StorageError> {
        let values = [workflow_key.into(), workflow_key.into(), workflow_key.into()];
        let row = self.read().query_one_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(row.map(|row| row.try_get_by_index::<Option<f64>>(0)).transpose()?.flatten().unwrap_or_default())
    }

    /// Counts by workflow, within an index.
    async fn counted(&self, table: &str) -> Result<BTreeMap<i64, i64>, StorageError> {
        let sql = format!("SELECT workflow_id, COUNT(*) FROM {table} GROUP BY workflow_id");
        let rows = self.read().query_all_raw(self.statement(sql, [])).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    async fn number(&self, sql: &str) -> Result<i64, StorageError> {
        let row = self.read().query_one_raw(self.statement(sql.to_owned(), [])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    fn statement(&self, sql: String, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.read().get_database_backend(), sql, values)
    }
}

/// The average of `bytes` over rows of a workflow that are evenly spread between its first and its last key.
fn sampled(table: &str, bytes: &str) -> String {
    format!(
        "WITH RECURSIVE bounds(low, high) AS (SELECT (SELECT MIN(id) FROM {table} WHERE workflow_id = ?), \
         (SELECT MAX(id) FROM {table} WHERE workflow_id = ?)), \
         number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < {SAMPLES} - 1), \
         picked(id) AS (SELECT DISTINCT (SELECT id FROM {table} WHERE workflow_id = ? \
         AND id >= low + (high - low) * n / ({SAMPLES} - 1) ORDER BY id LIMIT 1) FROM number, bounds) \
         SELECT CAST(AVG({bytes}) AS REAL) FROM picked JOIN {table} AS row ON row.id = picked.id"
    )
}

fn event_bytes() -> String {
    const FILES: &str =
        "COALESCE((SELECT SUM(size_bytes + 2 * octet_length(name) + 100) FROM files WHERE event_id = row.id), 0)";
    let texts = ["headers", "query", "body", "parsed", "content_type", "reason", "dedup_key"];
    format!(
        "{EVENT_ROW_BYTES} + {} + {} + {} + {FILES}",
        texts_of("row", &texts),
        aside("row.body_payload_id"),
        aside("row.parsed_payload_id")
    )
}

fn run_bytes() -> String {
    let step = format!(
        "{STEP_ROW_BYTES} + {} + {} + {}",
        texts_of("step", &["node_id", "node_id", "iteration", "output", "error", "state"]),
        aside("step.output_payload_id"),
        aside("step.state_payload_id")
    );
    let attempt = format!(
        "{ATTEMPT_ROW_BYTES} + {} + {}",
        texts_of("attempt", &["node_id", "node_id", "iteration", "error", "exchanges"]),
        aside("attempt.exchanges_payload_id")
    );
    let all_of = |table: &str, name: &str, bytes: &str| {
        format!(
            "(SELECT COUNT(*) FROM {table} WHERE run_id = row.id) * COALESCE((SELECT AVG(bytes) FROM \
             (SELECT {bytes} AS bytes FROM {table} AS {name} WHERE {name}.run_id = row.id LIMIT {STEPS_OF_A_RUN})), 0)"
        )
    };
    format!(
        "{RUN_ROW_BYTES} + {} + {} + {}",
        texts_of("row", &["error"]),
        all_of("steps", "step", &step),
        all_of("attempts", "attempt", &attempt)
    )
}

fn texts_of(row: &str, columns: &[&str]) -> String {
    let lengths = columns.iter().map(|column| format!("COALESCE(octet_length({row}.{column}), 0)"));
    lengths.collect::<Vec<_>>().join(" + ")
}

fn aside(column: &str) -> String {
    format!("COALESCE((SELECT octet_length(bytes) + 30 FROM payloads WHERE id = {column}), 0)")
}
