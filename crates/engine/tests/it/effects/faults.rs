//! What goes wrong on the way, and how it is told.

use engine::effects::EffectSettings;
use model::ErrorCode;
use nodes::effect::Effect;
use tokio::net::TcpListener;

use super::server::{Answer, Server};
use super::{CallSettings, Outside, local_settings, request};

#[tokio::test]
async fn a_broken_connection_is_told_apart_and_worth_a_retry() {
    let outside = Outside::local().await;
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n";
    for (name, answer, expected) in [
        ("reset", None, "broke the connection off"),
        ("empty", Some(""), "closed the connection without an answer"),
        ("short", Some(whole), "broke off before its end"),
        ("malformed chunk", Some(chunked), "broke off before its end"),
    ] {
        let server = Server::start(move |_| answer.map_or(Answer::Reset, |text| Answer::Raw(text.into()))).await;
        let error = outside.send(request("POST", &server.url("/"))).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (ErrorCode::Connection, true), "{name}: {error}");
        assert!(error.message.starts_with(&format!("POST to {}", server.address)), "{name}: {error}");
        assert!(error.message.contains(expected), "{name}: {error}");
        assert_eq!(server.received().len(), 1, "{name}: a request must not be repeated behind the engine's back");
    }
}

#[tokio::test]
async fn a_refused_connection_names_the_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Outside::local().await.send(request("GET", &format!("http://{address}/"))).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Connection, true));
    assert!(error.message.contains(&address.to_string()) && error.message.contains("refused"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_not_worth_a_retry() {
    let server = Server::start(|_| Answer::Raw(b"220 mail.test ESMTP ready\r\n".to_vec())).await;
    let error = Outside::local().await.send(request("GET", &server.url("/"))).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Response, false), "{error}");
    assert!(error.message.contains("not HTTP"), "{error}");
}

#[tokio::test]
async fn a_service_that_never_finishes_is_cut_off_in_time() {
    let outside = Outside::local().await;
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun"] {
        let server = Server::start(move |_| Answer::Hang(head.into())).await;
        let call = CallSettings { timeout_ms: 200, ..CallSettings::default() };
        let failure = outside.carry_out(Effect::Http(request("GET", &server.url("/"))), call).await.unwrap_err();
        assert_eq!((failure.error.code, failure.error.retryable), (ErrorCode::Timeout, true));
        assert!(failure.error.message.contains("200 ms"), "{}", failure.error);
        let exchange = failure.exchange.unwrap();
        assert_eq!(exchange.request["method"], "GET");
        assert_eq!(exchange.response.get("status").is_some(), !head.is_empty());
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut_off_at_the_limit() {
    let outside = Outside::open(EffectSettings { max_response_bytes: 100_000, ..local_settings() }).await;
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n";
    let endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    for (head, goes_on) in [(announced, false), (endless, true)] {
        let server = Server::start(move |_| {
            if goes_on { Answer::Endless(head.into(), vec![b'x'; 4096]) } else { Answer::Hang(head.into()) }
        })
        .await;
        let error = outside.send(request("GET", &server.url("/"))).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (ErrorCode::TooLarge, false), "{head}: {error}");
        assert!(error.message.contains("100000"), "{error}");
    }
}

#[tokio::test]
async fn an_address_inside_is_refused_by_number_and_by_name() {
    let outside = Outside::open(EffectSettings::default()).await;
    let server = Server::echo().await;
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let error = outside.send(request("GET", &format!("http://{host}:{port}/"))).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (ErrorCode::AddressRefused, false), "{host}: {error}");
        assert!(error.message.contains("STELLWERK_OUTGOING_ALLOW"), "{error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn an_unknown_host_is_worth_a_retry() {
    let error = Outside::local().await.send(request("GET", "https://no-such-host.invalid/")).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Dns, true), "{error}");
    assert!(error.message.contains("no-such-host.invalid"), "{error}");
}
