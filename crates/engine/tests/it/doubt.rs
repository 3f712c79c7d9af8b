//! What must not be done twice: written down before it is done, and left to a person when nobody knows what became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::EngineSettings;
use engine::in_doubt::InDoubtAnswer;
use engine::replay::{ReplayError, ReplayFrom, ReplayWish};
use model::{AttemptStatus, NodeId, RunId, RunStatus, StepStatus};
use serde_json::{Value, json};

use crate::bench::{Bench, Sample, chain, charge, each, patiently};
use crate::sink::{Reaction, Sink};

/// A run that is cut off while a request that must not be sent twice is under way, and what the sink saw of it.
async fn cut_off() -> (Sink, Bench, RunId) {
    let sink = Sink::start(|_| Reaction::fine_later()).await;
    let bench = Bench::open().await;
    let after = json!({"id": "after", "type": "set_fields", "params": {"fields": {"ref": "{{ $.steps.charge }}"}}});
    let workflow = bench.workflow(chain(&[charge("charge", &sink.url("/charge")), after])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the request arrives", sink.wait_for(1)) => {}
    }
    let bench = bench.crash().await;
    bench.idle().await;
    (sink, bench, run)
}

#[tokio::test]
async fn a_cut_off_request_that_must_not_be_sent_twice_is_not_sent_again_but_shown_to_a_person() {
    let (sink, bench, run) = cut_off().await;
    assert_eq!(sink.paths(), ["/charge"]);
    let record = bench.run(run).await;
    assert_eq!(record.status, RunStatus::Dead);
    let error = record.error.unwrap();
    assert_eq!((error["node"].as_str(), error["error"]["code"].as_str()), (Some("charge"), Some("in_doubt")));
    let attempts = bench.attempts(run).await;
    assert_eq!((attempts.len(), attempts[0].status), (1, AttemptStatus::InDoubt));
    let request = &attempts[0].exchanges[0]["request"];
    assert_eq!((request["method"].as_str(), request["body"].clone()), (Some("POST"), json!({"from": "charge"})));
    assert!(request["url"].as_str().unwrap().ends_with("/charge"), "{request}");
}

#[tokio::test]
async fn it_happened_lets_the_run_go_on_with_what_the_person_entered() {
    let (sink, bench, run) = cut_off().await;
    bench.clock.advance_ms(100_000_000);
    let answer = InDoubtAnswer::Happened { output: json!({"id": 77}), port: None };
    assert!(bench.engine.answer_in_doubt(run, answer.clone(), Some("ada".to_owned())).await.unwrap());
    assert!(!bench.engine.answer_in_doubt(run, answer, None).await.unwrap(), "it was answered already");
    bench.idle().await;
    assert_eq!((sink.received().len(), bench.status(run).await), (1, RunStatus::Succeeded));
    assert_eq!(bench.steps(run).await["after"].output, Some(json!({"ref": {"id": 77}})));
}

#[tokio::test]
async fn do_it_again_sends_the_same_request_under_the_same_key() {
    let (sink, bench, run) = cut_off().await;
    bench.clock.advance_ms(100_000_000);
    assert!(bench.engine.answer_in_doubt(run, InDoubtAnswer::Again, None).await.unwrap());
    sink.release(2);
    bench.idle().await;
    assert_eq!((sink.received().len(), bench.status(run).await), (2, RunStatus::Succeeded));
    let keys: Vec<_> =
        sink.received().iter().map(|received| received.header("idempotency-key").unwrap().to_owned()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(bench.steps(run).await["charge"].attempts, 2);
}

#[tokio::test]
async fn a_request_that_was_answered_is_never_in_doubt_and_its_intent_is_gone() {
    let sink = Sink::start(|received| match received.path() {
        "/slow" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let slow = json!({"id": "slow", "type": "http.request", "params": {"method": "GET", "url": sink.url("/slow")}});
    let workflow = bench.workflow(chain(&[charge("charge", &sink.url("/charge")), slow])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the second request arrives", sink.wait_for(2)) => {}
    }
    assert_eq!(bench.steps(run).await["charge"].state, None);
    let bench = bench.crash().await;
    sink.release(2);
    bench.idle().await;
    assert_eq!(sink.paths(), ["/charge", "/slow", "/slow"]);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_request_in_a_turn_that_is_in_doubt_stops_the_run_and_the_other_turns_go_on_after_the_answer() {
    let sink = Sink::start(|received| match received.path() {
        "/1" => Reaction::Break,
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let call = charge("charge", &sink.url("/{{ $.index }}"));
    let workflow = bench.workflow(each(json!({"on_failure": "continue"}), &[call])).await;
    let run = bench.begin(&workflow, Sample { body: json!(["a", "b", "c"]), ..Sample::default() }).await;
    bench.idle().await;
    assert_eq!(sink.paths(), ["/0", "/1"]);
    let record = bench.run(run).await;
    assert_eq!(record.status, RunStatus::Dead);
    assert_eq!(record.error.as_ref().unwrap()["iteration"], "1");
    let steps = bench.steps(run).await;
    assert_eq!((steps["each"].status, steps["each@1"].status), (StepStatus::Running, StepStatus::Running));

    let answer = InDoubtAnswer::Happened { output: json!("by hand"), port: None };
    assert!(bench.engine.answer_in_doubt(run, answer, None).await.unwrap());
    bench.idle().await;
    assert_eq!(sink.paths(), ["/0", "/1", "/2"]);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    let output = bench.steps(run).await["each"].output.clone().unwrap();
    assert_eq!((output["succeeded"].clone(), output["items"][1].clone()), (json!(3), json!("by hand")));
}

#[tokio::test]
async fn a_persons_word_that_a_request_may_be_repeated_counts() {
    let sink = Sink::start(|_| Reaction::Break).await;
    let bench = Bench::open().await;
    for (safe, status) in [(Value::Null, RunStatus::Dead), (json!(true), RunStatus::Waiting)] {
        let mut node = charge("charge", &sink.url("/"));
        node["safe_to_repeat"] = safe;
        let run = bench.run_through(chain(&[node])).await;
        assert_eq!(run.status, status);
    }
    let mut get = charge("charge", &sink.url("/"));
    get["params"]["method"] = json!("GET");
    get["safe_to_repeat"] = json!(false);
    let run = bench.run_through(chain(&[get])).await;
    assert_eq!(run.error.unwrap()["error"]["code"], "in_doubt");
}

#[tokio::test]
async fn what_is_in_doubt_is_not_replayed_but_from_the_start_and_only_by_an_explicit_wish() {
    let (sink, bench, run) = cut_off().await;
    let wish = |from, although_in_doubt| ReplayWish { although_in_doubt, ..ReplayWish::new(run, from) };
    let after = || ReplayFrom::Node(NodeId::from("after"));
    for (from, although) in [
        (ReplayFrom::FailedStep, false),
        (ReplayFrom::FailedStep, true),
        (after(), false),
        (after(), true),
        (ReplayFrom::Start, false),
    ] {
        let refused = bench.engine.replay(wish(from.clone(), although)).await.unwrap_err();
        assert!(matches!(&refused, ReplayError::InDoubt(node) if node.as_str() == "charge"), "{from:?}: {refused}");
    }
    bench.idle().await;
    assert_eq!(sink.received().len(), 1, "nothing was sent a second time");
    sink.release(2);
    let again = bench.engine.replay(wish(ReplayFrom::Start, true)).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!((bench.status(again).await, sink.received().len()), (RunStatus::Succeeded, 2));
}

#[tokio::test]
async fn a_run_that_goes_on_after_a_doubt_stands_in_line_with_its_like_again() {
    let sink = Sink::start(|received| match received.path() {
        "/first" => Reaction::Break,
        _ => Reaction::fine_later(),
    })
    .await;
    let bench = Bench::open().await;
    let mut definition = chain(&[charge("charge", &sink.url("/{{ $.trigger.body.path }}"))]);
    definition["settings"] = json!({"order_by": "{{ $.trigger.body.customer }}"});
    let workflow = bench.workflow(definition).await;
    let of = |path: &str| Sample { body: json!({"customer": 7, "path": path}), ..Sample::default() };
    let doubtful = bench.begin_in_order(&workflow, of("first")).await;
    let next = bench.begin_in_order(&workflow, of("next")).await;
    let working = bench.work(0);
    patiently("the next one is at work", sink.wait_for(2)).await;
    let answer = InDoubtAnswer::Happened { output: Value::Null, port: None };
    assert!(bench.engine.answer_in_doubt(doubtful, answer, None).await.unwrap());
    // Whatever is due is at work once this run of another customer is.
    let other = Sample { body: json!({"customer": 8, "path": "other"}), ..Sample::default() };
    bench.begin_in_order(&workflow, other).await;
    patiently("the other customer's is at work", sink.wait_for(3)).await;
    assert_eq!(bench.status(doubtful).await, RunStatus::Running, "it waits until its customer's next one is over");
    sink.release(2);
    bench.wait_for_status(next, RunStatus::Succeeded).await;
    bench.wait_for_status(doubtful, RunStatus::Succeeded).await;
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test]
async fn a_panic_after_something_was_sent_that_must_not_be_sent_twice_leaves_it_to_a_person() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let broken = Arc::new(AtomicBool::new(true));
    let chance = move || {
        assert!(!broken.swap(false, Ordering::SeqCst), "a fault on purpose");
        1.0
    };
    let bench = Bench::open_with(EngineSettings::default(), chance).await;
    let workflow = bench.workflow(chain(&[charge("charge", &sink.url("/charge"))])).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    let error = bench.run(run).await.error.unwrap();
    assert_eq!((error["node"].as_str(), error["error"]["code"].as_str()), (Some("charge"), Some("in_doubt")));
    assert_eq!(bench.attempts(run).await[0].status, AttemptStatus::InDoubt);
    let answer = InDoubtAnswer::Happened { output: json!(1), port: None };
    assert!(bench.engine.answer_in_doubt(run, answer, None).await.unwrap());
    bench.idle().await;
    assert_eq!((bench.status(run).await, sink.received().len()), (RunStatus::Succeeded, 1));
}
