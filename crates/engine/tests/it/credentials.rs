//! Steps that use a stored secret.

use std::collections::BTreeMap;

use model::{CredentialId, RunStatus};
use serde_json::{Value, json};
use storage::RunRecord;

use crate::bench::{Bench, Sample, chain};
use crate::effects::server::{Answer, Received};
use crate::sink::{Reaction, Sink};

const TOKEN: &str = "tok-4f9a-secret";

/// Stores a credential as the API does.
async fn store(bench: &Bench, kind: &str, hosts: &[&str], fields: &[(&str, &str)]) -> CredentialId {
    let id = CredentialId::generate();
    let kind = Bench::catalogue().credential_kind(kind).unwrap();
    let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let hosts = hosts.iter().map(ToString::to_string).collect();
    let sealed = bench.engine.vault().seal(id, "The shop".to_owned(), kind, hosts, fields).unwrap();
    bench.storage.create_credential(id, sealed).await.unwrap();
    id
}

/// Stores the secret that signs webhooks to this machine.
pub(crate) async fn webhook_secret(bench: &Bench, secret: &str) -> CredentialId {
    store(bench, "webhook_secret", &["127.0.0.1"], &[("secret", secret)]).await
}

/// A workflow that sends one request with a credential.
fn sending(url: &str, credential: CredentialId) -> Value {
    chain(&[json!({"id": "call", "type": "http.request", "credential": credential, "params": {"url": url}})])
}

fn authorization(received: &Received) -> Option<&str> {
    received.header("authorization")
}

/// Code and message of the error that brought a run down at its step.
fn fault(run: &RunRecord) -> (String, String) {
    assert_eq!(run.status, RunStatus::Dead);
    let error = run.error.as_ref().unwrap();
    assert_eq!(error["node"], "call");
    let text = |name: &str| error["error"][name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[tokio::test]
async fn a_credential_goes_to_its_host_and_is_remembered_nowhere() {
    let sink = Sink::start(|received| {
        // A careless service that repeats what it was sent, in a header and in the body.
        let seen = authorization(received).unwrap_or_default();
        let body = json!({"you_sent": seen}).to_string();
        Reaction::Answer(Answer::of(200, &[("Content-Type", "application/json"), ("X-Seen", seen)], body))
    })
    .await;
    let bench = Bench::open().await;
    let host = format!("http://127.0.0.1:{}", sink.port());
    let credential = store(&bench, "http_bearer", &[&host], &[("token", TOKEN)]).await;
    let run = bench.run_through(sending(&sink.url("/orders"), credential)).await;

    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.error);
    assert_eq!(authorization(&sink.received()[0]), Some(format!("Bearer {TOKEN}").as_str()));
    let attempts = bench.attempts(run.id).await;
    assert_eq!(attempts[0].exchanges.len(), 1);
    let remembered = format!("{attempts:?} {:?}", bench.steps(run.id).await);
    assert!(!remembered.contains(TOKEN) && remembered.contains("•••"), "{remembered}");
    bench.storage.close().await;
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        let (path, bytes) = file.map(|file| (file.path(), std::fs::read(file.path()).unwrap())).unwrap();
        let found = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
        assert!(!found, "the token stands in {}", path.display());
    }
}

#[tokio::test]
async fn a_credential_for_another_host_is_refused_and_nothing_is_sent() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    for host in ["api.example.com", "http://127.0.0.1:1", "https://127.0.0.1"] {
        let credential = store(&bench, "http_bearer", &[host], &[("token", TOKEN)]).await;
        let (code, message) = fault(&bench.run_through(sending(&sink.url("/"), credential)).await);
        assert_eq!(code, "host_refused");
        assert!(message.contains(host) && !message.contains(TOKEN), "{message}");
    }
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_get_the_credential() {
    let other = Sink::start(|_| Reaction::fine()).await;
    let elsewhere = other.url("/landing");
    let sink = Sink::start(move |_| Reaction::Answer(Answer::redirect(302, &elsewhere))).await;
    let bench = Bench::open().await;
    let hosts = [format!("http://127.0.0.1:{}", sink.port())];
    let credential = store(&bench, "http_bearer", &[&hosts[0]], &[("token", TOKEN)]).await;
    let run = bench.run_through(sending(&sink.url("/"), credential)).await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.error);
    assert!(authorization(&sink.received()[0]).is_some());
    assert_eq!(authorization(&other.received()[0]), None);
}

#[tokio::test]
async fn a_credential_of_the_wrong_kind_or_a_deleted_one_says_so() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let mail = store(&bench, "smtp", &["127.0.0.1"], &[("host", "127.0.0.1"), ("password", TOKEN)]).await;
    let (code, message) = fault(&bench.run_through(sending(&sink.url("/"), mail)).await);
    assert_eq!(code, "credential");
    assert!(
        message.contains("“The shop”") && message.contains("`smtp`") && message.contains("http_bearer"),
        "{message}"
    );

    let gone = store(&bench, "http_bearer", &["127.0.0.1"], &[("token", TOKEN)]).await;
    bench.storage.delete_credential(gone).await.unwrap();
    let (code, message) = fault(&bench.run_through(sending(&sink.url("/"), gone)).await);
    assert_eq!(code, "credential");
    assert!(message.contains("was deleted"), "{message}");
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn a_credential_sealed_with_another_key_asks_for_its_secret_again() {
    let sink = Sink::start(|_| Reaction::fine()).await;
    let bench = Bench::open().await;
    let id = CredentialId::generate();
    let kind = Bench::catalogue().credential_kind("http_bearer").unwrap();
    let fields = BTreeMap::from([("token".to_owned(), TOKEN.to_owned())]);
    let mut sealed =
        bench.engine.vault().seal(id, "The shop".to_owned(), kind, vec!["127.0.0.1".to_owned()], fields).unwrap();
    // Sealed for another credential, which is as useless as a seal made with another key.
    let fields = BTreeMap::from([("token".to_owned(), TOKEN.to_owned())]);
    let other = bench.engine.vault().seal(CredentialId::generate(), String::new(), kind, Vec::new(), fields).unwrap();
    sealed.sealed_fields = other.sealed_fields;
    bench.storage.create_credential(id, sealed).await.unwrap();
    let (code, message) = fault(&bench.run_through(sending(&sink.url("/"), id)).await);
    assert_eq!(code, "credential");
    assert!(message.contains("Enter its secret again") && !message.contains(TOKEN), "{message}");
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn a_changed_secret_is_used_by_the_next_attempt() {
    let sink = Sink::start(|received| match authorization(received) {
        Some("Bearer new-token") => Reaction::fine(),
        _ => Reaction::json(503, &json!({})),
    })
    .await;
    let bench = Bench::open().await;
    let id = store(&bench, "http_bearer", &["127.0.0.1"], &[("token", TOKEN)]).await;
    let workflow = bench.workflow(sending(&sink.url("/"), id)).await;
    let run = bench.begin(&workflow, Sample::default()).await;
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Waiting);
    let kind = Bench::catalogue().credential_kind("http_bearer").unwrap();
    let fields = BTreeMap::from([("token".to_owned(), "new-token".to_owned())]);
    let sealed =
        bench.engine.vault().seal(id, "The shop".to_owned(), kind, vec!["127.0.0.1".to_owned()], fields).unwrap();
    bench.storage.replace_credential(id, sealed).await.unwrap();
    bench.clock.advance_ms(1_000);
    bench.idle().await;
    assert_eq!(bench.status(run).await, RunStatus::Succeeded);
}
