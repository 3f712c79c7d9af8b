//! Runs that take the process down: set aside after the third time, and the others go on.

use std::sync::Arc;

use model::{NodeError, RunStatus, StepStatus};
use nodes::manifest::NodeType;
use nodes::{Catalogue, Input, Node, Outcome};
use serde_json::json;
use storage::RunFilter;

use crate::bench::{Bench, Folder, Sample, chain};
use crate::child;

/// A node that ends the process in the middle of its computation.
struct Poison(NodeType);

impl Node for Poison {
    fn node_type(&self) -> &NodeType {
        &self.0
    }

    fn start(&self, _: &Input<'_>) -> Result<Outcome, NodeError> {
        std::process::abort();
    }
}

fn catalogue() -> Catalogue {
    let manifest = json!({
        "name": "poison", "kind": "data", "title": {"en": "Poison", "de": "Gift"},
        "description": {"en": "Ends the process.", "de": "Beendet den Prozess."},
        "parameters": [], "ports": [{"name": "out", "title": {"en": "Next", "de": "Weiter"}}], "safe_to_repeat": true,
    });
    Catalogue::load(&[]).unwrap().with(Arc::new(Poison(serde_json::from_value(manifest).unwrap())))
}

#[test]
fn a_run_that_takes_the_process_down_three_times_is_set_aside_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let test = "poison::works_in_a_process_that_it_takes_down";
    for time in 1..=3 {
        assert_eq!(child::run(test, folder.path()).code(), None, "time {time}: the process died");
    }
    assert!(child::run(test, folder.path()).success(), "the fourth process sets the run aside");
}

#[tokio::test]
#[ignore = "takes its process down; it is started by the test above"]
async fn works_in_a_process_that_it_takes_down() {
    let data = std::env::current_dir().unwrap().join("data");
    let is_first = !data.exists();
    let bench = Bench::in_folder(Folder::kept(data), catalogue()).await;
    if is_first {
        let poisoned = bench.workflow(chain(&[json!({"id": "poison", "type": "poison"})])).await;
        let healthy =
            bench.workflow(chain(&[json!({"id": "fine", "type": "set_fields", "params": {"fields": {}}})])).await;
        bench.begin(&poisoned, Sample::default()).await;
        bench.begin(&healthy, Sample::default()).await;
    }
    bench.idle().await;
    // Only the process that sets the run aside comes this far.
    let runs = bench.storage.runs(&RunFilter { limit: 10, ..RunFilter::default() }).await.unwrap();
    let statuses: Vec<_> = runs.iter().rev().map(|run| run.status).collect();
    assert_eq!(statuses, [RunStatus::Dead, RunStatus::Succeeded]);
    let error = runs[1].error.as_ref().unwrap();
    assert_eq!(error["error"]["code"], "crashed");
    assert!(error["error"]["message"].as_str().unwrap().contains("died 3 times"), "{error}");
}

#[test]
fn a_run_that_cannot_even_be_read_is_set_aside_unread() {
    let folder = tempfile::tempdir().unwrap();
    let test = "poison::reads_a_run_in_a_process_that_it_takes_down";
    for time in 1..=4 {
        assert_eq!(child::run(test, folder.path()).code(), None, "time {time}: the process died");
    }
    assert!(child::run(test, folder.path()).success(), "the fifth process sets the run aside");
}

#[tokio::test]
#[ignore = "takes its process down; it is started by the test above"]
async fn reads_a_run_in_a_process_that_it_takes_down() {
    let data = std::env::current_dir().unwrap().join("data");
    let is_first = !data.exists();
    let bench = Bench::in_folder(Folder::kept(data), catalogue()).await;
    if is_first {
        let pause = json!({"id": "pause", "type": "wait", "params": {"duration": {"amount": 1, "unit": "minutes"}}});
        let workflow = bench.workflow(chain(&[pause])).await;
        bench.begin(&workflow, Sample::default()).await;
        bench.idle().await;
    }
    // From here on the process ends as soon as a run that has waited is read again.
    storage::crash_points::arm("after-resume").unwrap();
    bench.clock.advance_ms(60_000);
    bench.idle().await;
    // Only the process that sets the run aside comes this far.
    let run = bench.storage.runs(&RunFilter { limit: 1, ..RunFilter::default() }).await.unwrap().remove(0);
    assert_eq!(run.status, RunStatus::Dead);
    let error = run.error.as_ref().unwrap();
    assert_eq!(error["error"]["code"], "crashed");
    assert!(error["error"]["message"].as_str().unwrap().contains("set aside unread"), "{error}");
    assert_eq!(bench.steps(run.id).await["pause"].status, StepStatus::Failed);
    let letter = bench.storage.dead_letter(run.key).await.unwrap().unwrap();
    assert_eq!(letter.reason, storage::DeadLetterReason::Crashed);
}
