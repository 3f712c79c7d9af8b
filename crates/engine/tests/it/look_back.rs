//! Asking the other side what became of a step in doubt.

use engine::look_back::{FetchError, Fetched};
use model::{ErrorCode, RunId, RunStatus};
use serde_json::{Value, json};

use crate::bench::{Bench, Sample, chain, charge, each};
use crate::sink::{Reaction, Sink};

/// Takes a charge without a word, and knows it afterwards.
async fn silent_bank() -> Sink {
    Sink::start(|received| match (received.path(), received.method()) {
        ("/charges", "POST") => Reaction::Break,
        ("/charges/77", "GET") => Reaction::json(200, &json!({"id": 77})),
        _ => Reaction::json(404, &json!({"error": "unknown"})),
    })
    .await
}

async fn ask(bench: &Bench, run: RunId, url: String) -> Result<Fetched, FetchError> {
    bench.engine.fetch_result(run, url, 5_000).await
}

#[tokio::test]
async fn the_result_is_fetched_in_the_shape_that_the_step_gives_it_and_nothing_is_decided() {
    let sink = silent_bank().await;
    let bench = Bench::open().await;
    let run = bench.run_through(chain(&[charge("charge", &sink.url("/charges"))])).await;
    let fetched = ask(&bench, run.id, sink.url("/charges/77")).await.unwrap();
    assert_eq!(fetched.port, "out");
    assert_eq!((&fetched.output["status"], &fetched.output["body"]), (&json!(200), &json!({"id": 77})));
    let asked = sink.received().pop().unwrap();
    assert_eq!((asked.method(), asked.header("idempotency-key"), asked.text()), ("GET", None, String::new()));
    assert_eq!(bench.status(run.id).await, RunStatus::Dead);
    let step = bench.engine.step_in_doubt(&bench.run(run.id).await).await.unwrap();
    assert!(step.is_some(), "it is as much in doubt as before");
}

#[tokio::test]
async fn a_connector_makes_of_what_is_fetched_what_it_makes_of_an_answer() {
    let sink = silent_bank().await;
    let bench = Bench::open().await;
    let mut webhook = json!({"id": "tell", "type": "http.webhook", "safe_to_repeat": false});
    webhook["params"] = json!({"url": sink.url("/charges"), "type": "order.paid", "data": {}});
    let run = bench.run_through(chain(&[webhook])).await;
    let fetched = ask(&bench, run.id, sink.url("/charges/77")).await.unwrap();
    assert_eq!(fetched.output, json!({"status": 200, "body": {"id": 77}}), "only what this step gives, no headers");
}

#[tokio::test]
async fn in_a_turn_the_whole_answer_is_the_result() {
    let sink = silent_bank().await;
    let bench = Bench::open().await;
    let charge = charge("charge", &sink.url("/charges"));
    let workflow = bench.workflow(each(json!({}), &[charge])).await;
    let run = bench.begin(&workflow, Sample { body: json!([1]), ..Sample::default() }).await;
    bench.idle().await;
    let fetched = ask(&bench, run, sink.url("/charges/77")).await.unwrap();
    assert_eq!(fetched.output["body"], json!({"id": 77}));
}

#[tokio::test]
async fn what_is_no_result_is_an_error_that_says_so() {
    let sink = silent_bank().await;
    let bench = Bench::open().await;
    let run = bench.run_through(chain(&[charge("charge", &sink.url("/charges"))])).await;
    let failed = async |url: String| match ask(&bench, run.id, url).await {
        Err(FetchError::Failed(error)) => error,
        other => panic!("{other:?}"),
    };
    let missing = failed(sink.url("/charges/78")).await;
    assert_eq!((missing.code, &missing.details.unwrap()["status"]), (ErrorCode::HttpStatus, &json!(404)));
    assert_eq!(failed("ftp://example.com".to_owned()).await.code, ErrorCode::Parameter);
    let other = bench.run_through(chain(&[])).await;
    assert!(matches!(ask(&bench, other.id, sink.url("/charges/77")).await, Err(FetchError::NotInDoubt)));
    let received: Vec<Value> = sink.received().iter().map(|received| json!(received.path())).collect();
    assert_eq!(received, ["/charges", "/charges/78"]);
}
