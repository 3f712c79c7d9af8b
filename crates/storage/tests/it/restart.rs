//! What survives the end of a process.

use std::sync::Arc;

use model::RunStatus;
use serde_json::json;
use storage::queue::Next;
use storage::{Role, Storage, StorageError};

use crate::support::{Bench, Open, bench, settings};

async fn reopened(bench: Bench) -> Bench {
    let Bench { storage, clock, workflow, endpoint_key, definition_key, folder } = bench;
    storage.close().await;
    drop(storage);
    let storage = Storage::open(settings(&folder), Role::Server, Arc::new(clock.clone())).await.unwrap();
    Bench { storage, clock, workflow, endpoint_key, definition_key, folder }
}

#[tokio::test]
async fn every_unfinished_run_is_handed_out_after_a_restart_with_what_it_had_achieved() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    for number in 0..3 {
        queue.accept(bench.event(json!({"number": number, "text": "x".repeat(1_000)}))).await.unwrap();
    }
    let claims = bench.claim_all().await;
    queue.record(claims[0].lease, bench.progress("a", json!(1)), Next::Continue).await.unwrap();
    bench.finish(&claims[2]).await;
    drop(queue);
    let bench = reopened(bench).await;
    let again = bench.claim_all().await;
    assert_eq!(again.iter().map(|claim| claim.run).collect::<Vec<_>>(), [claims[0].run, claims[1].run]);
    assert_eq!(again.iter().map(|claim| claim.steps.len()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(again[1].event.body["number"], json!(1));
    let late = bench.storage.queue().record(claims[0].lease, bench.progress("b", json!(1)), bench.end()).await;
    assert!(matches!(late, Err(StorageError::LeaseLost)), "a lease does not outlive its process");
}

#[tokio::test]
async fn a_parked_run_waits_on_after_a_restart() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let until = bench.storage.now().plus_ms(1_000);
    bench
        .storage
        .queue()
        .record(claim.lease, bench.progress("a", json!(1)), Next::Park { until: Some(until) })
        .await
        .unwrap();
    let bench = reopened(bench).await;
    assert!(bench.claim_all().await.is_empty());
    bench.clock.advance_ms(1_000);
    assert_eq!(bench.storage.queue().claim(1, &Open).await.unwrap().len(), 1);
    assert_eq!(bench.storage.run(claim.run).await.unwrap().status, RunStatus::Waiting);
}

#[tokio::test]
async fn two_servers_never_share_a_data_directory_but_a_command_may_work_beside_one() {
    let bench = bench().await;
    let second = Storage::open(settings(&bench.folder), Role::Server, Arc::new(bench.clock.clone())).await;
    assert!(matches!(second, Err(StorageError::DirectoryInUse { .. })));
    let tool = Storage::open(settings(&bench.folder), Role::Tool, Arc::new(bench.clock.clone())).await.unwrap();
    tool.create_workflow("From beside", &bench.workflow.draft, Vec::new()).await.unwrap();
    assert_eq!(bench.storage.count_workflows().await.unwrap(), 2);
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
}

#[tokio::test]
async fn a_newer_command_changes_the_schema_only_while_no_server_runs() {
    let bench = bench().await;
    let applied = "SELECT COUNT(*) FROM seaql_migrations";
    let all = bench.number(applied).await;
    // As a server of the version before would have it: the last change is not applied. What it makes is there nevertheless,
    // so a command that goes ahead all the same would fail otherwise than politely.
    bench.execute("DELETE FROM seaql_migrations WHERE version = (SELECT MAX(version) FROM seaql_migrations)").await;
    let open = async || Storage::open(settings(&bench.folder), Role::Tool, Arc::new(bench.clock.clone())).await;
    let refused = open().await.unwrap_err();
    assert!(matches!(refused, StorageError::SchemaOlder { .. }), "{refused}");
    assert!(refused.to_string().contains("stop the server"), "{refused}");
    assert_eq!(bench.number(applied).await, all - 1, "nothing was applied");
    bench.storage.queue().accept(bench.event(json!({}))).await.unwrap();
}

#[tokio::test]
async fn a_command_makes_a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let clock = model::clock::ManualClock::at(crate::support::START);
    let tool = Storage::open(settings(&folder), Role::Tool, Arc::new(clock)).await.unwrap();
    assert_eq!(tool.count_workflows().await.unwrap(), 0);
    assert_ne!(tool.schema_version().await.unwrap(), "none");
}
