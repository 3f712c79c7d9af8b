//! Steps that wait for a signal, and runs that call others.

use model::{NodeId, RunId, RunStatus, StepStatus};
use serde_json::{Value, json};
use storage::queue::{RunMode, SignalOutcome};

use crate::bench::{Bench, Sample, chain, patiently};
use crate::sink::{Reaction, Sink};

fn ask(id: &str) -> Value {
    json!({"id": id, "type": "wait", "params": {"mode": "approval"}})
}

/// A workflow that asks and goes on along the answer.
fn asking() -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"}, ask("ask"),
            {"id": "yes", "type": "set_fields", "params": {"fields": {"by": "{{ $.steps.ask.by }}"}}},
            {"id": "no", "type": "set_fields", "params": {"fields": {"no": true}}},
        ],
        "edges": [{"from": "order", "to": "ask"}, {"from": "ask", "port": "approved", "to": "yes"},
            {"from": "ask", "port": "rejected", "to": "no"}],
    })
}

async fn answer(bench: &Bench, run: RunId, node: &str, value: Value) -> SignalOutcome {
    bench.storage.queue().signal(run, &NodeId::from(node), "", value).await.unwrap()
}

#[tokio::test]
async fn a_run_goes_on_when_a_person_answers_also_after_a_crash_and_the_first_answer_counts() {
    let bench = Bench::open().await;
    let workflow = bench.workflow(asking()).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);
    let bench = bench.crash().await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);

    let yes = json!({"approved": true, "by": "ada", "comment": ""});
    assert_eq!(answer(&bench, run, "ask", yes).await, SignalOutcome::Stored);
    assert_eq!(answer(&bench, run, "ask", json!({"approved": false})).await, SignalOutcome::AlreadyThere);
    let bench = bench.crash().await;
    bench.idle().await;
    let steps = bench.steps(run).await;
    assert_eq!((bench.status(run).await, steps["ask"].port.as_deref()), (RunStatus::Succeeded, Some("approved")));
    assert_eq!(steps["yes"].output, Some(json!({"by": "ada"})));
    assert!(!steps.contains_key("no"));
    assert_eq!(answer(&bench, run, "ask", json!({"approved": false})).await, SignalOutcome::RunOver);
}

#[tokio::test]
async fn an_answer_that_comes_before_the_question_is_not_lost() {
    let sink = Sink::start(|_| Reaction::fine_later()).await;
    let bench = Bench::open().await;
    let first = json!({"id": "first", "type": "http.request", "params": {"method": "GET", "url": sink.url("/")}});
    let mut definition = chain(&[first, ask("ask")]);
    definition["nodes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "yes", "type": "set_fields", "params": {"fields": {}}}));
    definition["edges"].as_array_mut().unwrap().push(json!({"from": "ask", "port": "approved", "to": "yes"}));
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let early = async {
        patiently("the first step is under way", sink.wait_for(1)).await;
        assert_eq!(answer(&bench, run, "ask", json!({"approved": true})).await, SignalOutcome::Stored);
        sink.release(1);
    };
    tokio::join!(bench.idle(), early);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    assert_eq!(bench.steps(run).await["ask"].port.as_deref(), Some("approved"));
}

#[tokio::test]
async fn the_addresses_of_a_waiting_step_carry_a_token_of_their_own() {
    let bench = Bench::open().await;
    let tell = json!({"id": "tell", "type": "set_fields", "params": {"fields": {"at": "{{ $.run.links.ask }}"}}});
    let workflow = bench.workflow(chain(&[tell, ask("ask")])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let links = bench.steps(run).await["tell"].output.clone().unwrap()["at"].clone();
    let token = bench.engine.link_token(run, "ask");
    assert_eq!(token.len(), 32);
    assert_eq!(links["callback"], format!("http://localhost/hooks/v1/resume/{run}/ask/{token}"));
    assert_eq!(links["approve"], format!("http://localhost/approve/{run}/ask/{token}"));
    assert_ne!(token, bench.engine.link_token(run, "ask@1"));
    assert_ne!(token, bench.engine.link_token(RunId::generate(), "ask"));
}

fn calling(workflow: model::WorkflowId, wait: bool) -> Value {
    let call = json!({"id": "call", "type": "call_workflow",
        "params": {"workflow": workflow, "input": {"n": "{{ $.trigger.body.n }}"}, "wait": wait}});
    let after =
        json!({"id": "after", "type": "set_fields", "params": {"fields": {"got": "{{ $.steps.call.output.double }}"}}});
    chain(&[call, after])
}

#[tokio::test]
async fn a_called_workflow_gives_its_last_output_back_and_runs_once_whatever_crashes() {
    let bench = Bench::open().await;
    let double = json!({"id": "d", "type": "set_fields", "params": {"fields": {"double": "{{ trigger.body.n * 2 }}"}}});
    let pause = json!({"id": "pause", "type": "wait", "params": {"mode": "duration", "duration": {"amount": 1, "unit": "minutes"}}});
    let called = bench.publish("Doubles", chain(&[pause, double])).await;
    let workflow = bench.workflow(calling(called.id, true)).await;
    let run = bench.begin(&workflow, Sample { body: json!({"n": 21}), ..Sample::default() }).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);
    let child = bench.latest(&called).await.unwrap();
    assert_eq!((child.mode, child.status), (RunMode::Call, RunStatus::Waiting));

    let bench = bench.crash().await;
    bench.clock.advance_ms(60_000);
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    let steps = bench.steps(run).await;
    assert_eq!(steps["after"].output, Some(json!({"got": 42})));
    assert_eq!(steps["call"].output.as_ref().unwrap()["run"], json!(child.id));
    assert_eq!(bench.latest(&called).await.unwrap().id, child.id, "there is no second run");
}

#[tokio::test]
async fn nobody_waits_for_a_workflow_that_is_called_without_waiting() {
    let bench = Bench::open().await;
    let called = bench.publish("Waits", asking()).await;
    let workflow = bench.workflow(calling(called.id, false)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    assert_eq!(bench.latest(&called).await.unwrap().status, RunStatus::Waiting);
}

#[tokio::test]
async fn a_called_workflow_that_fails_fails_the_step_that_called_it() {
    let bench = Bench::open().await;
    let stop = json!({"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}});
    let called = bench.publish("Stops", chain(&[stop])).await;
    let workflow = bench.workflow(calling(called.id, true)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let error = bench.run(run).await.error.unwrap();
    assert_eq!(error["error"]["code"], "called");
    assert!(error["error"]["message"].as_str().unwrap().contains("No stock"), "{error}");
}

#[tokio::test]
async fn a_paused_workflow_cannot_be_called_and_the_error_says_so() {
    let bench = Bench::open().await;
    let called = bench.publish("Asks", asking()).await;
    bench.storage.set_workflow_active(called.id, false).await.unwrap();
    let workflow = bench.workflow(calling(called.id, true)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let error = bench.run(run).await.error.unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("it is paused"), "{error}");
}

#[tokio::test]
async fn a_workflow_that_calls_itself_without_an_end_is_stopped() {
    let bench = Bench::open().await;
    let record = bench.publish("Calls itself", chain(&[])).await;
    let mut draft: model::Definition = serde_json::from_value(calling(record.id, true)).unwrap();
    draft.settings.max_parallel_runs = 50;
    let stored = bench.storage.workflow(record.id).await.unwrap();
    let stored =
        bench.storage.update_workflow(record.id, stored.revision, None, Some(draft), Vec::new()).await.unwrap();
    bench.storage.publish_workflow(record.id, stored.revision, None).await.unwrap();
    let workflow = bench.workflow(calling(record.id, true)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Dead);
    assert!(bench.storage.queue().is_empty());
}

#[tokio::test]
async fn cancel_ends_the_called_run_too() {
    let bench = Bench::open().await;
    let called = bench.publish("Asks", asking()).await;
    let workflow = bench.workflow(calling(called.id, true)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert!(bench.engine.cancel(run).await.unwrap());
    assert_eq!(bench.latest(&called).await.unwrap().status, RunStatus::Cancelled);
    assert!(bench.steps(run).await.values().all(|step| step.status == StepStatus::Failed));
    bench.idle().await;
    assert!(bench.storage.queue().is_empty());
}

#[tokio::test]
async fn runs_that_wait_hold_no_place() {
    let settings = engine::EngineSettings { max_parallel_runs: 2, ..engine::EngineSettings::default() };
    let bench = Bench::open_with(settings, || 1.0).await;
    let mut definition = asking();
    definition["settings"] = json!({"max_parallel_runs": 1});
    let workflow = bench.workflow(definition).await;
    let mut runs = Vec::new();
    for _ in 0..7 {
        runs.push(bench.begin(&workflow, Sample::default()).await);
    }
    let working = bench.work(0);
    for run in &runs {
        bench.wait_for_status(*run, RunStatus::Waiting).await;
    }
    assert_eq!(bench.storage.queue().len(), 7, "all of them wait at the same time");
    let quick = bench.workflow(chain(&[])).await;
    let other = bench.begin(&quick, Sample::default()).await;
    bench.wait_for_status(other, RunStatus::Succeeded).await;
    answer(&bench, runs[3], "ask", json!({"approved": true, "by": "ada"})).await;
    bench.wait_for_status(runs[3], RunStatus::Succeeded).await;
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}
