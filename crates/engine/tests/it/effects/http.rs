//! Requests and answers as they should be.

use nodes::effect::{Effect, HttpBody, Part, ResponseFormat};
use serde_json::{Value, json};

use super::server::{Answer, Server};
use super::{CallSettings, Outside, local_settings, request};

#[tokio::test]
async fn every_kind_of_body_arrives_as_it_was_meant() {
    let outside = Outside::local().await;
    let server = Server::echo().await;
    let file = outside.file("bericht.csv", "text/csv", b"a;b\r\n1;2\r\n").await;
    for (body, content_type, sent) in [
        (HttpBody::None, None, ""),
        (HttpBody::Json(json!({ "ä": [1, null] })), Some("application/json"), "{\"ä\":[1,null]}"),
        (
            HttpBody::Form(vec![("a b".to_owned(), "1&2".to_owned()), ("ü".to_owned(), String::new())]),
            Some("application/x-www-form-urlencoded"),
            "a+b=1%262&%C3%BC=",
        ),
        (HttpBody::Text("grüße".to_owned()), Some("text/plain; charset=utf-8"), "grüße"),
        (HttpBody::File(file), Some("text/csv"), "a;b\r\n1;2\r\n"),
    ] {
        let reply =
            outside.send(nodes::effect::HttpRequest { body, ..request("POST", &server.url("/")) }).await.unwrap();
        assert_eq!(reply.status, 200);
        let received = server.received().pop().unwrap();
        assert_eq!((received.header("content-type"), received.text().as_str()), (content_type, sent));
    }
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_part_among_fields() {
    let outside = Outside::local().await;
    let server = Server::echo().await;
    let file = outside.file("Grüße \"1\".txt", "text/plain", b"\x00\xff--").await;
    let mut upload = request("POST", &server.url("/upload"));
    upload.body = HttpBody::Multipart(vec![
        Part { name: "note\r\nX: y".to_owned(), value: Some("hello".to_owned()), file: None },
        Part { name: "file".to_owned(), value: None, file: Some(file) },
    ]);
    outside.send(upload).await.unwrap();

    let received = server.received().pop().unwrap();
    let boundary = received.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"note%0D%0AX: y\"\r\n\r\nhello\r\n").as_bytes(),
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Grüße %221%22.txt\"\r\n")
            .as_bytes(),
        b"Content-Type: text/plain\r\n\r\n\x00\xff--\r\n",
        format!("--{boundary}--\r\n").as_bytes(),
    ]
    .concat();
    assert_eq!(received.body, expected);
}

#[tokio::test]
async fn header_fields_query_and_idempotency_key_are_sent() {
    let outside = Outside::local().await;
    let server = Server::echo().await;
    let mut custom = request("put", &server.url("/x?a=1"));
    custom.query = vec![("b".to_owned(), "2 3".to_owned())];
    custom.headers = vec![("X-Twice".to_owned(), "1".to_owned()), ("X-Twice".to_owned(), "2".to_owned())];
    outside.send(custom.clone()).await.unwrap();
    custom.safe_to_repeat = true;
    outside.send(custom.clone()).await.unwrap();
    custom.safe_to_repeat = false;
    custom.headers = vec![("Idempotency-Key".to_owned(), "my own".to_owned())];
    outside.send(custom).await.unwrap();

    let received = server.received();
    assert_eq!(received[0].line, "PUT /x?a=1&b=2+3 HTTP/1.1");
    assert_eq!(received[0].headers.iter().filter(|(name, _)| name == "x-twice").count(), 2);
    assert!(received[0].header("user-agent").unwrap().starts_with("Stellwerk/"));
    let keys: Vec<_> = received.iter().map(|request| request.header("idempotency-key")).collect();
    assert_eq!(keys, [Some("key-1"), None, Some("my own")]);
}

#[tokio::test]
async fn an_answer_comes_back_in_the_form_that_was_asked_for() {
    let outside = Outside::local().await;
    for (format, content_type, body, expected) in [
        (
            ResponseFormat::Auto,
            "application/json",
            &b"{\"n\":9007199254740993}"[..],
            json!({ "n": 9_007_199_254_740_993_u64 }),
        ),
        (ResponseFormat::Auto, "application/json", b"not json", json!("not json")),
        (ResponseFormat::Auto, "text/plain; charset=iso-8859-1", b"gr\xfc\xdfe", json!("grüße")),
        (ResponseFormat::Auto, "text/plain", b"", Value::Null),
        (ResponseFormat::Json, "text/html", b"[1,2]", json!([1, 2])),
        (ResponseFormat::Text, "application/json", b"[1,2]", json!("[1,2]")),
    ] {
        let server = Server::start(move |_| Answer::of(200, &[("Content-Type", content_type)], body)).await;
        let mut get = request("GET", &server.url("/"));
        get.response = format;
        assert_eq!(outside.send(get).await.unwrap().body, expected, "{format:?} {content_type}");
    }
}

#[tokio::test]
async fn a_binary_answer_is_stored_as_a_file() {
    let outside = Outside::local().await;
    let server = Server::start(|_| {
        let headers = [("Content-Type", "application/pdf"), ("Content-Disposition", "attachment; filename=\"r.pdf\"")];
        Answer::of(200, &headers, b"%PDF\x00\xff")
    })
    .await;
    let reply = outside.send(request("GET", &server.url("/report"))).await.unwrap();
    let reference: nodes::effect::FileRef = serde_json::from_value(reply.body).unwrap();
    assert_eq!(
        (reference.name.as_str(), reference.content_type.as_str(), reference.size),
        ("r.pdf", "application/pdf", 6)
    );
    let stored = outside.storage.load_file(reference.file_id).await.unwrap().unwrap();
    assert_eq!(stored.bytes, b"%PDF\x00\xff");
}

#[tokio::test]
async fn an_answer_that_should_be_json_and_is_not_fails_unless_its_status_says_enough() {
    let outside = Outside::local().await;
    for (status, succeeds) in [(200, false), (502, true)] {
        let server =
            Server::start(move |_| Answer::of(status, &[("Content-Type", "text/html")], "<h1>Oops</h1>")).await;
        let mut get = request("GET", &server.url("/"));
        get.response = ResponseFormat::Json;
        match outside.send(get).await {
            Ok(reply) => assert!(succeeds && reply.body == json!("<h1>Oops</h1>"), "{status}"),
            Err(error) => {
                assert!(!succeeds, "{status}");
                assert_eq!((error.code, error.retryable), (model::ErrorCode::Response, false));
                assert_eq!(error.details.unwrap()["body"], "<h1>Oops</h1>");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_compressed_without_being_asked_is_never_taken_for_text() {
    let outside = Outside::local().await;
    let server = Server::start(|received| {
        assert_eq!(received.header("accept-encoding"), None);
        Answer::of(200, &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")], b"\x1f\x8b\x08")
    })
    .await;
    let mut get = request("GET", &server.url("/data"));
    assert_eq!(outside.send(get.clone()).await.unwrap().body["size"], 3);
    get.response = ResponseFormat::Json;
    let error = outside.send(get).await.unwrap_err();
    assert!(error.message.contains("compressed"), "{error}");
}

#[tokio::test]
async fn the_time_to_wait_is_read_from_seconds_and_from_a_date() {
    let outside = Outside::local().await;
    for (value, expected) in
        [("3", Some(3000)), ("Sun, 01 Mar 2026 12:00:30 GMT", Some(30_000)), ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0))]
    {
        let server = Server::start(move |_| Answer::of(429, &[("Retry-After", value)], "slow down")).await;
        let reply = outside.send(request("GET", &server.url("/"))).await.unwrap();
        assert_eq!((reply.status, reply.retry_after_ms), (429, expected), "{value}");
    }
}

#[tokio::test]
async fn the_history_shows_what_was_sent_and_what_came_back_shortened() {
    let settings = engine::effects::EffectSettings { exchange_excerpt_bytes: 10, ..local_settings() };
    let outside = Outside::open(settings).await;
    let server = Server::start(|_| {
        Answer::of(200, &[("Content-Type", "text/plain"), ("Set-Cookie", "session=abc")], "0123456789abcdef")
    })
    .await;
    let mut post = request("POST", &server.url("/x"));
    post.body = HttpBody::Text("fedcba9876543210".to_owned());
    post.headers = vec![("Authorization".to_owned(), "typed by hand".to_owned())];
    let done = outside.carry_out(Effect::Http(post), CallSettings::default()).await.unwrap();

    let (sent, got) = (&done.exchange.request, &done.exchange.response);
    assert_eq!((&sent["method"], &sent["url"]), (&json!("POST"), &json!(server.url("/x"))));
    assert_eq!(sent["headers"]["authorization"], "•••");
    assert_eq!(sent["body"], "fedcba9876… (16 bytes in all)");
    assert_eq!((&got["status"], &got["headers"]["set-cookie"]), (&json!(200), &json!("•••")));
    assert_eq!(got["body"], "0123456789… (16 bytes in all)");
    assert!(got["duration_ms"].is_u64());
    assert_eq!(super::http_reply(done).body, "0123456789abcdef");
}

#[tokio::test]
async fn a_request_that_is_too_large_or_names_a_lost_file_is_not_sent() {
    let settings = engine::effects::EffectSettings { max_request_bytes: 100, ..local_settings() };
    let outside = Outside::open(settings).await;
    let server = Server::echo().await;
    let large = outside.file("large.bin", "application/octet-stream", &[0; 101]).await;
    let lost = nodes::effect::FileRef { file_id: model::FileId::generate(), ..large.clone() };
    let part = Part { name: "f".to_owned(), value: None, file: Some(large.clone()) };
    for (body, code) in [
        (HttpBody::Text("x".repeat(101)), model::ErrorCode::TooLarge),
        (HttpBody::File(large), model::ErrorCode::TooLarge),
        (HttpBody::Multipart(vec![part]), model::ErrorCode::TooLarge),
        (HttpBody::File(lost), model::ErrorCode::FileMissing),
    ] {
        let mut post = request("POST", &server.url("/"));
        post.body = body;
        let error = outside.send(post).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (code, false), "{error}");
    }
    assert!(server.received().is_empty());
}
