//! Backups: taken while runs come in, checked before they are trusted, put back only where nothing is lost by it.

use std::path::Path;
use std::sync::Arc;

use model::Timestamp;
use model::clock::ManualClock;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use storage::{Role, Storage, StorageError, StorageSettings, back_up, examine_backup, restore};

use crate::support::{START, bench, settings};

fn reason(error: &StorageError) -> String {
    error.to_string()
}

async fn open(directory: &Path) -> Storage {
    let clock = Arc::new(ManualClock::at(START));
    Storage::open(StorageSettings::for_directory(directory), Role::Server, clock).await.unwrap()
}

#[tokio::test]
async fn a_backup_taken_under_load_holds_whole_events_with_their_runs() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let target = bench.folder.path().join("backup.sqlite");
    let settings = settings(&bench.folder);
    let mut accepted = 0;
    let mut copying = Box::pin(back_up(&settings, &target));
    let content = loop {
        queue.accept(bench.event(json!({"text": "x".repeat(2_000)}))).await.unwrap();
        accepted += 1;
        if let std::task::Poll::Ready(done) = futures_util::poll!(&mut copying) {
            break done.unwrap();
        }
    };
    assert!(content.runs <= accepted, "{content:?}");
    assert_eq!((content.workflows, content.unfinished_runs), (1, content.runs));
    assert_eq!(examine_backup(&target).await.unwrap(), content);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let elsewhere = tempfile::tempdir().unwrap();
    let restored = restore(&StorageSettings::for_directory(elsewhere.path()), &target, false, START).await.unwrap();
    assert_eq!((restored.content, restored.replaced), (content.clone(), None));
    let storage = open(elsewhere.path()).await;
    assert_eq!(storage.stats().await.unwrap().runs.values().sum::<i64>(), content.runs);
    assert_eq!(storage.queue().len(), usize::try_from(content.runs).unwrap());
}

#[tokio::test]
async fn a_backup_can_be_taken_when_no_server_runs_and_never_overwrites_a_file() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!(1))).await.unwrap();
    bench.storage.close().await;
    let settings = settings(&bench.folder);
    let target = bench.folder.path().join("backup.sqlite");
    assert_eq!(back_up(&settings, &target).await.unwrap().runs, 1);
    assert!(reason(&back_up(&settings, &target).await.unwrap_err()).contains("exists already"));
    let nowhere = bench.folder.path().join("missing").join("backup.sqlite");
    assert!(reason(&back_up(&settings, &nowhere).await.unwrap_err()).contains("cannot write"));
    let empty = StorageSettings::for_directory(bench.folder.path().join("empty"));
    assert!(reason(&back_up(&empty, &nowhere).await.unwrap_err()).contains("no database"));
}

#[tokio::test]
async fn a_restore_refuses_what_would_lose_something_and_keeps_what_it_replaces() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!(1))).await.unwrap();
    let target = bench.folder.path().join("backup.sqlite");
    let settings = settings(&bench.folder);
    back_up(&settings, &target).await.unwrap();
    bench.storage.queue().accept(bench.event(json!(2))).await.unwrap();

    let running = restore(&settings, &target, true, START).await.unwrap_err();
    assert!(matches!(running, StorageError::DirectoryInUse { .. }), "{running}");
    bench.storage.close().await;
    let folder = bench.folder.path().to_owned();
    drop(bench.storage);
    let there = restore(&settings, &target, false, START).await.unwrap_err();
    assert!(reason(&there).contains("--replace"), "{there}");

    let restored = restore(&settings, &target, true, Timestamp(77)).await.unwrap();
    let aside = restored.replaced.unwrap();
    assert_eq!(aside, folder.join("stellwerk.sqlite.replaced-77"));
    assert_eq!(examine_backup(&aside).await.unwrap().runs, 2);
    assert_eq!(open(&folder).await.stats().await.unwrap().runs.values().sum::<i64>(), 1);
}

#[tokio::test]
async fn a_damaged_foreign_or_newer_file_is_not_restored() {
    let bench = bench().await;
    for number in 0..50 {
        bench.storage.queue().accept(bench.event(json!({"number": number, "text": "x".repeat(200)}))).await.unwrap();
    }
    let good = bench.folder.path().join("good.sqlite");
    back_up(&settings(&bench.folder), &good).await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let target = StorageSettings::for_directory(fresh.path());
    let refused = async |file: &Path| reason(&restore(&target, file, false, START).await.unwrap_err());

    let text = bench.folder.path().join("text");
    std::fs::write(&text, "no database at all, but long enough to be read as one".repeat(100)).unwrap();
    assert!(refused(&text).await.contains("no backup of Stellwerk"));
    assert!(refused(&bench.folder.path().join("missing")).await.contains("cannot read"));

    let damaged = bench.folder.path().join("damaged.sqlite");
    let mut bytes = std::fs::read(&good).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0xaa);
    std::fs::write(&damaged, bytes).unwrap();
    let why = refused(&damaged).await;
    assert!(why.contains("damaged") || why.contains("malformed"), "{why}");

    let newer = bench.folder.path().join("newer.sqlite");
    std::fs::copy(&good, &newer).unwrap();
    let connection = Database::connect(format!("sqlite://{}", newer.display())).await.unwrap();
    connection.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_later', 0)").await.unwrap();
    connection.close().await.unwrap();
    let error = restore(&target, &newer, false, START).await.unwrap_err();
    assert!(matches!(error, StorageError::SchemaNewer { .. }), "{error}");
    assert!(!target.database_file().exists(), "nothing was put in place");
}
