//! The floor that `load` measures against: what a durable webhook costs at the least on this machine.
//!
//! The same HTTP server as Stellwerk's, the same body, read as JSON, and one thread that writes many events with one sync
//! of the disk into one table of the same database, which moves its log by itself. No workflows, no runs, no history.

use std::io::Write as _;
use std::path::PathBuf;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, web};
use model::EventId;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// As many as Stellwerk joins in one transaction.
const BATCH: usize = 512;

struct Event {
    id: EventId,
    body: Bytes,
    stored: oneshot::Sender<bool>,
}

/// The argument is the directory for the database.
#[actix_web::main]
async fn main() -> Result<(), Failure> {
    let directory: PathBuf = std::env::args().nth(1).ok_or("floor <directory>")?.into();
    let connection = open(directory.join("floor.sqlite")).await?;
    let (events, inbox) = mpsc::channel(8_192);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || runtime.block_on(write_all(connection, inbox)))?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stderr(), "The floor listens at http://{}/", listener.local_addr()?)?;
    let events = Data::new(events);
    let server = HttpServer::new(move || App::new().app_data(events.clone()).default_service(web::post().to(receive)));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(server.workers(threads).listen(listener)?.run().await?)
}

async fn receive(body: Bytes, events: Data<mpsc::Sender<Event>>) -> HttpResponse {
    if serde_json::from_slice::<Value>(&body).is_err() {
        return HttpResponse::BadRequest().finish();
    }
    let id = EventId::generate();
    let (stored, answer) = oneshot::channel();
    let sent = events.try_send(Event { id, body, stored }).is_ok();
    if sent && answer.await.unwrap_or(false) {
        HttpResponse::Accepted().json(json!({ "event": id, "status": "accepted" }))
    } else {
        HttpResponse::ServiceUnavailable().finish()
    }
}

async fn open(file: PathBuf) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new("sqlite://floor.sqlite");
    options.max_connections(1).sqlx_logging(false).test_before_acquire(false).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(file.clone()).create_if_missing(true);
        sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "FULL").pragma("wal_autocheckpoint", "4000")
    });
    let connection = Database::connect(options).await?;
    let table = "CREATE TABLE events (id INTEGER PRIMARY KEY, public_id BLOB NOT NULL UNIQUE, body BLOB NOT NULL)";
    connection.execute_unprepared(table).await?;
    Ok(connection)
}

async fn write_all(connection: DatabaseConnection, mut inbox: mpsc::Receiver<Event>) {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        let is_stored = write(&connection, &batch).await.is_ok();
        for event in batch.drain(..) {
            let _ = event.stored.send(is_stored);
        }
    }
}

/// Everything goes to the database's thread at once.
async fn write(connection: &DatabaseConnection, batch: &[Event]) -> Result<(), DbErr> {
    let places = ["(?,?)"].repeat(batch.len()).join(",");
    let sql = format!("BEGIN IMMEDIATE; INSERT INTO events (public_id, body) VALUES {places}; COMMIT");
    let values: Vec<sea_orm::Value> =
        batch.iter().flat_map(|event| [event.id.0.into(), event.body.to_vec().into()]).collect();
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    connection.execute_raw(statement).await.map(drop)
}
