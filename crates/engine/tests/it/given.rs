//! Replays in which a person gives a step other input than it had.

use std::sync::atomic::{AtomicUsize, Ordering};

use engine::replay::{ReplayError, ReplayFrom, ReplayWish};
use model::{NodeId, RunId, RunStatus};
use serde_json::{Value, json};
use storage::queue::GivenParams;

use crate::bench::{Bench, Sample, call, chain, charge, each, patiently};
use crate::sink::{Reaction, Sink};

fn given(run: RunId, from: ReplayFrom, node: &str, params: Value) -> ReplayWish {
    let Value::Object(params) = params else { panic!("parameters have names") };
    ReplayWish { params: GivenParams::from([(NodeId::from(node), params)]), ..ReplayWish::new(run, from) }
}

/// A run whose step `b` was refused, with what it was sent computed from the event.
async fn refused(sink: &Sink, bench: &Bench) -> RunId {
    let mut b = call("b", &sink.url("/b"));
    b["params"]["body"] = json!({"note": "{{ $.trigger.body.note }}"});
    let workflow = bench.publish("Orders", chain(&[call("a", &sink.url("/a")), b, call("c", &sink.url("/c"))])).await;
    let run = bench.begin(&workflow, Sample { body: json!({"note": "wrong"}), ..Sample::default() }).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Dead);
    run
}

#[tokio::test]
async fn the_failed_step_is_given_other_input_which_counts_as_it_stands_over_retries_and_restarts() {
    let mended = AtomicUsize::new(0);
    let sink = Sink::start(move |received| match received.path() {
        "/b" if received.text().contains("wrong") => Reaction::json(400, &json!({})),
        "/b" => match mended.fetch_add(1, Ordering::SeqCst) {
            0 => Reaction::json(503, &json!({})),
            1 => Reaction::Never,
            _ => Reaction::fine(),
        },
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let run = refused(&sink, &bench).await;
    let known = bench.engine.input_of_step(run, &NodeId::from("b")).await.unwrap().unwrap();
    assert_eq!((&known["body"], &known["method"]), (&json!({"note": "wrong"}), &json!("POST")));

    let body = json!({"note": "{{ 1 + 1 }} as it stands"});
    let wish = given(run, ReplayFrom::FailedStep, "b", json!({"body": body}));
    let again = bench.engine.replay(wish).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(bench.status(again).await, RunStatus::Waiting, "it is tried again later");
    bench.clock.advance_ms(60_000);
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the second attempt arrives", sink.wait_for(4)) => {}
    }
    let bench = bench.crash().await;
    bench.idle().await;
    assert_eq!(bench.status(again).await, RunStatus::Succeeded);
    assert_eq!(sink.paths(), ["/a", "/b", "/b", "/b", "/b", "/c"]);
    for attempt in &sink.received()[2..5] {
        let sent: Value = serde_json::from_str(&attempt.text()).unwrap();
        assert_eq!(sent, body);
    }
    let shown = bench.engine.input_of_step(again, &NodeId::from("b")).await.unwrap().unwrap();
    assert_eq!(shown["body"], body, "whoever looks back sees what was given");
}

#[tokio::test]
async fn what_a_step_was_given_also_counts_when_it_is_done_again_after_a_doubt() {
    let sink = Sink::start(|received| match received.path() {
        "/mended" => Reaction::Break,
        "/right" => Reaction::fine(),
        _ => Reaction::json(400, &json!({})),
    })
    .await;
    let bench = Bench::open().await;
    let run = bench.run_through(chain(&[charge("charge", &sink.url("/wrong"))])).await.id;
    let wish = given(run, ReplayFrom::FailedStep, "charge", json!({"url": sink.url("/mended")}));
    let again = bench.engine.replay(wish).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(bench.run(again).await.error.unwrap()["error"]["code"], "in_doubt");
    let answer = engine::in_doubt::InDoubtAnswer::Again;
    assert!(bench.engine.answer_in_doubt(again, answer, None).await.unwrap());
    bench.idle().await;
    assert_eq!(sink.paths(), ["/wrong", "/mended", "/mended"]);
}

#[tokio::test]
async fn a_loop_that_is_given_other_items_walks_all_of_them() {
    let sink = Sink::start(|received| match received.path() {
        "/b" => Reaction::json(400, &json!({})),
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let inside = call("call", &sink.url("/{{ $.item }}"));
    let workflow = bench.publish("Orders", each(json!({}), &[inside])).await;
    let run = bench.begin(&workflow, Sample { body: json!(["a", "b"]), ..Sample::default() }).await;
    bench.idle().await;
    let wish = given(run, ReplayFrom::FailedStep, "each", json!({"items": ["x", "y", "z"]}));
    let again = bench.engine.replay(wish).await.unwrap().run.unwrap();
    bench.idle().await;
    assert_eq!(sink.paths(), ["/a", "/b", "/x", "/y", "/z"]);
    assert_eq!(bench.status(again).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn only_steps_that_are_done_again_can_be_given_what_their_types_know() {
    let sink = Sink::start(|received| match received.path() {
        "/b" => Reaction::json(400, &json!({})),
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let run = refused(&sink, &bench).await;
    let failed = |node: &str, params: Value| given(run, ReplayFrom::FailedStep, node, params);
    for node in ["a", "order", "nowhere"] {
        let error = bench.engine.replay(failed(node, json!({"url": "http://127.0.0.1:9"}))).await.unwrap_err();
        assert!(matches!(&error, ReplayError::NotDoneAgain(id) if id.as_str() == node), "{node}: {error}");
    }
    let error = bench.engine.replay(failed("b", json!({"address": "x"}))).await.unwrap_err();
    assert!(matches!(&error, ReplayError::NoSuchParameter(_, name) if name == "address"), "{error}");
    bench.idle().await;
    assert_eq!(sink.paths(), ["/a", "/b"], "nothing was begun");
    let from_start = given(run, ReplayFrom::Start, "a", json!({"url": sink.url("/other")}));
    bench.engine.replay(from_start).await.unwrap();
    bench.idle().await;
    assert_eq!(sink.paths()[2..], ["/other", "/b"]);
}
