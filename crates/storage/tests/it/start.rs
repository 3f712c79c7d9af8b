//! What opening the storage costs, and when it is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::RunStatus;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::json;
use storage::queue::Next;
use storage::{Role, Storage, StorageError, StorageSettings};

use crate::support::{Bench, Open, bench, settings};

impl Bench {
    async fn reopen(&self) -> Result<Storage, StorageError> {
        let roomy = StorageSettings { queue_capacity: 1_000_000, ..settings(&self.folder) };
        Storage::open(roomy, Role::Server, Arc::new(self.clock.clone())).await
    }

    /// Closes the storage so that its directory is free again.
    async fn closed(mut self) -> Self {
        self.storage.close().await;
        let elsewhere = tempfile::tempdir().unwrap();
        let other =
            Storage::open(StorageSettings::for_directory(elsewhere.path()), Role::Tool, Arc::new(self.clock.clone()));
        self.storage = other.await.unwrap();
        self
    }
}

/// Adds runs like the one that is there, in bulk.
fn many(count: u32, status: &str, with_queue: bool) -> String {
    let queue = "INSERT INTO queue (run_id, due_at, epoch) SELECT id, created_at, 0 FROM runs WHERE id > 1;";
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= {count}) \
         INSERT INTO runs (id, public_id, workflow_id, definition_id, version, event_id, status, mode, trigger_node, \
         created_at) SELECT i, randomblob(16), workflow_id, definition_id, version, event_id, '{status}', mode, \
         trigger_node, created_at FROM n, runs WHERE runs.id = 1; {}",
        if with_queue { queue } else { "" }
    )
}

#[tokio::test]
async fn a_hundred_thousand_unfinished_runs_are_taken_over_while_the_first_are_at_work() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    let bench = bench.closed().await;
    bench.execute(&many(100_000, "queued", true)).await;
    let began = Instant::now();
    let storage = bench.reopen().await.unwrap();
    let queue = storage.queue();
    let first = queue.claim(10, &Open).await.unwrap();
    let took = began.elapsed();
    assert_eq!((first.len(), queue.len()), (10, 100_001));
    assert!(took < Duration::from_secs(2), "without optimisation, among other tests; took {took:?}");
    let last = storage.runs(&storage::RunFilter { limit: 1, ..Default::default() }).await.unwrap().remove(0);
    assert_eq!(queue.cancel(last.id).await.unwrap(), [last.id], "also one that was not read yet");
    // Ten are at work.
    while queue.waiting_of(bench.workflow.key) < 99_990 {
        assert!(began.elapsed() < Duration::from_mins(1), "they are never all there");
        tokio::task::yield_now().await;
    }
    assert_eq!((queue.waiting_of(bench.workflow.key), queue.len()), (99_990, 100_000));
}

#[tokio::test]
async fn a_new_run_with_an_order_key_goes_behind_those_from_before_the_start() {
    let bench = bench().await;
    let mut event = bench.event(json!({}));
    Bench::start_of(&mut event).order_key = Some("k".to_owned());
    bench.storage.queue().accept(event.clone()).await.unwrap();
    let bench = bench.closed().await;
    // The run with the key comes last of many.
    let moved = "UPDATE runs SET id = 9999 WHERE id = 1; UPDATE queue SET run_id = 9999 WHERE run_id = 1;";
    bench.execute(&format!("{} {moved}", many(5_000, "queued", true))).await;
    let storage = bench.reopen().await.unwrap();
    let mut event = bench.event(json!({}));
    Bench::start_of(&mut event).order_key = Some("k".to_owned());
    let later = storage.queue().accept(event).await.unwrap().run.unwrap();
    let mut keyed = 0;
    loop {
        let claims = storage.queue().claim(20_000, &Open).await.unwrap();
        if claims.is_empty() {
            break;
        }
        assert!(claims.iter().all(|claim| claim.run != later));
        keyed += claims.iter().filter(|claim| claim.lease.run_key == 9_999).count();
    }
    assert_eq!((keyed, storage.queue().len()), (1, 5_002));
}

#[tokio::test]
async fn a_run_that_was_at_work_when_the_process_died_is_counted_until_it_makes_progress() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    let claims = bench.claim_all().await;
    let mark = bench.storage.crash_marks().enter(claims[0].lease.run_key);
    drop(bench.storage.crash_marks().enter(claims[1].lease.run_key));
    let died = std::fs::read(bench.folder.path().join("at-work")).unwrap();
    let bench = bench.closed().await;
    drop(mark);
    let mut crashes = Vec::new();
    for _ in 0..2 {
        std::fs::write(bench.folder.path().join("at-work"), &died).unwrap();
        let storage = bench.reopen().await.unwrap();
        let claims = storage.queue().claim(10, &Open).await.unwrap();
        crashes.push((claims[0].crashes, claims[1].crashes));
        if crashes.len() == 2 {
            let queue = storage.queue();
            queue.record(claims[0].lease, bench.progress("a", json!(1)), Next::Continue).await.unwrap();
        }
        storage.close().await;
    }
    assert_eq!(crashes, [(1, 0), (2, 0)]);
    let storage = bench.reopen().await.unwrap();
    assert_eq!(
        storage.queue().claim(10, &Open).await.unwrap()[0].crashes,
        0,
        "it had made progress, and was closed well"
    );
}

#[tokio::test]
async fn a_signal_that_came_while_its_run_was_held_is_not_forgotten_by_a_restart() {
    let bench = bench().await;
    let claim = bench.claim_of(bench.event(json!({}))).await;
    bench.storage.queue().signal(claim.run, &"wait".into(), "", json!(1)).await.unwrap();
    bench.park(&claim).await;
    let bench = bench.closed().await;
    let storage = bench.reopen().await.unwrap();
    let again = storage.queue().claim(10, &Open).await.unwrap();
    assert_eq!((again.len(), again[0].signals.len()), (1, 1));
    assert_eq!(storage.run(claim.run).await.unwrap().status, RunStatus::Waiting);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_both_are_named() {
    let bench = bench().await.closed().await;
    bench.execute("INSERT INTO seaql_migrations VALUES ('m9999_from_the_future', 0)").await;
    let refused = bench.reopen().await.unwrap_err().to_string();
    assert!(refused.contains("m9999_from_the_future") && refused.contains("than m00"), "{refused}");
}

#[tokio::test]
async fn a_disk_without_room_is_refused_at_the_start_but_not_to_a_command() {
    let bench = bench().await.closed().await;
    let full = || StorageSettings { min_free_bytes: u64::MAX, ..settings(&bench.folder) };
    let refused = Storage::open(full(), Role::Server, Arc::new(bench.clock.clone())).await.unwrap_err().to_string();
    assert!(refused.contains("storage.min_free_bytes"), "{refused}");
    Storage::open(full(), Role::Tool, Arc::new(bench.clock.clone())).await.unwrap().close().await;
}

#[tokio::test]
async fn a_reader_that_stays_makes_the_log_full_but_not_endless_and_then_events_come_in_again() {
    const MOST: u64 = 4_000_000;
    let bench = bench().await.closed().await;
    let narrow = StorageSettings { max_log_bytes: MOST, ..settings(&bench.folder) };
    let storage = Storage::open(narrow, Role::Server, Arc::new(bench.clock.clone())).await.unwrap();
    let file = settings(&bench.folder).database_file();
    let reader = Database::connect(format!("sqlite://{}?mode=ro", file.display())).await.unwrap();
    let snapshot = reader.begin().await.unwrap();
    snapshot.execute_unprepared("SELECT COUNT(*) FROM events").await.unwrap();
    let offer = async || storage.queue().accept(bench.event(json!({"text": "x".repeat(200)}))).await;
    let mut accepted = 0;
    let refused = loop {
        match offer().await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StorageError::LogFull { .. }), "{refused}");
    assert!(matches!(offer().await, Err(StorageError::LogFull { .. })), "as long as somebody reads");
    let log = bench.folder.path().join("stellwerk.sqlite-wal");
    assert!(std::fs::metadata(&log).unwrap().len() < MOST * 40, "what came in before it was looked at again");
    snapshot.rollback().await.unwrap();
    reader.close().await.unwrap();
    assert!(offer().await.is_err(), "and the writer is asked to move on what the log holds");
    // The second of these is written only after that.
    assert!(storage.is_ready().await && storage.is_ready().await);
    offer().await.unwrap();
    assert_eq!(storage.stats().await.unwrap().events[&model::EventStatus::Accepted], accepted + 1);
}
