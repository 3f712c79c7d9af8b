//! How much room the history takes: exact where it says so, near the truth where it estimates.

use serde_json::json;

use crate::support::bench;

#[tokio::test]
#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
async fn the_estimate_of_a_workflow_is_near_to_what_its_rows_really_take() {
    let bench = bench().await;
    for number in 0..600 {
        // Every tenth event is large and lies compressed aside.
        let text = if number % 10 == 0 { format!("{number:x<5000}") } else { "short".to_owned() };
        bench.storage.queue().accept(bench.event(json!({"number": number, "text": text}))).await.unwrap();
        for claim in bench.claim_all().await {
            let output = json!({"order": number, "note": "n".repeat(usize::try_from(number % 200).unwrap())});
            bench
                .storage
                .queue()
                .record(claim.lease, bench.progress("fetch_order", output), bench.end())
                .await
                .unwrap();
        }
    }
    let found = bench.storage.storage_use().await.unwrap();
    assert_eq!(found.file_bytes, u64::try_from(bench.number("PRAGMA page_count").await * 4096).unwrap());
    assert!(found.log_bytes > 0);
    let [one] = found.workflows.as_slice() else { panic!("{:?}", found.workflows) };
    assert_eq!((one.runs, one.events, one.open_dead_letters), (600, 600, 0));
    assert_eq!(one.oldest_run_at, Some(crate::support::START));
    let real = bench
        .number(
            "SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema \
             WHERE tbl_name IN ('events', 'runs', 'steps', 'attempts', 'payloads'))",
        )
        .await as f64;
    let estimated = one.bytes.unwrap();
    assert!((0.7..1.3).contains(&(estimated / real)), "estimated {estimated}, really {real}");
}

#[tokio::test]
async fn the_rules_that_a_workflow_publishes_are_told() {
    let bench = bench().await;
    bench.publish_with(json!({"keep_days": 5, "keep_runs": 70})).await;
    let found = bench.storage.storage_use().await.unwrap();
    let one = &found.workflows[0];
    assert_eq!((one.keep_days, one.keep_runs, one.runs, one.bytes), (Some(5), Some(70), 0, Some(0.0)));
    assert_eq!(one.oldest_run_at, None);
}
