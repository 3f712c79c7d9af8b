//! What was begun goes on after the process ended in the middle.

use engine::EngineSettings;
use model::{RunId, RunStatus, StepStatus};
use serde_json::json;

use crate::bench::{Bench, Sample, call, chain, patiently};
use crate::sink::{Reaction, Sink};

/// Three requests in a row, of which the second is held.
async fn three_calls() -> (Sink, serde_json::Value) {
    let sink = Sink::start(|received| match received.path() {
        "/second" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let nodes = ["first", "second", "third"].map(|id| call(id, &sink.url(&format!("/{id}"))));
    let definition = chain(&nodes);
    (sink, definition)
}

/// Works until the sink has this many requests, and stops there in the middle.
async fn work_until_requests(bench: &Bench, sink: &Sink, count: usize) {
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the request arrives", sink.wait_for(count)) => {}
    }
}

#[tokio::test]
async fn after_a_crash_finished_steps_are_not_repeated_and_the_cut_off_one_keeps_its_key() {
    let (sink, definition) = three_calls().await;
    let bench = Bench::open().await;
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    work_until_requests(&bench, &sink, 2).await;
    let before = bench.run(run).await;
    assert_eq!(before.status, RunStatus::Running, "the first step's outcome is on disk before the second acts");

    let bench = bench.crash().await;
    bench.clock.advance_ms(5_000);
    assert_eq!(bench.storage.queue().len(), 1);
    sink.release(2);
    bench.idle().await;

    assert_eq!(sink.paths(), ["/first", "/second", "/second", "/third"]);
    let keys: Vec<_> =
        sink.received().iter().map(|received| received.header("idempotency-key").unwrap().to_owned()).collect();
    assert_eq!(keys[1], keys[2]);
    assert!(keys[0] != keys[1] && keys[1] != keys[3]);
    let after = bench.run(run).await;
    assert_eq!((after.status, after.started_at), (RunStatus::Succeeded, before.started_at));
    let attempts: Vec<_> = bench.steps(run).await.values().map(|step| step.attempts).collect();
    assert_eq!(attempts, [1, 1, 1]);
}

#[tokio::test]
async fn an_attempt_that_was_recorded_as_running_when_it_was_cut_off_counts() {
    let (sink, definition) = three_calls().await;
    let bench = Bench::open().await;
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let shown = async {
        while bench.steps(run).await.get("second").is_none_or(|step| step.status != StepStatus::Running) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the step is shown as running", shown) => {}
    }

    let bench = bench.crash().await;
    sink.release(2);
    bench.idle().await;

    assert_eq!(sink.paths(), ["/first", "/second", "/second", "/third"]);
    let steps = bench.steps(run).await;
    assert_eq!((steps["second"].status, steps["second"].attempts), (StepStatus::Succeeded, 2));
    assert_eq!(steps["third"].attempts, 1);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn what_later_steps_see_of_earlier_ones_is_the_same_after_a_crash() {
    let sink = Sink::start(|received| match received.path() {
        "/first" => Reaction::json(200, &json!({"number": 9_007_199_254_740_993_i64})),
        _ => Reaction::fine_later(),
    })
    .await;
    let second = json!({"id": "second", "type": "http.request", "safe_to_repeat": true, "params": {
        "method": "POST", "url": sink.url("/second"),
        "body": {"number": "{{ $.steps.pick.number }}", "started": "{{ $.run.started_at }}", "sent": "{{ $.trigger.body }}"},
    }});
    let pick = json!({"id": "pick", "type": "set_fields", "params": {"fields": {"number": "{{ $.steps.first.body.number }}"}}});
    let bench = Bench::open().await;
    let workflow = bench.workflow(chain(&[call("first", &sink.url("/first")), pick, second])).await;
    let sample = Sample { body: json!({"big": 18_446_744_073_709_551_615_u64}), ..Sample::default() };
    bench.begin(&workflow, sample).await;
    work_until_requests(&bench, &sink, 2).await;

    let bench = bench.crash().await;
    bench.clock.advance_ms(60_000);
    sink.release(2);
    bench.idle().await;

    let bodies: Vec<_> = sink.received().iter().map(crate::sink::Received::text).collect();
    assert!(bodies[1].contains("9007199254740993") && bodies[1].contains("18446744073709551615"), "{}", bodies[1]);
    assert_eq!(bodies[1], bodies[2]);
}

#[tokio::test]
async fn a_parked_run_is_due_at_its_moment_also_after_a_crash() {
    let sink = Sink::start(|_| Reaction::json(503, &json!({}))).await;
    let mut failing = call("failing", &sink.url("/fails"));
    failing["retry"] = json!({"attempts": 3, "backoff": "fixed", "first_delay_ms": 60_000, "max_delay_ms": 60_000});
    let bench = Bench::open().await;
    let workflow = bench.workflow(chain(&[failing])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);

    let bench = bench.crash().await;
    bench.clock.advance_ms(59_999);
    bench.idle().await;
    assert_eq!(sink.received().len(), 1);
    bench.clock.advance_ms(1);
    bench.idle().await;
    assert_eq!(sink.received().len(), 2);
    let step = &bench.steps(run).await["failing"];
    assert_eq!((step.status, step.attempts), (StepStatus::Waiting, 2));
    assert_eq!(bench.attempts(run).await.len(), 2);
}

#[tokio::test]
async fn a_run_that_had_failed_when_it_was_cut_off_ends_as_it_would_have() {
    let sink = Sink::start(|received| match received.path() {
        "/slow" => Reaction::Never,
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let definition = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            call("slow", &sink.url("/slow")),
            call("quick", &sink.url("/quick")),
            {"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}},
        ],
        "edges": [{"from": "order", "to": "slow"}, {"from": "order", "to": "quick"}, {"from": "quick", "to": "stop"}],
    });
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let shown = async {
        let is = |step: Option<&storage::StepRecord>, status| step.is_some_and(|step| step.status == status);
        loop {
            let steps = bench.steps(run).await;
            if is(steps.get("stop"), StepStatus::Failed) && is(steps.get("slow"), StepStatus::Running) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the failure is on record", shown) => {}
    }

    let bench = bench.crash().await;
    bench.idle().await;
    let record = bench.run(run).await;
    assert_eq!(record.status, RunStatus::Failed);
    assert_eq!(record.error.unwrap()["error"]["message"], "No stock");
    let slow = &bench.steps(run).await["slow"];
    assert_eq!((slow.status, slow.attempts), (StepStatus::Failed, 1));
    assert!(slow.error.as_ref().unwrap().message.contains("cut off"), "{:?}", slow.error);
}

#[tokio::test]
async fn accepted_runs_that_nobody_began_are_all_done_after_a_crash() {
    let bench = Bench::open().await;
    let pick = json!({"id": "pick", "type": "set_fields", "params": {"fields": {"n": "{{ $.trigger.body }}"}}});
    let workflow = bench.workflow(chain(&[pick])).await;
    let mut runs: Vec<RunId> = Vec::new();
    for number in 0..20 {
        runs.push(bench.begin(&workflow, Sample { body: json!(number), ..Sample::default() }).await);
    }
    let bench = bench.crash().await;
    bench.idle().await;
    for (number, run) in runs.into_iter().enumerate() {
        assert_eq!(bench.status(run).await, RunStatus::Succeeded);
        assert_eq!(bench.steps(run).await["pick"].output, Some(json!({"n": number})));
    }
    assert!(bench.storage.queue().is_empty());
}

#[tokio::test]
async fn a_stopped_engine_lets_the_run_at_work_end_and_leaves_the_rest_to_be_resumed() {
    let sink = Sink::start(|received| match received.path() {
        "/quick" => Reaction::fine_later(),
        _ => Reaction::Never,
    })
    .await;
    let bench = Bench::open_with(EngineSettings { max_parallel_runs: 2, ..EngineSettings::default() }, || 1.0).await;
    let quick = bench.workflow(chain(&[call("quick", &sink.url("/quick"))])).await;
    let stuck = bench.workflow(chain(&[call("stuck", &sink.url("/stuck"))])).await;
    let ends = bench.begin(&quick, Sample::default()).await;
    let hangs = bench.begin(&stuck, Sample::default()).await;
    let waits = bench.begin(&quick, Sample::default()).await;
    let working = bench.work(1_500);
    patiently("both places are taken", sink.wait_for(2)).await;

    bench.engine.stop();
    sink.release(1);
    bench.wait_for_status(ends, RunStatus::Succeeded).await;
    assert!(!working.is_finished(), "one run is still at work within the grace time");
    patiently("the grace time is over", working).await.unwrap();

    assert_eq!(sink.received().len(), 2, "nothing new is begun after the stop");
    assert!(!bench.status(hangs).await.is_final());
    assert_eq!(bench.status(waits).await, RunStatus::Queued);
    assert_eq!(bench.crash().await.storage.queue().len(), 2);
}
