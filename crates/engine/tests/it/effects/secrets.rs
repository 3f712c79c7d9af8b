//! A secret never comes back and never goes where it does not belong.

use model::ErrorCode;
use nodes::effect::{Effect, HttpBody, ResponseFormat};
use nodes::manifest::Apply;
use serde_json::json;

use super::server::{Answer, Received, Server};
use super::{CallSettings, Outside, bearer, credential, request};

const SECRET: &str = "s3cr3t/\"ü+&% <x>";

fn applies() -> Vec<Apply> {
    vec![
        Apply::Header { name: "X-Token".to_owned(), value: "Token {secret}".to_owned() },
        Apply::Basic { username: "ann".to_owned(), password: "{secret}".to_owned() },
        Apply::Query { name: "key".to_owned(), value: "{secret}".to_owned() },
    ]
}

/// Repeats the whole request in a header, and in the body as JSON or as text.
fn echo(received: &Received) -> Answer {
    let all: Vec<String> = received.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let all = format!("{} {}", received.line, all.join(" "));
    let plain = if received.path().starts_with("/json") {
        json!({ "seen": all, SECRET: { "url": received.path() }, "again": SECRET }).to_string()
    } else {
        format!("{all} {SECRET}")
    };
    let kind = if received.path().starts_with("/json") { "application/json" } else { "text/plain" };
    Answer::of(200, &[("Content-Type", kind), ("X-Seen", &all)], plain)
}

/// Every form in which the secret may appear, written out by hand and not by the code under test.
const FORMS: [&str; 4] = ["s3cr3t", "YW5uOnMzY3IzdC8i", "czNjcjN0LyL", "s3cr3t%2F%22%C3%BC%2B%26%25"];

#[tokio::test]
async fn a_service_that_echoes_the_secret_does_not_give_it_away() {
    let outside = Outside::local().await;
    let server = Server::start(echo).await;
    for apply in applies() {
        let credential = credential(apply.clone(), &["127.0.0.1"], &[("secret", SECRET, true)]);
        for (path, format) in [
            ("/json", ResponseFormat::Auto),
            ("/json", ResponseFormat::Text),
            ("/text", ResponseFormat::Text),
            ("/text", ResponseFormat::Bytes),
        ] {
            let mut get = request("GET", &server.url(path));
            get.response = format;
            let done = outside.carry_out(Effect::Http(get), CallSettings::with(&credential)).await.unwrap();
            let shown = format!("{:?}", done.exchange);
            let reply = super::http_reply(done);
            let mut everything = format!("{shown} {reply:?}");
            if format == ResponseFormat::Bytes {
                let id = reply.body["file_id"].as_str().unwrap().parse().unwrap();
                let stored = outside.storage.load_file(id).await.unwrap().unwrap();
                everything.push_str(&String::from_utf8_lossy(&stored.bytes));
            }
            assert!(everything.contains("•••"), "{apply:?} {path} {format:?}");
            for form in FORMS {
                assert!(!everything.contains(form), "{apply:?} {path} {format:?}: {form} in {everything}");
            }
        }
    }
    // The service did get it, or the test would prove nothing.
    let lines = format!("{:?}", server.received());
    assert!(lines.contains("Token s3cr3t") && lines.contains("key=s3cr3t") && lines.contains("Basic YW5uOnMzY3IzdC8i"));
}

#[tokio::test]
async fn neither_an_error_nor_a_redirect_gives_the_secret_away() {
    let outside = Outside::local().await;
    let key = Apply::Query { name: "key".to_owned(), value: "{secret}".to_owned() };
    let credential = credential(key, &["127.0.0.1"], &[("secret", "abcd-1234", true)]);
    let server = Server::start(|received| {
        if received.path().starts_with("/again") {
            Answer::redirect(302, &format!("/html?from={}", received.path().replace("/again?", "")))
        } else {
            Answer::of(200, &[("Content-Type", "text/html")], format!("<p>{}</p>", received.path()))
        }
    })
    .await;
    let mut get = request("GET", &server.url("/again"));
    get.response = ResponseFormat::Json;
    let failure = outside.carry_out(Effect::Http(get), CallSettings::with(&credential)).await.unwrap_err();
    assert_eq!(failure.error.code, ErrorCode::Response);
    let everything = format!("{failure:?}");
    assert!(!everything.contains("abcd-1234") && everything.contains("•••"), "{everything}");
    assert!(server.received()[1].path().contains("abcd-1234"));
}

#[tokio::test]
async fn a_credential_is_sent_only_to_the_hosts_it_was_made_for() {
    let outside = Outside::local().await;
    let server = Server::echo().await;
    let credential = bearer("token-1234", &["api.example.com"]);
    let mut post = request("POST", &server.url("/"));
    post.body = HttpBody::Text("x".to_owned());
    let error = outside.send_with(post, CallSettings::with(&credential)).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::HostRefused, false));
    assert!(
        error.message.contains(&server.address.to_string()) && error.message.contains("api.example.com"),
        "{error}"
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_node_reaches_only_its_own_hosts_or_those_of_its_credential() {
    let outside = Outside::local().await;
    let server = Server::echo().await;
    let credential = bearer("token-1234", &["127.0.0.1"]);
    let reach = |allowed: &[&str], with: bool| CallSettings {
        credential: with.then_some(&credential),
        allowed_hosts: allowed.iter().map(ToString::to_string).collect(),
        ..CallSettings::default()
    };
    for (call, reached) in [
        (reach(&[], false), false),
        (reach(&[], true), true),
        (reach(&["api.example.com"], true), false),
        (reach(&["127.0.0.1"], false), true),
        (reach(&["*"], false), true),
    ] {
        let result = outside.send_with(request("GET", &server.url("/")), call).await;
        match result {
            Ok(_) => assert!(reached),
            Err(error) => assert!(!reached && error.code == ErrorCode::HostRefused, "{error}"),
        }
    }
}
