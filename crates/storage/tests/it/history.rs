//! What is forgotten and what is not.

use model::{EventStatus, FileId, RunStatus};
use serde_json::json;
use storage::queue::{Disposition, Ending, Next};
use storage::{DeadLetterReason, NewDeadLetter, NewFile};
use storage::{Retention, RunFilter, Sweep, SweepPreview};

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
    let retention = Retention { keep_ms: Some(30 * 24 * 60 * 60 * 1_000), batch: 2, ..Retention::default() };
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
    forget(&bench, Retention { keep_runs: Some(3), batch: 2, ..Retention::default() }).await;
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

async fn finish_some(bench: &Bench, count: i64) {
    for number in 0..count {
        bench.storage.queue().accept(bench.event(json!(number))).await.unwrap();
    }
    for claim in bench.claim_all().await {
        bench.finish(&claim).await;
    }
}

#[tokio::test]
async fn a_workflow_may_keep_its_history_longer_or_shorter_than_the_others() {
    const WEEK: Option<u64> = Some(7 * 24 * 60 * 60 * 1_000);
    let bench = bench().await;
    finish_some(&bench, 6).await;
    bench.clock.advance_ms(10 * DAY_MS);
    let retention = Retention { keep_ms: WEEK, keep_runs: Some(5), batch: 2, ..Retention::default() };

    bench.publish_with(json!({"keep_days": 0, "keep_runs": 0})).await;
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 6, "zero means without bound");
    bench.publish_with(json!({"keep_days": 20})).await;
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 5, "what it does not say is left to the server");
    bench.publish_with(json!({"keep_days": 20, "keep_runs": 2})).await;
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 2);
    bench.publish_with(json!({"keep_days": 20})).await;
    forget(&bench, Retention { keep_total_runs: Some(1), ..retention }).await;
    assert_eq!(statuses(&bench).await.len(), 1, "the bound for all holds whatever a workflow says");
    bench.publish_with(json!({})).await;
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM events").await, 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM steps").await, 0);
}

#[tokio::test]
async fn a_dead_letter_goes_only_after_a_person_has_decided() {
    let bench = bench().await;
    for _ in 0..2 {
        bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    }
    for claim in bench.claim_all().await {
        let letter = NewDeadLetter {
            reason: DeadLetterReason::Failed,
            fingerprint: "x".to_owned(),
            node: None,
            iteration: String::new(),
            message: "no".to_owned(),
        };
        let mut ending = Ending::new(RunStatus::Dead, bench.storage.now());
        ending.dead_letter = Some(letter);
        bench.storage.queue().record(claim.lease, bench.progress("a", json!(1)), Next::End(ending)).await.unwrap();
    }
    bench.clock.advance_ms(40 * DAY_MS);
    let retention = Retention { keep_ms: Some(30 * 24 * 60 * 60 * 1_000), batch: 10, ..Retention::default() };
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 2);
    let now = bench.storage.now().0;
    bench.execute(&format!("UPDATE dead_letters SET state = 'discarded', decided_at = {now} WHERE run_id = 1")).await;
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await.len(), 2, "it can still be taken back");
    bench.clock.advance_ms(31 * DAY_MS);
    forget(&bench, retention).await;
    assert_eq!(statuses(&bench).await, [RunStatus::Dead]);
    assert_eq!(bench.number("SELECT COUNT(*) FROM dead_letters").await, 1);
}

#[tokio::test]
async fn files_stay_as_long_as_the_event_that_they_came_with_or_whose_run_received_them() {
    let bench = bench().await;
    let file = |name: &str| NewFile {
        id: FileId::generate(),
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: b"invoice".to_vec(),
    };
    let (came, received, tried) = (file("came"), file("received"), file("tried"));
    let ids = [came.id, received.id, tried.id];
    let left = async || {
        let mut left = Vec::new();
        for id in ids {
            left.push(bench.storage.load_file(id).await.unwrap().is_some());
        }
        left
    };
    let mut event = bench.event(json!({}));
    event.files = vec![came];
    bench.storage.queue().accept(event).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    bench.storage.store_file(received, Some(claim.run)).await.unwrap();
    bench.storage.store_file(tried, None).await.unwrap();
    bench.clock.advance_ms(40 * DAY_MS);
    let retention = Retention { keep_ms: Some(30 * 24 * 60 * 60 * 1_000), batch: 10, ..Retention::default() };
    forget(&bench, retention).await;
    assert_eq!(left().await, [true, true, false], "the run has not ended yet");
    bench.finish(&claim).await;
    bench.clock.advance_ms(40 * DAY_MS);
    forget(&bench, retention).await;
    assert_eq!(left().await, [false, false, false]);
}

#[tokio::test]
async fn what_has_an_age_but_no_run_goes_too() {
    let bench = bench().await;
    let at = bench.storage.now().0;
    bench
        .execute(&format!(
            "INSERT INTO audit (at, who, action, subject_kind, subject_id, details) VALUES ({at}, 'a', 'b', 'c', 'd', '{{}}');
             INSERT INTO seen (workflow_id, node_id, key_hash, first_at, expires_at, run_id, iteration)
               VALUES (1, 'n', x'01', {at}, {at} + 1000, x'00000000000000000000000000000001', ''), (1, 'n', x'02', {at}, {at} + 99000000000, x'00000000000000000000000000000001', '');
             INSERT INTO files (id, name, content_type, size_bytes, bytes, created_at) VALUES (x'00000000000000000000000000000001', 'f', 't', 1, x'00', {at});
             INSERT INTO outbox (id, node_id, sender, recipients, subject, message, dedup_key, created_at)
               VALUES (x'00000000000000000000000000000001', 'n', 's', '[]', 's', x'00', 'k', {at});"
        ))
        .await;
    bench.clock.advance_ms(40 * DAY_MS);
    let keep_ms = Some(30 * 24 * 60 * 60 * 1_000);
    let year = Some(365 * 24 * 60 * 60 * 1_000);
    forget(&bench, Retention { keep_ms, keep_audit_ms: year, batch: 10, ..Retention::default() }).await;
    let counts = "SELECT (SELECT COUNT(*) FROM audit) * 1000 + (SELECT COUNT(*) FROM seen) * 100 \
                  + (SELECT COUNT(*) FROM files) * 10 + (SELECT COUNT(*) FROM outbox)";
    assert_eq!(
        bench.number(counts).await,
        1_100,
        "the audit has a bound of its own, a key is needed until its window ends"
    );
    bench.clock.advance_ms(400 * DAY_MS);
    forget(&bench, Retention { keep_ms, keep_audit_ms: year, batch: 10, ..Retention::default() }).await;
    assert_eq!(bench.number(counts).await, 100);
}

#[tokio::test]
async fn space_that_is_no_longer_used_goes_back_to_the_file_system() {
    let bench = bench().await;
    for _ in 0..3_000 {
        bench.storage.queue().accept(bench.event(json!("x".repeat(200)))).await.unwrap();
        for claim in bench.claim_all().await {
            bench
                .storage
                .queue()
                .record(claim.lease, bench.progress("a", json!("y".repeat(200))), bench.end())
                .await
                .unwrap();
        }
    }
    let pages = bench.number("PRAGMA page_count").await;
    forget(&bench, Retention { keep_runs: Some(10), batch: 500, ..Retention::default() }).await;
    while bench.storage.give_back_space().await.unwrap() {}
    let left = bench.number("PRAGMA page_count").await;
    assert!(left * 2 < pages, "{left} of {pages} pages are left");
}

#[tokio::test]
async fn a_person_sees_what_would_go_before_it_goes() {
    let bench = bench().await;
    finish_some(&bench, 3).await;
    bench.clock.advance_ms(DAY_MS);
    let mut kept = bench.event(json!({}));
    kept.disposition = Disposition::Keep;
    bench.storage.queue().accept(kept).await.unwrap();
    finish_some(&bench, 1).await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    bench.clock.advance_ms(1);
    let before = bench.storage.now().minus_ms(1_000);
    let early = Sweep { workflow_key: Some(bench.workflow.key), before };
    let preview = bench.storage.preview_sweep(early).await.unwrap();
    assert_eq!(preview, SweepPreview { runs: 3, events: 0, open_dead_letters: 0 });
    let all = Sweep { workflow_key: None, before: bench.storage.now() };
    assert_eq!(
        bench.storage.preview_sweep(all).await.unwrap(),
        SweepPreview { runs: 4, events: 1, open_dead_letters: 0 }
    );
    let other = Sweep { workflow_key: Some(999), before: bench.storage.now() };
    assert_eq!(bench.storage.preview_sweep(other).await.unwrap(), SweepPreview::default());
    while bench.storage.sweep(all, 2).await.unwrap() > 0 {}
    assert_eq!(statuses(&bench).await, [RunStatus::Queued]);
    assert_eq!(bench.number("SELECT COUNT(*) FROM events").await, 1);
}
