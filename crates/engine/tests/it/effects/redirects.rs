//! Redirects, hop by hop.

use model::ErrorCode;
use nodes::effect::{Effect, HttpBody};
use serde_json::json;

use super::server::{Answer, Server};
use super::{CallSettings, Outside, bearer, request};

#[tokio::test]
async fn a_redirect_within_the_same_origin_keeps_the_credential() {
    let outside = Outside::local().await;
    let server = Server::start(|received| match received.path() {
        "/old" => Answer::redirect(307, "/new"),
        _ => Answer::of(200, &[], received.text()),
    })
    .await;
    let credential = bearer("token-1234", &["127.0.0.1"]);
    let mut post = request("POST", &server.url("/old"));
    post.body = HttpBody::Text("kept".to_owned());
    let done = outside.carry_out(Effect::Http(post), CallSettings::with(&credential)).await.unwrap();

    let received = server.received();
    assert_eq!(received[1].line, "POST /new HTTP/1.1");
    assert_eq!(received[1].header("authorization"), Some("Bearer token-1234"));
    assert_eq!(done.exchange.response["redirects"], json!([{ "status": 307, "location": server.url("/new") }]));
    let reply = super::http_reply(done);
    assert_eq!((reply.body, reply.url), (json!("kept"), server.url("/new")));
}

#[tokio::test]
async fn a_redirect_to_another_origin_leaves_every_secret_behind() {
    let outside = Outside::local().await;
    let elsewhere = Server::echo().await;
    let target = elsewhere.url("/caught");
    let server = Server::start(move |_| Answer::redirect(308, &target)).await;
    let credential = bearer("token-1234", &["127.0.0.1"]);
    let mut post = request("POST", &server.url("/"));
    post.body = HttpBody::Text("kept".to_owned());
    post.headers = vec![("Cookie".to_owned(), "a=b".to_owned()), ("X-Api-Key".to_owned(), "k".to_owned())];
    outside.send_with(post, CallSettings::with(&credential)).await.unwrap();

    let caught = elsewhere.received().pop().unwrap();
    assert_eq!((caught.line.as_str(), caught.text().as_str()), ("POST /caught HTTP/1.1", "kept"));
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(caught.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_redirect_cannot_lead_past_the_rules() {
    let server = Server::start(|received| match received.path() {
        "/metadata" => Answer::redirect(302, "http://169.254.169.254/latest/meta-data/"),
        "/file" => Answer::redirect(302, "file:///etc/passwd"),
        "/elsewhere" => Answer::redirect(302, "https://elsewhere.invalid/"),
        _ => Answer::redirect(302, "/circle"),
    })
    .await;
    let outside = Outside::local().await;
    for (path, code) in [
        ("/metadata", ErrorCode::AddressRefused),
        ("/file", ErrorCode::Response),
        ("/circle", ErrorCode::Response),
        ("/elsewhere", ErrorCode::HostRefused),
    ] {
        let mut allowed_hosts = vec!["127.0.0.1".to_owned()];
        if path == "/metadata" {
            allowed_hosts = vec!["*".to_owned()];
        }
        let call = CallSettings { allowed_hosts, ..CallSettings::default() };
        let error = outside.send_with(request("GET", &server.url(path)), call).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (code, false), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_request_can_ask_to_see_the_redirect_itself_or_for_fewer_of_them() {
    let outside = Outside::local().await;
    let server = Server::start(|received| match received.path() {
        "/2" => Answer::redirect(303, "/1"),
        "/1" => Answer::redirect(301, "/0"),
        _ => Answer::of(200, &[], received.line.clone()),
    })
    .await;
    let with = |redirects| nodes::effect::HttpRequest { redirects, ..request("POST", &server.url("/2")) };

    let reply = outside.send(with(Some(0))).await.unwrap();
    assert_eq!((reply.status, &reply.headers["location"]), (303, &json!("/1")));
    assert_eq!(outside.send(with(Some(1))).await.unwrap_err().code, ErrorCode::Response);
    assert_eq!(outside.send(with(None)).await.unwrap().body, "GET /0 HTTP/1.1");
}
