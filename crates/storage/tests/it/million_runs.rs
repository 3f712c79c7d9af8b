//! What a person waits for with a million runs in the history, measured. It takes a while to fill the database, so only
//! `make bench` runs it, in a release build.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::clock::ManualClock;
use model::{RunStatus, Subject};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use storage::{Retention, Role, RunFilter, Storage};
use uuid::Uuid;

use crate::many_runs::{SEED, time_of};
use crate::support::{Bench, bench, settings};

const RUNS: u128 = 1_000_000;

/// What 95 of 100 questions are answered within.
const P95: Duration = Duration::from_millis(50);

/// Makes the filter of one question from a number.
type Ask = Box<dyn Fn(u128) -> RunFilter>;

#[expect(clippy::too_many_lines, reason = "one measurement, from the history to its table")]
#[tokio::test]
#[ignore = "fills a database with a million runs"]
#[expect(clippy::print_stdout, reason = "whoever asks for it wants to read the figures")]
async fn a_million_runs_are_listed_and_searched_within_50_ms() {
    let empty = bench().await;
    empty.publish_with(json!({"search": ["email"]})).await;
    let Bench { storage, folder, .. } = empty;
    storage.close().await;
    drop(storage);
    let file = settings(&folder).database_file();
    let connection = Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
    let began = Instant::now();
    connection.execute_unprepared(&SEED.replace("100000", "1000000")).await.unwrap();
    let steps = "INSERT INTO steps (run_id, node_id, iteration, status, output, attempts, started_at, finished_at) \
                 SELECT id, 'notify', '', 'succeeded', '{\"ok\":true,\"number\":' || id || '}', 1, created_at, created_at + 5 \
                 FROM runs; UPDATE runs SET started_at = created_at, finished_at = created_at + 5;";
    connection.execute_unprepared(steps).await.unwrap();
    connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    connection.close().await.unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    println!("filled in {:?}, {} MB, {} bytes a run", began.elapsed(), bytes >> 20, u128::from(bytes) / RUNS);

    let began = Instant::now();
    let clock = Arc::new(ManualClock::at(time_of(RUNS)));
    let storage = Storage::open(settings(&folder), Role::Server, clock).await.unwrap();
    println!("opened in {:?}", began.elapsed());
    let began = Instant::now();
    let named = storage.search_fields().await.unwrap();
    let mut entered = 0;
    loop {
        let some = storage.enter_fields(&named).await.unwrap();
        entered += some;
        if some == 0 {
            break;
        }
    }
    println!("entered the fields of {entered} events in {:?}", began.elapsed());

    let page = || RunFilter { limit: 50, ..RunFilter::default() };
    let text = move |text: String| RunFilter { text: Some(text), ..page() };
    let questions: Vec<(&str, Ask)> = vec![
        ("first page", Box::new(move |_| page())),
        ("a page further back", Box::new(move |n| RunFilter { before_key: i64::try_from(n).ok(), ..page() })),
        ("dead", Box::new(move |_| RunFilter { statuses: vec![RunStatus::Dead], ..page() })),
        ("one workflow", Box::new(move |n| RunFilter { workflow_key: i64::try_from(1 + n % 20).ok(), ..page() })),
        (
            "some hours",
            Box::new(move |n| RunFilter { since: Some(time_of(n)), until: Some(time_of(n + 9_999)), ..page() }),
        ),
        ("run id", Box::new(move |n| text(Uuid::from_u128(n).to_string()))),
        ("delivery id", Box::new(move |n| text(format!("delivery-{n}")))),
        ("value of a field", Box::new(move |n| text(format!("customer{}@example.com", n / 20 * 20)))),
        ("text in a payload", Box::new(move |n| text(format!("stomer{n}@")))),
    ];
    let mut slow = Vec::new();
    for (what, ask) in questions {
        let mut times = Vec::new();
        for turn in 0..200 {
            let filter = ask(21 + turn * 4_987 % (RUNS - 10_000));
            let began = Instant::now();
            let found = storage.find_runs(&filter).await.unwrap();
            times.push(began.elapsed());
            assert!(!found.items.is_empty() || what == "text in a payload", "{what}: {filter:?}");
        }
        times.sort_unstable();
        println!("{what:>20}: p50 {:>9.2?}, p95 {:>9.2?}, longest {:>9.2?}", times[100], times[189], times[199]);
        if times[189] > P95 {
            slow.push(what);
        }
    }
    let began = Instant::now();
    storage.storage_use().await.unwrap();
    println!("the storage page's figures: {:?}", began.elapsed());
    let began = Instant::now();
    let retention =
        Retention { keep_ms: Some(1 << 40), keep_runs: Some(2_000_000), batch: 500, ..Retention::default() };
    storage.forget_old(retention).await.unwrap();
    println!("looking for what is too old, finding nothing: {:?}", began.elapsed());
    let began = Instant::now();
    let subject = Subject::parse("customer4321@example.com").unwrap();
    assert_eq!(storage.find_subject(&subject).await.unwrap().counts.events, 1);
    println!("looking through everything for a person: {:?}", began.elapsed());
    assert!(slow.is_empty(), "slower than {P95:?}: {slow:?}");
}
