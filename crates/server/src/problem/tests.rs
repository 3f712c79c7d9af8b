use std::collections::BTreeSet;

use actix_web::http::{StatusCode, header};
use actix_web::test as http_test;
use actix_web::{App, ResponseError, web};
use serde_json::{Value, json};

use super::*;
use crate::webhooks::body;

async fn document(problem: &Problem) -> Value {
    let response = problem.error_response();
    assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), MEDIA_TYPE);
    let bytes = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[actix_web::test]
async fn a_problem_carries_the_standard_members_and_leaves_out_the_rest() {
    let shown = document(&Problem::not_found("run")).await;
    let expected = json!({
        "type": "urn:stellwerk:problem:not_found", "title": "Not found", "status": 404, "code": "not_found",
        "detail": "There is no run here.",
    });
    assert_eq!(shown, expected);
}

#[actix_web::test]
async fn every_problem_of_a_draft_is_told_with_its_node() {
    let draft = model::Problem::of_node(&"a".into(), "invalid_retry", "Too many.").at("retry.attempts");
    let shown = document(&Problem::invalid_definition(vec![draft])).await;
    assert_eq!(shown["problems"][0]["node"], "a");
    assert_eq!(shown["problems"][0]["parameter"], "retry.attempts");
}

#[actix_web::test]
async fn an_unexpected_error_tells_an_id_and_not_its_reason() {
    let shown = document(&Problem::unexpected("disk on fire")).await;
    assert_eq!(shown["status"], 500);
    assert!(shown["detail"].as_str().unwrap().contains(shown["error_id"].as_str().unwrap()));
    assert!(!shown.to_string().contains("fire"));
}

#[test]
fn codes_are_unique_and_have_an_error_status() {
    let codes: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ProblemCode::ALL.len());
    assert!(ProblemCode::ALL.iter().all(|code| (400..=599).contains(&code.status())));
}

#[test]
fn programs_are_told_in_english_and_people_in_their_language() {
    let said = Problem::said(ProblemCode::InvalidRequest, "problem.replay.no_step", &[("node", &"tell")]);
    let german = said.words(Texts::of(Language::De));
    assert!(said.document().detail.starts_with("That version has no step “tell”"), "{said}");
    assert!(german.starts_with("Diese Version hat") && german.contains("„tell“"), "{german}");
    let plain = Problem::wrong_state("Only so.");
    assert_eq!(plain.words(Texts::of(Language::De)), "Only so.");
    let other = Problem::wrong_state("POST /answer").for_people("problem.decided", &[]);
    assert_eq!(
        (other.document().detail.as_str(), other.words(Texts::of(Language::En)).contains("decided")),
        ("POST /answer", true)
    );
}

#[test]
fn headers_say_what_to_do_next() {
    let header_of =
        |problem: Problem, name| problem.error_response().headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header_of(Problem::unavailable(7), header::RETRY_AFTER), "7");
    assert_eq!(header_of(Problem::method_not_allowed(&["GET", "PUT"]), header::ALLOW), "GET, PUT");
    assert!(header_of(Problem::unauthenticated(), header::WWW_AUTHENTICATE).starts_with("Bearer"));
}

#[actix_web::test]
async fn a_body_that_cannot_be_read_keeps_its_place() {
    let limits =
        body::Limits { max_decompressed_bytes: 100, max_depth: 5, max_values: 5, max_files: 1, max_file_bytes: 10 };
    let error = body::parse(Some("application/json"), None, b"{\n oops}", &limits).unwrap_err();
    let shown = document(&error.into()).await;
    assert_eq!(shown["code"], "invalid_body");
    assert_eq!(shown["position"], json!({ "line": 2, "column": 2, "byte": 3 }));
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: u32,
}

#[actix_web::test]
async fn what_an_extractor_refuses_is_a_problem() {
    let app = App::new()
        .configure(|config| extractor_errors(config, 64))
        .route("/json", web::post().to(|json: web::Json<Limit>| async move { json.limit.to_string() }))
        .route("/query", web::get().to(|query: web::Query<Limit>| async move { query.limit.to_string() }))
        .route("/path/{id}", web::get().to(|id: web::Path<uuid::Uuid>| async move { id.to_string() }));
    let app = http_test::init_service(app).await;
    let post = |body: &str| {
        http_test::TestRequest::post()
            .uri("/json")
            .insert_header(header::ContentType::json())
            .set_payload(body.to_owned())
    };
    let cases = [
        (post("{"), "invalid_json"),
        (post("{\"limit\": \"x\"}"), "invalid_request"),
        (post("{\"limit\": 1, \"more\": 1}"), "invalid_request"),
        (post(&" ".repeat(65)), "too_large"),
        (http_test::TestRequest::post().uri("/json").set_payload("{}"), "unsupported_media_type"),
        (http_test::TestRequest::get().uri("/query?limit=x"), "invalid_query"),
        (http_test::TestRequest::get().uri("/path/17"), "not_found"),
    ];
    for (request, code) in cases {
        let response = http_test::call_service(&app, request.to_request()).await;
        assert_ne!(response.status(), StatusCode::OK);
        let shown: Value = http_test::read_body_json(response).await;
        assert_eq!(shown["code"], code, "{shown}");
    }
}
