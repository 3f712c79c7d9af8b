//! A database with many finished runs, made quickly by copying a few real ones inside the database.

use std::path::{Path, PathBuf};

use model::Clock as _;
use model::clock::SystemClock;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, Value};

use crate::product::Product;
use crate::wrk::{self, ORDER};
use crate::{Failure, definitions};

/// How many runs the history has.
pub(crate) const RUNS: i64 = 1_000_000;

/// How far the copied runs lie apart, in milliseconds: altogether about eleven days, which the server keeps by default.
const APART_MS: i64 = 1_000;

/// Copies a data directory with the history to `directory`; the original is made when it is not there yet.
pub(crate) fn place(seeds: &Path, directory: &Path) -> Result<(), Failure> {
    let seed = seed(seeds)?;
    for entry in std::fs::read_dir(seed)? {
        let entry = entry?;
        std::fs::copy(entry.path(), directory.join(entry.file_name()))?;
    }
    Ok(())
}

/// The directory with the original. A new schema gets a new one.
fn seed(seeds: &Path) -> Result<PathBuf, Failure> {
    let making = tempfile::tempdir_in(seeds)?;
    let product = Product::start(making.path())?;
    let path = product.ready_workflow("Load", &definitions::pure(None))?;
    wrk::drive(making.path(), product.process.address, &path, ORDER, 8, 1)?;
    product.wait_until_done()?;
    product.process.stop()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let file = making.path().join("stellwerk.sqlite");
    let mut seed = None;
    runtime.block_on(async {
        let connection = open(file).await?;
        let migrations = number(&connection, "SELECT COUNT(*) FROM seaql_migrations").await?;
        let place = seed.insert(seeds.join(format!("history-{migrations}")));
        if !place.exists() {
            multiply(&connection).await?;
        }
        connection.close().await?;
        Ok::<(), Failure>(())
    })?;
    let seed = seed.ok_or("no place")?;
    if seed.exists() {
        return Ok(seed);
    }
    std::fs::remove_file(making.path().join("load.lua"))?;
    std::fs::rename(making.keep(), &seed)?;
    Ok(seed)
}

async fn open(file: PathBuf) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new("sqlite://stellwerk.sqlite");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(file.clone()).pragma("journal_mode", "WAL").pragma("synchronous", "OFF");
        sqlite.pragma("cache_size", "-500000").pragma("wal_autocheckpoint", "100000")
    });
    Ok(Database::connect(options).await?)
}

async fn number(connection: &DatabaseConnection, sql: &str) -> Result<i64, Failure> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    Ok(row.ok_or("no number")?.try_get_by_index(0)?)
}

/// Copies the first hundred runs until there are enough.
async fn multiply(connection: &DatabaseConnection) -> Result<(), Failure> {
    let now_ms = SystemClock.now().0;
    let first_ms = now_ms - RUNS * APART_MS;
    let mut present = number(connection, "SELECT MIN(100, COUNT(*)) FROM runs").await?;
    for (table, key) in [("steps", "run_id"), ("attempts", "run_id"), ("runs", "id"), ("events", "id")] {
        connection.execute_unprepared(&format!("DELETE FROM {table} WHERE {key} > {present}")).await?;
    }
    for (table, time) in [("events", "received_at"), ("runs", "created_at")] {
        connection.execute_unprepared(&format!("UPDATE {table} SET {time} = {first_ms} + id * {APART_MS}")).await?;
    }
    let mut copies = Vec::new();
    for table in ["events", "runs", "steps"] {
        copies.push(copy(connection, table).await?);
    }
    while present < RUNS {
        let copied = present.min(RUNS - present);
        for sql in &copies {
            let values: [Value; 4] = [present.into(), first_ms.into(), copied.into(), APART_MS.into()];
            connection.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
        }
        present += copied;
    }
    connection.execute_unprepared("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)").await?;
    Ok(())
}

/// The statement that copies the first rows of a table behind its last. Parameters: 1 the offset of the keys, 2 the time of
/// key 0, 3 the last key to copy, 4 the time from key to key.
async fn copy(connection: &DatabaseConnection, table: &str) -> Result<String, Failure> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}')");
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let key = if table == "steps" { "run_id" } else { "id" };
    let value = |name: &String| match name.as_str() {
        "id" | "run_id" | "event_id" => format!("{name} + ?1"),
        // Time-ordered, as real ones are (RFC 9562 §5.7).
        "public_id" => format!(
            "unhex(printf('%012x7%03x8%s', ?2 + ({key} + ?1) * ?4, id % 4096, substr(hex(randomblob(8)), 1, 15)))"
        ),
        "received_at" | "created_at" | "started_at" | "finished_at" => {
            format!("CASE WHEN {name} IS NULL THEN NULL ELSE ?2 + ({key} + ?1) * ?4 END")
        }
        _ => name.clone(),
    };
    let values: Vec<String> = names.iter().map(value).collect();
    let (names, values) = (names.join(", "), values.join(", "));
    Ok(format!("INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {key} <= ?3 ORDER BY {key}"))
}
