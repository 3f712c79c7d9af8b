//! Boxes whose nodes run once for every item: bounded, checkpointed, resumed, and many.

use engine::EngineSettings;
use model::{RunStatus, StepStatus};
use serde_json::{Value, json};

use crate::bench::{Bench, Sample, each, patiently};
use crate::sink::{Reaction, Sink};

fn get(id: &str, url: &str) -> Value {
    json!({"id": id, "type": "http.request", "params": {"method": "GET", "url": url}})
}

fn items(count: usize) -> Sample {
    Sample { body: (0..count).map(Value::from).collect(), ..Sample::default() }
}

#[tokio::test]
async fn no_more_turns_are_under_way_than_the_box_allows() {
    let sink = Sink::start(|_| Reaction::fine_later()).await;
    let bench = Bench::open().await;
    let call = get("call", &sink.url("/{{ $.index }}"));
    let workflow = bench.workflow(each(json!({"parallel": 3}), &[call])).await;
    let run = bench.begin(&workflow, items(7)).await;
    let working = bench.work(0);
    patiently("three turns are under way", sink.wait_for(3)).await;
    sink.release(7);
    bench.wait_for_status(run, RunStatus::Succeeded).await;
    assert_eq!((sink.received().len(), sink.most_held()), (7, 3));
    bench.engine.stop();
    patiently("the engine stops", working).await.unwrap();
}

#[tokio::test]
async fn turns_that_were_over_are_not_repeated_after_a_crash_and_outputs_stay_in_order() {
    let sink = Sink::start(|received| match received.path() {
        "/2" => Reaction::fine_later(),
        path => Reaction::json(200, &json!({"path": path})),
    })
    .await;
    let bench = Bench::open().await;
    let call = get("call", &sink.url("/{{ $.index }}"));
    let pick = json!({"id": "pick", "type": "set_fields", "params": {"fields": {"p": "{{ $.steps.call.body }}"}}});
    let workflow = bench.workflow(each(json!({}), &[call, pick])).await;
    let run = bench.begin(&workflow, items(4)).await;
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the third turn is under way", sink.wait_for(3)) => {}
    }
    let bench = bench.crash().await;
    sink.release(2);
    bench.idle().await;
    assert_eq!(sink.paths(), ["/0", "/1", "/2", "/2", "/3"]);
    let steps = bench.steps(run).await;
    let paths: Vec<_> = (0..4).map(|turn| steps["each"].output.as_ref().unwrap()["items"][turn]["p"].clone()).collect();
    assert_eq!(paths, [json!({"path": "/0"}), json!({"path": "/1"}), json!({"ok": true}), json!({"path": "/3"})]);
    let keys: Vec<_> =
        sink.received().iter().map(|received| received.header("idempotency-key").map(str::to_owned)).collect();
    assert_eq!(keys[2], keys[3]);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_turn_that_waits_keeps_its_place_through_a_crash_and_the_others_go_on() {
    let bench = Bench::open().await;
    let pause = json!({"id": "pause", "type": "wait", "params": {"mode": "duration", "duration": {"amount": "{{ $.item }}", "unit": "minutes"}}});
    let after = json!({"id": "after", "type": "set_fields", "params": {"fields": {"n": "{{ $.item }}"}}});
    let workflow = bench.workflow(each(json!({"parallel": 2}), &[pause, after])).await;
    let sample = Sample { body: json!([30, 10, 10]), ..Sample::default() };
    let run = bench.begin(&workflow, sample).await;
    bench.idle().await;
    let steps = bench.steps(run).await;
    assert_eq!((steps["pause@0"].status, steps["pause@1"].status), (StepStatus::Waiting, StepStatus::Waiting));
    assert!(!steps.contains_key("pause@2"), "the third turn has no place yet");

    let bench = bench.crash().await;
    bench.clock.advance_ms(600_000);
    bench.idle().await;
    let steps = bench.steps(run).await;
    assert_eq!((steps["each@1"].status, steps["pause@2"].status), (StepStatus::Succeeded, StepStatus::Waiting));
    let bench = bench.crash().await;
    bench.clock.advance_ms(1_200_000);
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    let output = bench.steps(run).await["each"].output.clone().unwrap();
    assert_eq!(output["items"], json!([{"n": 30}, {"n": 10}, {"n": 10}]));
}

#[tokio::test]
async fn a_box_in_a_box_goes_on_after_a_crash_where_it_stood() {
    let sink = Sink::start(|received| match received.path() {
        "/b" => Reaction::fine_later(),
        _ => Reaction::fine(),
    })
    .await;
    let bench = Bench::open().await;
    let mut definition =
        each(json!({}), &[json!({"id": "inner", "type": "for_each", "params": {"items": "{{ $.item }}"}})]);
    let mut call = get("call", &sink.url("/{{ $.item }}"));
    call["parent"] = json!("inner");
    definition["nodes"].as_array_mut().unwrap().push(call);
    let workflow = bench.workflow(definition).await;
    let run = bench.begin(&workflow, Sample { body: json!([["x"], ["a", "b", "c"]]), ..Sample::default() }).await;
    tokio::select! {
        () = bench.engine.run_until_idle() => panic!("the run came to its end"),
        () = patiently("the second inner turn is under way", sink.wait_for(3)) => {}
    }
    let bench = bench.crash().await;
    sink.release(2);
    bench.idle().await;
    assert_eq!(sink.paths(), ["/x", "/a", "/b", "/b", "/c"]);
    let steps = bench.steps(run).await;
    assert_eq!(steps["each"].output.as_ref().unwrap()["items"][1]["count"], 3);
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}

#[tokio::test]
async fn what_a_box_collects_is_bounded_and_the_error_says_what_to_do() {
    let settings = EngineSettings { max_output_bytes: 2_000, ..EngineSettings::default() };
    let bench = Bench::open_with(settings, || 1.0).await;
    let wide = json!({"id": "wide", "type": "set_fields", "params": {"fields": {"text": "x".repeat(500)}}});
    for (collect, status) in [(true, RunStatus::Dead), (false, RunStatus::Succeeded)] {
        let workflow = bench.workflow(each(json!({"collect": collect}), std::slice::from_ref(&wide))).await;
        let run = bench.begin(&workflow, items(10)).await;
        bench.idle().await;
        let record = bench.run(run).await;
        assert_eq!(record.status, status);
        if collect {
            let message = record.error.unwrap()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains("Switch collecting off"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_box_leaves_no_step_open() {
    let bench = Bench::open().await;
    let ask = json!({"id": "ask", "type": "wait", "params": {"mode": "approval"}});
    let workflow = bench.workflow(each(json!({"parallel": 5}), &[ask])).await;
    let run = bench.begin(&workflow, items(3)).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);
    assert!(bench.engine.cancel(run).await.unwrap());
    assert!(bench.steps(run).await.values().all(|step| step.status.is_final()));
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Cancelled);
}

#[test]
fn the_outputs_of_many_turns_do_not_pile_up_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    assert!(crate::child::run("turns::walks_a_long_list_in_a_process_of_its_own", folder.path()).success());
}

#[tokio::test]
#[ignore = "needs a process of its own, whose memory it measures; it is started by the test above"]
async fn walks_a_long_list_in_a_process_of_its_own() {
    const TURNS: usize = 3_000;
    let bench = Bench::open().await;
    // 20,000 bytes each, 60 MB in all.
    let text = "{{ $.index }}-0123456789abcde".repeat(1_000);
    let wide = json!({"id": "wide", "type": "set_fields", "params": {"fields": {"text": text}}});
    let workflow = bench.workflow(each(json!({"collect": false, "parallel": 4}), &[wide])).await;
    let run = bench.begin(&workflow, items(TURNS)).await;
    let before = largest_bytes();
    bench.engine.run_until_idle().await;
    let grown = largest_bytes() - before;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
    let steps = bench.steps(run).await;
    assert_eq!(steps["each"].output.as_ref().unwrap()["succeeded"], json!(TURNS));
    assert_eq!(steps["each@7"].output, None);
    assert!(grown < 40_000_000, "the process grew by {grown} bytes");
}

/// The most memory that this process has had in use so far.
fn largest_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1_024
}
