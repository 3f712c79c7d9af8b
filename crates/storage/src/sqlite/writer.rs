//! The one task that writes. It takes what has come in meanwhile, up to a limit, writes it in one transaction, and answers
//! after the commit: many writers share one sync of the disk.

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use super::accept::{self, AcceptJob, PreparedEvent, Stored};
use super::record::{self, PreparedRecord, RecordJob};
use super::script::Script;
use crate::error::StorageError;

/// How many writes may wait for the writer before new events are turned away.
const CHANNEL_CAPACITY: usize = 8_192;

/// Tells, after the commit, whoever waits.
type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// A write of any kind. It runs inside the joined transaction in a savepoint of its own.
type Work = Box<dyn for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Answer> + Send>;

/// Something to write.
pub(super) enum Job {
    /// A new event.
    Accept(Box<AcceptJob>),
    /// A run's progress.
    Record(RecordJob),
    /// Anything else.
    Work(Work),
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
    /// Starts the writing task on a connection that nobody else uses.
    pub(crate) async fn start(
        connection: DatabaseConnection,
        reader: DatabaseConnection,
        batch_limit: usize,
    ) -> Result<Self, StorageError> {
        let keys = Keys {
            event: next_key(&reader, "events").await?,
            run: next_key(&reader, "runs").await?,
            payload: next_key(&reader, "payloads").await?,
        };
        let (jobs, inbox) = mpsc::channel(CHANNEL_CAPACITY);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        // A thread of its own: on the shared ones the writer would wait behind the very runs that wait for it.
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || runtime.block_on(write_all(connection, inbox, keys, batch_limit.max(1))))?;
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
        let (sender, receiver) = oneshot::channel();
        let job: Work = Box::new(move |transaction| {
            Box::pin(async move {
                let result = in_savepoint(transaction, work).await;
                let answer: Answer = Box::new(move |committed: Result<(), StorageError>| {
                    let _ = sender.send(result.and_then(|value| committed.map(|()| value)));
                });
                answer
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

async fn in_savepoint<T, F>(transaction: &DatabaseTransaction, work: F) -> Result<T, StorageError>
where
    F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StorageError>>,
{
    let savepoint = transaction.begin().await?;
    let result = work(&savepoint).await;
    end(savepoint, result).await?
}

async fn write_all(connection: DatabaseConnection, mut inbox: mpsc::Receiver<Job>, mut keys: Keys, batch_limit: usize) {
    let mut batch = Vec::with_capacity(batch_limit);
    while inbox.recv_many(&mut batch, batch_limit).await > 0 {
        let mut sorted = Sorted::default();
        for job in batch.drain(..) {
            sorted.add(job);
        }
        let closing = std::mem::take(&mut sorted.closing);
        write_batch(&connection, sorted, &mut keys).await;
        if !closing.is_empty() {
            inbox.close();
            while let Ok(job) = inbox.try_recv() {
                let mut last = Sorted::default();
                last.add(job);
                write_batch(&connection, last, &mut keys).await;
            }
            if let Err(error) = connection.close().await {
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
}

impl Sorted {
    fn add(&mut self, job: Job) {
        match job {
            Job::Accept(job) => self.accepts.push(*job),
            Job::Record(job) => self.records.push(job),
            Job::Work(work) => self.works.push(work),
            Job::Close(waiting) => self.closing.push(waiting),
        }
    }
}

async fn write_batch(connection: &DatabaseConnection, sorted: Sorted, keys: &mut Keys) {
    let Sorted { accepts, records, works, .. } = sorted;
    if accepts.is_empty() && records.is_empty() && works.is_empty() {
        return;
    }
    let accept_job = |job: AcceptJob| (job.event, job.answer);
    let (events, accepted): (Vec<_>, Vec<_>) = accepts.into_iter().map(accept_job).unzip();
    let record_job = |job: RecordJob| (job.record, job.answer);
    let (records, recorded): (Vec<_>, Vec<_>) = records.into_iter().map(record_job).unzip();
    let written = write_rows(connection, &events, &records, keys).await;
    let Rows { transaction, accepts, records } = match written {
        Ok(rows) => rows,
        Err(error) => {
            tracing::error!(%error, "a transaction could not be begun");
            for answer in accepted {
                answer(Err(error.clone()));
            }
            for answer in recorded {
                answer(Err(error.clone()));
            }
            // Dropping other work closes its channel, which its caller reads as "unavailable".
            return;
        }
    };
    let mut answers = Vec::with_capacity(works.len());
    for work in works {
        answers.push(work(&transaction).await);
    }
    let committed = transaction.commit().await.map_err(StorageError::from);
    if let Err(error) = &committed {
        tracing::error!(%error, "a transaction could not be committed");
    }
    for (answer, result) in accepted.into_iter().zip(accepts) {
        answer(result.and_then(|stored| committed.clone().map(|()| stored)));
    }
    for (answer, result) in recorded.into_iter().zip(records) {
        answer(result.and(committed.clone()));
    }
    for answer in answers {
        answer(committed.clone());
    }
}

/// Events and records as they were written, in a transaction that is still open.
struct Rows {
    transaction: DatabaseTransaction,
    accepts: Vec<Result<Stored, StorageError>>,
    records: Vec<Result<(), StorageError>>,
}

/// Writes everything together. When that fails, everything once more in a new transaction, but each by itself, so that one
/// bad row never takes its neighbours along.
async fn write_rows(
    connection: &DatabaseConnection,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    keys: &mut Keys,
) -> Result<Rows, StorageError> {
    let transaction = begin(connection).await?;
    match write_together(&transaction, events, records, keys).await {
        Ok((accepts, records)) => Ok(Rows { transaction, accepts: accepts.into_iter().map(Ok).collect(), records }),
        Err(error) => {
            tracing::warn!(%error, "writes could not be stored together; each is tried by itself");
            // A failure such as a full disk may have ended the transaction already.
            let _ = transaction.rollback().await;
            write_one_by_one(connection, events, records, keys).await
        }
    }
}

async fn write_together(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    keys: &mut Keys,
) -> Result<(Vec<Stored>, Vec<Result<(), StorageError>>), StorageError> {
    let mut script = Script::default();
    let stored = accept::add(transaction, events, keys, &mut script).await?;
    let recorded = record::add(transaction, records, keys, &mut script).await?;
    script.run(transaction).await?;
    Ok((stored, recorded))
}

async fn write_one_by_one(
    connection: &DatabaseConnection,
    events: &[PreparedEvent],
    records: &[PreparedRecord],
    keys: &mut Keys,
) -> Result<Rows, StorageError> {
    let transaction = begin(connection).await?;
    let mut rows = Rows { transaction, accepts: Vec::with_capacity(events.len()), records: Vec::new() };
    for event in events {
        let savepoint = rows.transaction.begin().await?;
        let result = write_together(&savepoint, std::slice::from_ref(event), &[], keys).await;
        let stored = result.and_then(|(stored, _)| stored.first().copied().ok_or(StorageError::Unavailable));
        rows.accepts.push(end(savepoint, stored).await?);
    }
    for record in records {
        let savepoint = rows.transaction.begin().await?;
        let result = write_together(&savepoint, &[], std::slice::from_ref(record), keys).await;
        let stored = result.and_then(|(_, mut results)| results.pop().unwrap_or(Err(StorageError::Unavailable)));
        rows.records.push(end(savepoint, stored).await?);
    }
    Ok(rows)
}

async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, StorageError> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(connection.begin_with_options(immediate).await?)
}

/// Keeps what a savepoint wrote when all went well, and undoes it otherwise.
async fn end<T>(
    savepoint: DatabaseTransaction,
    result: Result<T, StorageError>,
) -> Result<Result<T, StorageError>, StorageError> {
    match result {
        Ok(value) => savepoint.commit().await.map(|()| Ok(value)).map_err(Into::into),
        Err(error) => savepoint.rollback().await.map(|()| Err(error)).map_err(Into::into),
    }
}
