//! One step tried by itself, and credentials tried before a run needs them.

use std::collections::BTreeMap;

use engine::trial::{Trial, TrialResult};
use model::{CredentialId, Definition, ErrorCode, NodeId, StepStatus, WorkflowId};
use serde_json::{Map, Value, json};
use storage::RunFilter;

use crate::bench::{Bench, call, chain, patiently};
use crate::sink::{Reaction, Sink};

const TOKEN: &str = "tok-4f9a-secret";

async fn try_step(bench: &Bench, definition: Value, node: &str, context: Value) -> TrialResult {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let context: Map<String, Value> = serde_json::from_value(context).unwrap();
    let trial = Trial {
        workflow: WorkflowId::generate(),
        workflow_name: "Order paid".to_owned(),
        definition,
        node: NodeId::from(node),
        context,
        limit_ms: 5_000,
    };
    patiently("the step was tried", bench.engine.try_step(trial)).await
}

async fn credential(bench: &Bench, kind: &str, hosts: &[String], fields: &[(&str, &str)]) -> CredentialId {
    let id = CredentialId::generate();
    let kind = Bench::catalogue().credential_kind(kind).unwrap();
    let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let sealed = bench.engine.vault().seal(id, "The shop".to_owned(), kind, hosts.to_vec(), fields).unwrap();
    bench.storage.create_credential(id, sealed).await.unwrap();
    id
}

#[tokio::test]
async fn a_step_is_tried_for_real_and_leaves_no_run_behind() {
    let sink = Sink::start(|_| Reaction::json(201, &json!({"id": 7}))).await;
    let bench = Bench::open().await;
    let mut node = call("tell", &sink.url("/orders"));
    node["params"]["body"] =
        json!({"ref": "{{ $.trigger.body.id }}", "sum": "{{ $.steps.sum.total }}", "in": "{{ $.workflow.name }}"});
    let context = json!({"trigger": {"body": {"id": "A-1"}}, "steps": {"sum": {"total": 12}}});
    let result = try_step(&bench, chain(&[node]), "tell", context).await;

    assert_eq!((result.status, result.port.as_deref()), (StepStatus::Succeeded, Some("out")), "{result:?}");
    let sent = json!({"ref": "A-1", "sum": 12, "in": "Order paid"});
    assert_eq!(serde_json::from_slice::<Value>(&sink.received()[0].body).unwrap(), sent);
    assert_eq!(result.params.unwrap()["body"], sent);
    assert_eq!(result.output.unwrap()["body"]["id"], 7);
    assert_eq!((result.exchanges.len(), &result.exchanges[0]["response"]["status"]), (1, &json!(201)));
    let runs = bench.storage.runs(&RunFilter { limit: 10, ..RunFilter::default() }).await.unwrap();
    assert_eq!(runs, []);
}

#[tokio::test]
async fn a_failed_try_is_not_repeated_and_says_why_and_where() {
    let sink = Sink::start(|_| Reaction::json(503, &json!({"why": "closed"}))).await;
    let bench = Bench::open().await;
    let result = try_step(&bench, chain(&[call("tell", &sink.url("/"))]), "tell", json!({})).await;
    let error = result.error.unwrap();
    assert_eq!((result.status, error.code, result.port), (StepStatus::Failed, ErrorCode::HttpStatus, None));
    assert_eq!((sink.received().len(), result.exchanges.len()), (1, 1));

    let broken = json!({"id": "say", "type": "set_fields", "params": {"fields": {"a": "{{ 1 / 0 }}"}}});
    let result = try_step(&bench, chain(&[broken]), "say", json!({"trigger": {"body": {}}})).await;
    let error = result.error.unwrap();
    assert_eq!((result.status, error.parameter.as_deref()), (StepStatus::Failed, Some("fields.a")), "{error:?}");
    assert_eq!(result.params, None);

    let result = try_step(&bench, chain(&[]), "nobody", json!({})).await;
    assert!(result.error.unwrap().message.contains("nobody"));
}

#[tokio::test]
async fn a_filter_that_says_no_is_skipped_and_a_trigger_gives_its_sample() {
    let bench = Bench::open().await;
    let filter = json!({"id": "large", "type": "filter", "params": {"when": {"all": [
        {"left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100},
    ]}}});
    let flow = chain(&[filter]);
    let context = |amount: i64| json!({"trigger": {"method": "POST", "body": {"amount": amount}}});
    assert_eq!(try_step(&bench, flow.clone(), "large", context(7)).await.status, StepStatus::Skipped);
    assert_eq!(try_step(&bench, flow.clone(), "large", context(700)).await.status, StepStatus::Succeeded);
    let trigger = try_step(&bench, flow, "order", context(5)).await;
    assert_eq!(trigger.output, Some(context(5)["trigger"].clone()));
}

#[tokio::test]
async fn a_tried_mail_is_kept_without_a_run_and_a_tried_contact_is_written() {
    let bench = Bench::open().await;
    let nodes = [
        json!({"id": "mail", "type": "email.send", "params": {"to": ["ada@example.com"], "subject": "Hi", "text": "x"}}),
        json!({"id": "keep", "type": "contacts.upsert", "params": {"email": "ada@example.com", "name": "Ada"}}),
    ];
    let flow = chain(&nodes);
    for _ in 0..2 {
        let result = try_step(&bench, flow.clone(), "mail", json!({})).await;
        assert_eq!(result.status, StepStatus::Succeeded, "{:?}", result.error);
    }
    let mails = bench.storage.mails(None, 10).await.unwrap();
    assert_eq!((mails.len(), mails[0].run), (2, None));
    let result = try_step(&bench, flow, "keep", json!({})).await;
    assert_eq!(result.output.unwrap()["result"], "created");
    assert!(bench.storage.find_contact("ada@example.com").await.unwrap().is_some());
}

#[tokio::test]
async fn a_secret_shows_up_nowhere_in_what_a_try_tells() {
    let sink = Sink::start(|received| {
        let seen = received.header("authorization").unwrap_or_default();
        Reaction::json(200, &json!({"you_sent": seen}))
    })
    .await;
    let bench = Bench::open().await;
    let host = format!("http://127.0.0.1:{}", sink.port());
    let id = credential(&bench, "http_bearer", &[host], &[("token", TOKEN)]).await;
    let mut node = call("tell", &sink.url("/"));
    node["credential"] = json!(id);
    let result = try_step(&bench, chain(&[node]), "tell", json!({})).await;
    assert_eq!(result.status, StepStatus::Succeeded, "{:?}", result.error);
    assert_eq!(sink.received()[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert!(!format!("{result:?}").contains(TOKEN), "{result:?}");
}

#[tokio::test]
async fn an_endless_answer_ends_with_the_time_limit_of_the_try() {
    let sink = Sink::start(|_| Reaction::Never).await;
    let bench = Bench::open().await;
    let definition: Definition = serde_json::from_value(chain(&[call("tell", &sink.url("/"))])).unwrap();
    let trial = Trial {
        workflow: WorkflowId::generate(),
        workflow_name: String::new(),
        definition,
        node: NodeId::from("tell"),
        context: Map::new(),
        limit_ms: 50,
    };
    let result = patiently("the step was cut off", bench.engine.try_step(trial)).await;
    assert_eq!(result.error.unwrap().code, ErrorCode::Timeout);
}

#[tokio::test]
async fn a_credential_is_tried_with_the_request_of_its_kind() {
    let sink = Sink::start(|received| match received.header("authorization") {
        // `ada:right` and `ada:late`, as HTTP Basic authentication writes them.
        Some("Basic YWRhOnJpZ2h0") => Reaction::json(200, &json!({"id": 1, "result": {}})),
        Some("Basic YWRhOmxhdGU=") => Reaction::json(200, &json!({"id": 1, "error": ["LoginException", ""]})),
        _ => Reaction::json(401, &json!({})),
    })
    .await;
    let bench = Bench::open().await;
    let host = format!("http://127.0.0.1:{}", sink.port());
    let url = format!("{host}/");
    for (password, expected) in [("right", None), ("late", Some("LoginException")), ("wrong", Some("401"))] {
        let fields = [("url", url.as_str()), ("database", "my shop"), ("username", "ada"), ("password", password)];
        let id = credential(&bench, "tryton", std::slice::from_ref(&host), &fields).await;
        let verdict = bench.engine.test_credential(id, None, 5_000).await;
        match (expected, verdict.error) {
            (None, error) => assert_eq!((error, verdict.status), (None, Some(200))),
            (Some(part), Some(error)) => {
                assert_eq!(error.code, ErrorCode::Credential);
                assert!(error.message.contains(part) && !error.message.contains(password), "{error}");
            }
            (Some(part), None) => panic!("{part} is missing"),
        }
    }
    assert!(sink.received()[0].line.starts_with("POST /my%20shop/rpc/ "), "{}", sink.received()[0].line);
}

#[tokio::test]
async fn a_credential_without_a_test_of_its_kind_is_tried_at_an_address_of_its_own_hosts_only() {
    let sink = Sink::start(|_| Reaction::json(204, &Value::Null)).await;
    let bench = Bench::open().await;
    let host = format!("http://127.0.0.1:{}", sink.port());
    let id = credential(&bench, "http_bearer", std::slice::from_ref(&host), &[("token", TOKEN)]).await;
    let code = async |url: Option<String>| {
        bench.engine.test_credential(id, url, 5_000).await.error.map(|error| (error.code, error.parameter))
    };
    assert_eq!(code(Some(sink.url("/me"))).await, None);
    assert_eq!(code(None).await, Some((ErrorCode::Parameter, Some("url".to_owned()))));
    let elsewhere = Sink::start(|_| Reaction::fine()).await;
    assert_eq!(code(Some(elsewhere.url("/"))).await.map(|fault| fault.0), Some(ErrorCode::HostRefused));
    assert!(elsewhere.received().is_empty());
}
