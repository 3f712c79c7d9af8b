//! The one task that writes. It takes what has come in meanwhile, up to a limit, writes it in one transaction, and answers
//! after the commit: many writers share one sync of the disk.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use super::accept::{self, AcceptJob, PreparedEvent, Stored};
use super::connect::open_writer;
use super::log::Log;
use super::record::{self, PreparedRecord, RecordJob, Recorded};
use super::script::Script;
use crate::crash_points::{self, Transaction};
use crate::error::StorageError;

/// How many writes may wait for the writer before new events are turned away.
const CHANNEL_CAPACITY: usize = 8_192;

/// Tells, after the commit, whoever waits.
type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// A write of any kind. It runs inside the joined transaction in a savepoint of its own.
type Work = Box<dyn for<'t> FnOnce(&'t DatabaseTransaction, &'t mut Keys) -> BoxFuture<'t, (Answer, Intact)> + Send>;

/// Whether a transaction can still be trusted. An error means that it cannot: a full disk, for example, ends a transaction
/// behind our back, and a commit of what is left would say yes to nothing.
type Intact = Result<(), StorageError>;

/// Something to write.
pub(super) enum Job {
    /// A new event.
    Accept(Box<AcceptJob>),
    /// A run's progress.
    Record(Box<RecordJob>),
    /// Anything else.
    Work(Work),
    /// Move what the log holds into the database.
    ShortenLog,
    /// Stop after this.
    Close(oneshot::Sender<()>),
}

/// The way to the writing task. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

/// The next free keys of the tables whose keys the writer assigns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) event: i64,
    pub(super) run: i64,
    pub(super) payload: i64,
}

impl Writer {
    /// Starts the writing task on a connection to `file` that nobody else uses. The lock is held until the last write is
    /// done; the operating system frees it when the process dies.
    pub(crate) async fn start(
        file: PathBuf,
        connection: DatabaseConnection,
        reader: DatabaseConnection,
        batch_limit: usize,
        lock: Option<File>,
    ) -> Result<Self, StorageError> {
        let keys = Keys {
            event: next_key(&reader, "events").await?,
            run: next_key(&reader, "runs").await?,
            payload: next_key(&reader, "payloads").await?,
        };
        let (jobs, inbox) = mpsc::channel(CHANNEL_CAPACITY);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        // A thread of its own: on the shared ones the writer would wait behind the very runs that wait for it.
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            runtime.block_on(write_all(Database { file, connection }, inbox, keys, batch_limit.max(1)));
            drop(lock);
        })?;
        Ok(Self { jobs })
    }

    /// Hands over a job, waiting for room.
    pub(super) async fn send(&self, job: Job) -> Result<(), StorageError> {
        self.jobs.send(job).await.map_err(|_| StorageError::Unavailable)
    }

    /// Hands over a job only when there is room at once.
    pub(super) fn try_send(&self, job: Job) -> Result<(), StorageError> {
        self.jobs.try_send(job).map_err(|_| StorageError::Unavailable)
    }

    /// Writes all of `work` or nothing of it. It is on disk when this returns; dropping the returned future changes nothing.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StorageError>> + Send + 'static,
    {
        self.write_then(work, |_| {}).await
    }

    /// The same; `then` is called right after the commit, also when nobody waits for the returned future any more.
    pub(crate) async fn write_then<T, F, A>(&self, work: F, then: A) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StorageError>> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.write_keyed(move |transaction, _| work(transaction), then).await
    }

    /// The same for work that needs keys which the writer assigns.
    pub(super) async fn write_keyed<T, F, A>(&self, work: F, then: A) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction, &'t mut Keys) -> BoxFuture<'t, Result<T, StorageError>>
            + Send
            + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Work = Box::new(move |transaction, keys| {
            Box::pin(async move {
                let (result, intact) = match in_savepoint(transaction, keys, work).await {
                    Ok(result) => (result, Ok(())),
                    Err(error) => (Err(error.clone()), Err(error)),
                };
                let answer: Answer = Box::new(move |committed: Result<(), StorageError>| {
                    let result = result.and_then(|value| committed.map(|()| value));
                    if let Ok(value) = &result {
                        then(value);
                    }
                    let _ = sender.send(result);
                });
                (answer, intact)
            })
        });
        self.send(Job::Work(job)).await?;
        receiver.await.map_err(|_| StorageError::Unavailable)?
    }

    /// Lets the task finish what was handed over and ends it.
    pub(crate) async fn close(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.send(Job::Close(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

async fn next_key(connection: &DatabaseConnection, table: &str) -> Result<i64, StorageError> {
    let sql = format!("SELECT COALESCE(MAX(id), 0) + 1 FROM {table}");
    let row = connection.query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, sql)).await?;
    let row = row.ok_or_else(|| StorageError::Corrupt(format!("{table} cannot be counted")))?;
    Ok(row.try_get_by_index(0)?)
}

/// The work's own result, which is undone when it is an error; the outer error says that the transaction is broken.
async fn in_savepoint<T, F>(
    transaction: &DatabaseTransaction,
    keys: &mut Keys,
    work: F,
) -> Result<Result<T, StorageError>, StorageError>
where
    F: for<'t> FnOnce(&'t DatabaseTransaction, &'t mut Keys) -> BoxFuture<'t, Result<T, StorageError>>,
{
    let savepoint = transaction.begin().await?;
    match work(&savepoint, keys).await {
        Ok(value) => savepoint.commit().await.map(|()| Ok(value)).map_err(Into::into),
        Err(error) => savepoint.rollback().await.map(|()| Err(error)).map_err(Into::into),
    }
}

async fn write_all(mut database: Database, mut inbox: mpsc::Receiver<Job>, mut keys: Keys, batch_limit: usize) {
    let mut batch = Vec::with_capacity(batch_limit);
    let mut log = Log::of(&database.file);
    while inbox.recv_many(&mut batch, batch_limit).await > 0 {
        let mut sorted = Sorted::default();
        for job in batch.drain(..) {
            sorted.add(job);
        }
        let closing = std::mem::take(&mut sorted.closing);
        let shortens_log = sorted.shortens_log;
        write_batch(&mut database, sorted, &mut keys).await;
        if shortens_log {
            log.begin_anew(&database.connection).await;
        } else {
            log.after_batch(&database.connection).await;
        }
        if !closing.is_empty() {
            inbox.close();
            while let Ok(job) = inbox.try_recv() {
                let mut last = Sorted::default();
                last.add(job);
                write_batch(&mut database, last, &mut keys).await;
            }
            log.close().await;
            if let Err(error) = database.connection.close().await {
                tracing::warn!(%error, "the writing connection did not close cleanly");
            }
            for waiting in closing {
                let _ = waiting.send(());
            }
            return;
        }
    }
}

/// One batch, by kind. Accepted events come first: senders are waiting for their answer.
#[derive(Default)]
struct Sorted {
    accepts: Vec<AcceptJob>,
    records: Vec<RecordJob>,
    works: Vec<Work>,
    closing: Vec<oneshot::Sender<()>>,
    shortens_log: bool,
}

impl Sorted {
    fn add(&mut self, job: Job) {
        match job {
            Job::Accept(job) => self.accepts.push(*job),
            Job::Record(job) => self.records.push(*job),
            Job::Work(work) => self.works.push(work),
            Job::ShortenLog => self.shortens_log = true,
            Job::Close(waiting) => self.closing.push(waiting),
        }
    }
}

/// The one connection that writes.
struct Database {
    file: PathBuf,
    connection: DatabaseConnection,
}

impl Database {
    /// Replaces the connection after a failure. What the old one believes about its transaction may be wrong, and closing it
    /// undoes whatever it has left open.
    async fn renew(&mut self) {
        if tokio::time::timeout(CLOSE_WAIT, self.connection.close_by_ref()).await.is_err() {
            tracing::warn!("the failed connection to the database is slow to close");
        }
        match open_writer(&self.file).await {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "the database cannot be opened for writing; trying again"),
        }
    }

    async fn begin(&self) -> Result<DatabaseTransaction, StorageError> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.connection.begin_with_options(immediate).await?)
    }
}

/// How long a failed connection may take to close.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// After so many failures in a row the rest of a batch is refused: then it is not the rows, it is the disk.
const MAX_FAILURES: usize = 3;

async fn write_batch(database: &mut Database, sorted: Sorted, keys: &mut Keys) {
    let Sorted { accepts, records, works, .. } = sorted;
    if accepts.is_empty() && records.is_empty() && works.is_empty() {
        return;
    }
    let accept_job = |job: AcceptJob| (job.event, job.answer);
    let (events, accepted): (Vec<_>, Vec<_>) = accepts.into_iter().map(accept_job).unzip();
    let record_job = |job: RecordJob| (job.record, job.answer);
    let (records, recorded): (Vec<_>, Vec<_>) = records.into_iter().map(record_job).unzip();
    let mut outcome = Outcome { events: Vec::new(), records: Vec::new(), works: Vec::new(), error: None };
    match write_joined(database, &events, &records, works, keys).await {
        Ok(joined) => outcome = joined,
        Err((error, works)) => {
            tracing::warn!(%error, "writes could not be stored together; each is tried by itself");
            database.renew().await;
            write_one_by_one(database, &events, &records, works, keys, &mut outcome).await;
        }
    }
    if let Some(error) = &outcome.error {
        tracing::error!(%error, "a transaction could not be committed");
        database.renew().await;
    }
    let committed = || outcome.error.clone().map_or(Ok(()), Err);
    for (answer, result) in accepted.into_iter().zip(outcome.events) {
        answer(result.and_then(|stored| committed().map(|()| stored)));
    }
    for (answer, result) in recorded.into_iter().zip(outcome.records) {
        answer(result.and_then(|started| committed().map(|()| started)));
    }
    for answer in outcome.works {
        answer(committed());
    }
}

/// What became of a batch.
struct Outcome {
    events: Vec<Result<Stored, StorageError>>,
    records: Vec<Recorded>,
    works: Vec<Answer>,
    /// Why nothing of it was stored after all.
    error: Option<StorageError>,
}

/// Writes everything in one transaction. The error gives the works back, none of which has run by then.
async fn write_joined(
    database: &Database,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    works: Vec<Work>,
    keys: &mut Keys,
) -> Result<Outcome, (StorageError, Vec<Work>)> {
    let transaction = match database.begin().await {
        Ok(transaction) => transaction,
        Err(error) => return Err((error, works)),
    };
    let (stored, recorded) = match write_rows(&transaction, events, records, keys).await {
        Ok(rows) => rows,
        Err(error) => return Err((error, works)),
    };
    let mut outcome =
        Outcome { events: stored.into_iter().map(Ok).collect(), records: recorded, works: Vec::new(), error: None };
    for work in works {
        let (answer, intact) = work(&transaction, keys).await;
        outcome.works.push(answer);
        outcome.error = outcome.error.or(intact.err());
    }
    let nexts = || records.iter().map(PreparedRecord::next);
    if outcome.error.is_none() {
        crash_points::passed(Transaction::Written, events.len(), nexts());
        outcome.error = transaction.commit().await.err().map(StorageError::from);
    }
    if outcome.error.is_none() {
        crash_points::passed(Transaction::Committed, events.len(), nexts());
    }
    Ok(outcome)
}

/// Writes each by itself, in a transaction of its own, so that one bad row never takes its neighbours along.
async fn write_one_by_one(
    database: &mut Database,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    works: Vec<Work>,
    keys: &mut Keys,
    outcome: &mut Outcome,
) {
    let mut failures = 0;
    for event in events {
        let result = alone(database, std::slice::from_ref(event), &[], keys, &mut failures).await;
        let first = |(stored, _): Rows| stored.first().copied().ok_or(StorageError::Unavailable);
        outcome.events.push(result.and_then(first));
    }
    for record in records {
        let result = alone(database, &[], std::slice::from_ref(record), keys, &mut failures).await;
        let first = |(_, mut recorded): Rows| recorded.pop().unwrap_or(Err(StorageError::Unavailable));
        outcome.records.push(result.and_then(first));
    }
    for work in works {
        match write_joined(database, &[], &[], vec![work], keys).await {
            Ok(alone) => {
                let committed = alone.error.clone().map_or(Ok(()), Err);
                for answer in alone.works {
                    answer(committed.clone());
                }
                if alone.error.is_some() {
                    database.renew().await;
                }
            }
            // Dropping the work closes its channel, which its caller reads as "unavailable".
            Err(_) => database.renew().await,
        }
    }
}

type Rows = (Vec<Stored>, Vec<Recorded>);

async fn alone(
    database: &mut Database,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    keys: &mut Keys,
    failures: &mut usize,
) -> Result<Rows, StorageError> {
    if *failures >= MAX_FAILURES {
        return Err(StorageError::Unavailable);
    }
    let result = match database.begin().await {
        Ok(transaction) => match write_rows(&transaction, events, records, keys).await {
            Ok(rows) => transaction.commit().await.map(|()| rows).map_err(StorageError::from),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if result.is_err() {
        *failures += 1;
        database.renew().await;
    } else {
        *failures = 0;
    }
    result
}

async fn write_rows(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    keys: &mut Keys,
) -> Result<Rows, StorageError> {
    let mut script = Script::default();
    let stored = accept::add(transaction, events, keys, &mut script).await?;
    let recorded = record::add(transaction, records, keys, &mut script).await?;
    script.run(transaction).await?;
    Ok((stored, recorded))
}
