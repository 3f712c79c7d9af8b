//! What is forgotten and what is not.

use model::{EventStatus, RunStatus};
use serde_json::json;
use storage::queue::{Disposition, Ending, Next};
use storage::{Retention, RunFilter};

use crate::support::{Bench, bench};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn forget(bench: &Bench, retention: Retention) {
    while bench.storage.forget_old(retention).await.unwrap() > 0 {}
}

async fn statuses(bench: &Bench) -> Vec<RunStatus> {
    let filter = RunFilter { limit: 100, ..RunFilter::default() };
    bench.storage.runs(&filter).await.unwrap().into_iter().map(|run| run.status).collect()
}

#[tokio::test]
async fn old_runs_go_with_everything_of_theirs_but_dead_letters_and_unfinished_runs_stay() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    for _ in 0..4 {
        queue.accept(bench.event(json!({"text": "x".repeat(2_000)}))).await.unwrap();
    }
    let mut kept = bench.event(json!({}));
    kept.disposition = Disposition::Keep;
    queue.accept(kept).await.unwrap();
    let claims = bench.claim_all().await;
    let big = bench.progress("fetch", json!("y".repeat(5_000)));
    queue.record(claims[0].lease, big, bench.end()).await.unwrap();
    let dead = Ending::new(RunStatus::Dead, bench.storage.now());
    queue.record(claims[1].lease, bench.progress("a", json!(1)), Next::End(dead)).await.unwrap();
    bench.clock.advance_ms(40 * DAY_MS);
    bench.finish(&claims[2]).await;
    let retention = Retention { keep_ms: Some(30 * 24 * 60 * 60 * 1_000), keep_runs: None, batch: 2 };
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await, [RunStatus::Queued, RunStatus::Succeeded, RunStatus::Dead]);
    assert!(bench.storage.run(claims[0].run).await.is_err());
    assert!(bench.storage.event(claims[0].event.id).await.is_err());
    assert_eq!(bench.storage.event_content(claims[1].event.id).await.unwrap().body["text"], "x".repeat(2_000));
    assert_eq!(bench.storage.stats().await.unwrap().events[&EventStatus::Kept], 0);
}

#[tokio::test]
async fn only_so_many_runs_are_kept() {
    let bench = bench().await;
    for number in 0..10 {
        bench.storage.queue().accept(bench.event(json!(number))).await.unwrap();
    }
    for claim in bench.claim_all().await {
        bench.finish(&claim).await;
    }
    forget(&bench, Retention { keep_ms: None, keep_runs: Some(3), batch: 2 }).await;
    assert_eq!(statuses(&bench).await.len(), 3);
    assert_eq!(bench.storage.stats().await.unwrap().events[&EventStatus::Accepted], 3);
}

#[tokio::test]
async fn without_a_bound_nothing_is_forgotten() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    for claim in bench.claim_all().await {
        bench.finish(&claim).await;
    }
    bench.clock.advance_ms(10_000 * DAY_MS);
    assert_eq!(bench.storage.forget_old(Retention { batch: 10, ..Retention::default() }).await.unwrap(), 0);
    assert_eq!(statuses(&bench).await.len(), 1);
}
