//! Many runs at once: limits for each workflow, and nobody holds up the others.

use model::RunStatus;
use serde_json::json;

use crate::bench::{Bench, Sample, call, chain, patiently};
use crate::sink::{Reaction, Sink};

#[tokio::test]
async fn a_workflow_runs_no_more_at_once_than_it_may_from_its_first_run_on_and_starves_nobody() {
    let sink = Sink::start(|received| match received.path() {
        "/held" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let mut definition = chain(&[call("held", &sink.url("/held"))]);
    definition["settings"] = json!({"max_parallel_runs": 2});
    let crowded = bench.workflow(definition).await;
    let mut crowd = Vec::new();
    for _ in 0..7 {
        crowd.push(bench.begin(&crowded, Sample::default()).await);
    }
    let quick = bench.workflow(chain(&[call("quick", &sink.url("/quick"))])).await;
    let other = bench.begin(&quick, Sample::default()).await;
    let working = bench.work(0);

    bench.wait_for_status(other, RunStatus::Succeeded).await;
    patiently("both places are taken", sink.wait_for(3)).await;
    for round in 1..=5 {
        sink.release(1);
        patiently("a free place is taken", sink.wait_for(3 + round)).await;
    }
    sink.release(2);
    for run in crowd {
        bench.wait_for_status(run, RunStatus::Succeeded).await;
    }
    assert_eq!(sink.most_held(), 2);
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test]
async fn runs_of_one_workflow_that_allows_one_at_a_time_keep_their_order() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let send = json!({"id": "send", "type": "http.request", "params": {"url": sink.url("/{{ $.trigger.body }}")}});
    let mut definition = chain(&[send]);
    definition["settings"] = json!({"max_parallel_runs": 1});
    let workflow = bench.workflow(definition).await;
    let mut last = None;
    for number in 0..12 {
        last = Some(bench.begin(&workflow, Sample { body: json!(number), ..Sample::default() }).await);
    }
    let working = bench.work(0);
    bench.wait_for_status(last.unwrap(), RunStatus::Succeeded).await;
    let expected: Vec<_> = (0..12).map(|number| format!("/{number}")).collect();
    assert_eq!(sink.paths(), expected);
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_never_ends_fails_its_run_while_others_go_on() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let spin = json!({"id": "spin", "type": "code", "params": {"script": "let x = 0; loop { x += 1; }"}});
    let endless = bench.workflow(chain(&[spin])).await;
    let sum = json!({"id": "sum", "type": "code", "params": {"script": "let n = 0; for i in 0..100 { n += i } n"}});
    let sound = bench.workflow(chain(&[sum, call("call", &sink.url("/"))])).await;
    let mut hostile = Vec::new();
    for _ in 0..4 {
        hostile.push(bench.begin(&endless, Sample::default()).await);
    }
    let run = bench.begin(&sound, Sample::default()).await;
    let working = bench.work(0);

    bench.wait_for_status(run, RunStatus::Succeeded).await;
    assert_eq!(bench.steps(run).await["sum"].output, Some(json!(4950)));
    for run in hostile {
        bench.wait_for_status(run, RunStatus::Dead).await;
        let error = bench.run(run).await.error.unwrap();
        assert_eq!((&error["node"], &error["error"]["code"]), (&json!("spin"), &json!("script_limit")));
    }
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test]
async fn a_run_has_no_more_steps_under_way_than_the_engine_allows() {
    let sink = Sink::start(|_| Reaction::fine_later()).await;
    let settings = engine::EngineSettings { max_parallel_steps: 3, ..engine::EngineSettings::default() };
    let bench = Bench::open_with(settings, || 1.0).await;
    let mut nodes = vec![json!({"id": "order", "type": "webhook"})];
    nodes.extend((0..7).map(|number| call(&format!("call_{number}"), &sink.url("/"))));
    let edges: Vec<_> = nodes[1..].iter().map(|node| json!({"from": "order", "to": node["id"]})).collect();
    let workflow = bench.workflow(json!({"nodes": nodes, "edges": edges})).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    let one_by_one = async {
        for seen in 3..=7 {
            sink.wait_for(seen).await;
            sink.release(1);
        }
        sink.release(2);
    };
    patiently("all steps are over", async { tokio::join!(bench.engine.run_until_idle(), one_by_one) }).await;
    assert_eq!((sink.most_held(), sink.received().len()), (3, 7));
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_workflow_with_a_high_limit_leaves_places_for_the_others() {
    let sink = Sink::start(|received| match received.path() {
        "/held" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let settings = engine::EngineSettings { max_parallel_runs: 4, ..engine::EngineSettings::default() };
    let bench = Bench::open_with(settings, || 1.0).await;
    let mut definition = chain(&[call("held", &sink.url("/held"))]);
    definition["settings"] = json!({"max_parallel_runs": 1_000});
    let greedy = bench.workflow(definition).await;
    for _ in 0..10 {
        bench.begin(&greedy, Sample::default()).await;
    }
    let working = bench.work(0);
    patiently("it has all the places that it may have", sink.wait_for(3)).await;
    let modest = bench.workflow(chain(&[call("quick", &sink.url("/quick"))])).await;
    for _ in 0..5 {
        let run = bench.begin(&modest, Sample::default()).await;
        bench.wait_for_status(run, RunStatus::Succeeded).await;
    }
    assert_eq!(sink.most_held(), 3);
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}
