//! Runs under way: cancelled, taken away, watched, and brought down by a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::EngineSettings;
use engine::live::{Answer, News};
use model::{RunId, RunStatus, StepStatus};
use serde_json::{Value, json};

use crate::bench::{Bench, Sample, call, chain, patiently};
use crate::sink::{Reaction, Sink};

#[tokio::test]
async fn cancel_ends_a_run_in_the_middle_of_a_slow_call_and_frees_its_place() {
    let sink = Sink::start(|_| Reaction::Never).await;
    let bench = Bench::open().await;
    let mut definition = chain(&[call("slow", &sink.url("/slow"))]);
    definition["settings"] = json!({"max_parallel_runs": 1});
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let next = bench.begin(&workflow, Sample::default()).await;
    let mut watch = bench.engine.live().watch(run);
    let working = bench.work(0);
    patiently("the call is under way", sink.wait_for(1)).await;

    assert!(bench.engine.cancel(run).await.unwrap());
    let answer = patiently("the watcher is told", watch.next()).await.unwrap();
    assert_eq!(answer, Answer::Finished { status: RunStatus::Cancelled, output: Value::Null, error: None });
    assert_eq!(bench.status(run).await, RunStatus::Cancelled);
    patiently("the next run has the place", sink.wait_for(2)).await;
    assert!(!bench.engine.cancel(run).await.unwrap(), "it has ended already");
    assert!(bench.engine.cancel(next).await.unwrap());
    assert!(bench.storage.queue().is_empty());
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test]
async fn a_run_that_waits_is_cancelled_and_never_goes_on() {
    let sink = Sink::start(|_| Reaction::json(503, &json!({}))).await;
    let bench = Bench::open().await;
    let workflow = bench.workflow(chain(&[call("failing", &sink.url("/"))])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert!(bench.engine.cancel(run).await.unwrap());
    bench.clock.advance_ms(3_600_000);
    bench.idle().await;
    assert_eq!((sink.received().len(), bench.status(run).await), (1, RunStatus::Cancelled));
}

#[tokio::test]
async fn who_lost_the_lease_writes_nothing_and_does_not_go_on() {
    let sink = Sink::start(|received| match received.path() {
        "/second" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let nodes = ["first", "second", "third"].map(|id| call(id, &sink.url(&format!("/{id}"))));
    let bench = Bench::open().await;
    let workflow = bench.workflow(chain(&nodes)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let taken_away = async {
        sink.wait_for(2).await;
        // Past the engine, as another process or a later holder would.
        assert_eq!(bench.storage.queue().cancel(run).await.unwrap(), [run]);
        sink.release(1);
    };
    patiently("the worker gives up", async { tokio::join!(bench.engine.run_until_idle(), taken_away) }).await;

    assert_eq!(sink.paths(), ["/first", "/second"]);
    let steps = bench.steps(run).await;
    let kept: Vec<_> = steps.values().map(|step| (step.node.as_str(), step.status)).collect();
    assert_eq!(kept, [("first", StepStatus::Succeeded)]);
    assert_eq!(bench.attempts(run).await.len(), 1);
    assert_eq!(bench.status(run).await, RunStatus::Cancelled);
}

#[tokio::test]
async fn who_watches_a_run_is_answered_before_it_is_over_and_told_how_it_ended() {
    let sink = Sink::start(|_| Reaction::fine_later()).await;
    let bench = Bench::open().await;
    let respond = json!({"id": "answer", "type": "respond", "params": {"status": 201, "body": "{{ $.trigger.body }}"}});
    let last = json!({"id": "last", "type": "set_fields", "params": {"fields": {"done": true}}});
    let workflow = bench.workflow(chain(&[respond, call("slow", &sink.url("/slow")), last])).await;
    let run = RunId::generate();
    let mut watch = bench.engine.live().watch(run);
    let mut news = bench.engine.live().follow();
    bench.begin_as(run, &workflow, Sample { body: json!({"id": 3}), ..Sample::default() }).await;
    let watched = async {
        let first = watch.next().await.unwrap();
        let unfinished = !bench.status(run).await.is_final();
        sink.release(1);
        (first, unfinished, watch.next().await.unwrap())
    };
    let ((), (first, unfinished, second)) =
        patiently("both answers are there", async { tokio::join!(bench.engine.run_until_idle(), watched) }).await;

    assert_eq!(first, Answer::Responded(json!({"status": 201, "headers": {}, "body": {"id": 3}})));
    assert!(unfinished);
    let output = json!({"done": true});
    assert_eq!(second, Answer::Finished { status: RunStatus::Succeeded, output, error: None });
    let mut told = Vec::new();
    while let Ok(news) = news.try_recv() {
        told.push(match news {
            News::Run { status, .. } => format!("run {status}"),
            News::Step { node, status, .. } => format!("{node} {status}"),
            News::Event { .. } => "event".to_owned(),
        });
    }
    let expected = [
        "run running",
        "answer running",
        "answer succeeded",
        "slow running",
        "slow succeeded",
        "last running",
        "last succeeded",
        "run succeeded",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn who_watches_a_run_learns_that_it_waits_and_why_it_died() {
    let sink = Sink::start(|_| Reaction::json(503, &json!({}))).await;
    let bench = Bench::open().await;
    let mut failing = call("failing", &sink.url("/"));
    failing["retry"] = json!({"attempts": 2, "backoff": "fixed", "first_delay_ms": 1_000, "max_delay_ms": 1_000});
    let workflow = bench.workflow(chain(&[failing])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let mut watch = bench.engine.live().watch(run);
    bench.idle().await;
    assert_eq!(patiently("it waits", watch.next()).await, Some(Answer::Waiting));
    bench.clock.advance_ms(1_000);
    bench.idle().await;
    let answer = patiently("it is dead", watch.next()).await.unwrap();
    let Answer::Finished { status: RunStatus::Dead, error: Some(error), .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((&error["node"], &error["error"]["code"]), (&json!("failing"), &json!("http_status")));
}

#[tokio::test]
async fn a_panic_ends_only_its_own_run_visibly() {
    let broken = Arc::new(AtomicBool::new(true));
    let first_only = broken.clone();
    // Chance is asked while an attempt is concluded, so a fault there strikes in the middle of a run.
    let chance = move || {
        assert!(!first_only.swap(false, Ordering::SeqCst), "a fault on purpose");
        1.0
    };
    let bench = Bench::open_with(EngineSettings::default(), chance).await;
    let pick = json!({"id": "pick", "type": "set_fields", "params": {"fields": {"a": 1}}});
    let workflow = bench.workflow(chain(&[pick])).await;
    let runs = [bench.begin(&workflow, Sample::default()).await, bench.begin(&workflow, Sample::default()).await];
    let mut watch = bench.engine.live().watch(runs[0]);
    bench.idle().await;

    let record = bench.run(runs[0]).await;
    assert_eq!(record.status, RunStatus::Dead);
    assert_eq!(record.error.unwrap()["error"]["code"], "internal");
    assert_eq!(bench.status(runs[1]).await, RunStatus::Succeeded);
    assert!(bench.storage.queue().is_empty());
    let answer = patiently("the watcher is told", watch.next()).await;
    assert!(matches!(answer, Some(Answer::Finished { status: RunStatus::Dead, .. })), "{answer:?}");
}
