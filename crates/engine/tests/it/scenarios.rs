//! Whole runs as data: every file in `tests/scenarios` is a workflow, an event, what the other side answers, and what must
//! come of it.

mod expected;
mod script;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::stream::{self, StreamExt as _};
use model::graph::Graph;
use model::{Definition, NodeId};
use serde::Deserialize;
use serde_json::Value;

use crate::bench::{Bench, Sample};
use crate::sink::Sink;
use expected::Expected;
use script::{Script, Scripted};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// The behaviour, as a sentence.
    description: String,
    /// The workflow; its first node is the trigger. `http://SINK` stands for the address of the scripted server.
    definition: Value,
    #[serde(default)]
    event: Sample,
    /// What the scripted server expects and answers; each is used once, in any order of requests that fits.
    #[serde(default)]
    http: Vec<Scripted>,
    /// What happens after the first time that nothing is due.
    #[serde(default)]
    then: Vec<Move>,
    expect: Expected,
}

/// The clock moves on, and the engine works again until nothing is due.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_ms: i64,
    /// How many requests there must have been in all by then.
    requests: usize,
}

const PLACEHOLDER: &str = "http://SINK";

/// How many scenarios are played at the same time: most of their time they wait for the disk.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_comes_out_as_it_says() {
    let files = files();
    assert!(files.len() >= 20, "only {} scenarios were found", files.len());
    let plays = files.into_iter().map(|file| async move {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        play(&text).await.into_iter().map(move |fault| format!("{name}: {fault}"))
    });
    let faults: Vec<String> =
        stream::iter(plays).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// Everything that came out otherwise.
async fn play(text: &str) -> Vec<String> {
    let script = Arc::new(Mutex::new(Script::default()));
    let asked = script.clone();
    let sink = Sink::start(move |received| asked.lock().unwrap().react(received)).await;
    let scenario: Scenario = match serde_json::from_str(&text.replace(PLACEHOLDER, &sink.url(""))) {
        Ok(scenario) => scenario,
        Err(error) => return vec![format!("cannot be read: {error}")],
    };
    if scenario.description.is_empty() {
        return vec!["the description is missing".to_owned()];
    }
    let definition: Definition = match serde_json::from_value(scenario.definition.clone()) {
        Ok(definition) => definition,
        Err(error) => return vec![format!("the definition cannot be read: {error}")],
    };
    let problems = nodes::check::check(&definition, Bench::catalogue());
    if !problems.is_empty() {
        return vec![format!("the definition could not be published: {problems:?}")];
    }
    script.lock().unwrap().fill(scenario.http);
    let bench = Bench::open().await;
    let workflow = bench.workflow(scenario.definition).await;
    let run = bench.begin(&workflow, scenario.event).await;
    bench.idle().await;
    let mut faults = Vec::new();
    for Move { advance_ms, requests } in scenario.then {
        bench.clock.advance_ms(advance_ms);
        bench.idle().await;
        let seen = sink.received().len();
        if seen != requests {
            faults.push(format!("{seen} requests instead of {requests} after {advance_ms} ms more"));
        }
    }
    faults.extend(script.lock().unwrap().faults());
    let requests = sink.received().len();
    let graph = Graph::of(&definition);
    let trigger: &NodeId = &definition.nodes[0].id;
    faults.extend(scenario.expect.faults(&bench, run, (&graph, trigger), requests).await);
    faults
}
