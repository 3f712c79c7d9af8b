//! Every connector's fixtures, through the real step runner.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use model::{ErrorCode, NodeError};
use nodes::effect::{Effect, HttpBody, Reply};
use nodes::manifest::NodeKind;
use nodes::{Catalogue, Input, Outcome};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::run::{catalogue, start, surroundings};

/// One fixture: parameters and exchanges, and what comes out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    operation: String,
    what: String,
    params: Map<String, Value>,
    #[serde(default)]
    credential: Value,
    exchanges: Vec<Exchange>,
    #[serde(default)]
    output: Value,
    #[serde(default = "out")]
    port: String,
    error: Option<ExpectedError>,
}

fn out() -> String {
    "out".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    expect: Effect,
    reply: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedError {
    code: ErrorCode,
    retryable: bool,
    /// A part of the message.
    message: String,
    parameter: Option<String>,
    retry_after_ms: Option<u64>,
}

#[test]
fn every_fixture_of_every_connector_comes_out_as_it_says() {
    let catalogue = catalogue();
    let mut faults = Vec::new();
    let mut count = 0;
    for path in fixtures() {
        let fixture: Fixture = serde_json::from_slice(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
        if let Err(fault) = play(catalogue, &connector_of(&path), &fixture) {
            faults.push(format!("{} ({})\n  {fault}", path.display(), fixture.what));
        }
    }
    assert!(faults.is_empty(), "{} of {count} fixtures:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 50, "only {count} fixtures were found");
}

#[test]
fn every_operation_has_a_fixture_for_success_and_one_for_failure() {
    let mut seen = BTreeMap::<String, BTreeSet<bool>>::new();
    for path in fixtures() {
        let fixture: Fixture = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = format!("{}.{}", connector_of(&path), fixture.operation);
        seen.entry(name).or_default().insert(fixture.error.is_none());
    }
    let catalogue = catalogue();
    let actions = catalogue.node_types().filter(|node_type| node_type.kind == NodeKind::Action);
    for name in actions.map(|node_type| node_type.name.clone()) {
        assert_eq!(seen.remove(&name), Some(BTreeSet::from([true, false])), "fixtures of {name}");
    }
    assert!(seen.is_empty(), "fixtures without an operation: {seen:?}");
}

#[test]
fn a_body_of_any_size_passes_the_script_by() {
    let body = json!({ "text": "ü".repeat(3_000_000), "numbers": [i64::MIN, u64::MAX, 0.1] });
    let params = json!({ "method": "POST", "url": "https://erp.example", "body": body });
    let outcome = start("http.request", params, &json!({})).unwrap();
    let Outcome::Do { effect: Effect::Http(request), .. } = outcome else { panic!("no request") };
    assert!(request.body == HttpBody::Json(body));
}

fn play(catalogue: &Catalogue, connector: &str, fixture: &Fixture) -> Result<(), String> {
    let node_type = format!("{connector}.{}", fixture.operation);
    let known = catalogue.get(&node_type).ok_or(format!("there is no {node_type}"))?;
    let node: model::Node =
        serde_json::from_value(json!({ "id": "step", "type": node_type, "params": fixture.params })).unwrap();
    let (context, surroundings) = (json!({}), surroundings());
    let mut result = catalogue.resolve_params(&node, &context, &surroundings).and_then(|params| {
        let input = Input {
            node: &node,
            params: &params,
            context: &context,
            incoming: &[],
            credential: &fixture.credential,
            surroundings: &surroundings,
        };
        known.start(&input).map(|outcome| (params, outcome))
    });
    for exchange in &fixture.exchanges {
        let (params, outcome) = result.map_err(|error| format!("failed early: {error:?}"))?;
        let Outcome::Do { effect, state } = outcome else { return Err(format!("ended early: {outcome:?}")) };
        if effect != exchange.expect {
            return Err(format!("asked for\n    {}\n  instead of\n    {}", json!(effect), json!(exchange.expect)));
        }
        let input = Input {
            node: &node,
            params: &params,
            context: &context,
            incoming: &[],
            credential: &fixture.credential,
            surroundings: &surroundings,
        };
        result = known.resume(&input, state, reply(exchange)).map(|outcome| (params.clone(), outcome));
    }
    compare(fixture, result.map(|(_, outcome)| outcome))
}

fn compare(fixture: &Fixture, result: Result<Outcome, NodeError>) -> Result<(), String> {
    match (&fixture.error, result) {
        (None, Ok(outcome)) => {
            let expected = Outcome::Done { port: fixture.port.clone(), output: fixture.output.clone() };
            if outcome == expected {
                Ok(())
            } else {
                Err(format!("gave\n    {outcome:?}\n  instead of\n    {expected:?}"))
            }
        }
        (None, Err(error)) => Err(format!("failed: {error:?}")),
        (Some(_), Ok(outcome)) => Err(format!("did not fail: {outcome:?}")),
        (Some(expected), Err(error)) => {
            let same = error.code == expected.code
                && error.retryable == expected.retryable
                && error.parameter == expected.parameter
                && error.retry_after_ms == expected.retry_after_ms
                && error.message.contains(&expected.message);
            if same { Ok(()) } else { Err(format!("failed otherwise: {error:?}")) }
        }
    }
}

/// A reply as a fixture writes it: what an HTTP answer leaves out is filled in.
fn reply(exchange: &Exchange) -> Reply {
    let mut reply = exchange.reply.clone();
    if let (Some(http), Effect::Http(request)) =
        (reply.get_mut("http").and_then(Value::as_object_mut), &exchange.expect)
    {
        http.entry("headers").or_insert_with(|| json!({}));
        http.entry("url").or_insert_with(|| json!(request.url));
    }
    serde_json::from_value(reply).unwrap()
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let entries = |path: &Path| {
        let mut found = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        found.sort();
        found
    };
    entries(&root).iter().flat_map(|connector| entries(&connector.join("fixtures"))).collect()
}

fn connector_of(fixture: &Path) -> String {
    fixture.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned()
}
