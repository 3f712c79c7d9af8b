//! Setting up, signing in and out, languages, errors and headers; what pages are for stands in the folder beside.

mod history;
pub(crate) mod person;
mod workflows;

use actix_web::http::{StatusCode, header};
use actix_web::test::TestRequest;
use server::auth::{ApiToken, NewOwner};
use storage::NewApiToken;

use crate::support::{Browser, Server};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse";

async fn with_owner(variables: &[(&str, &str)]) -> Server {
    let server = Server::with(variables).await;
    let owner = NewOwner { email: EMAIL.to_owned(), password: PASSWORD.to_owned(), language: None };
    assert!(server.accounts.prepare(Some(owner)).await.unwrap().is_none());
    server
}

#[actix_web::test]
async fn a_new_server_is_set_up_only_with_the_code_from_the_console() {
    let server = Server::with(&[]).await;
    let code = server.accounts.prepare(None).await.unwrap().expect("a new server has a code");
    let mut browser = Browser::new(server.app().await);
    assert_eq!(browser.open("/").await.header("location"), "/sign-in");
    assert_eq!(browser.open("/sign-in").await.header("location"), "/setup");
    browser.open("/setup").await.must_show("Set-up code");
    let wrong = browser.open("/setup?code=AAAA-AAAA").await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    wrong.must_show("not the code");
    let form = browser.open(&format!("/setup?code={}", code.reveal())).await;
    assert_eq!(form.status, StatusCode::OK);
    let fields = |code, password, repeated| {
        [("csrf", form.csrf()), ("code", code), ("email", EMAIL), ("password", password), ("repeated", repeated)]
    };
    let refused = browser.submit("/setup", &fields("AAAA-AAAA", PASSWORD, PASSWORD)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let short = browser.submit("/setup", &fields(code.reveal(), "short", "other")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.must_show("at least 10 characters");
    short.must_show("passwords differ");
    let made = browser.submit("/setup", &fields(code.reveal(), PASSWORD, PASSWORD)).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/"));
    browser.open("/").await.must_show(EMAIL);
    let again = browser.open(&format!("/setup?code={}", code.reveal())).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn signing_in_leads_where_one_wanted_to_go_and_out_again() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let page = browser.open("/sign-in?next=/%3Fview%3Dall").await;
    let csrf = page.csrf().to_owned();
    let fields = |password| {
        [("csrf", csrf.as_str()), ("email", " Owner@Example.com "), ("password", password), ("next", "/?view=all")]
    };
    let wrong = browser.submit("/sign-in", &fields("wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    wrong.must_show("E-mail address or password are wrong.");
    let right = browser.submit("/sign-in", &fields(PASSWORD)).await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, "/?view=all"));
    let home = browser.open("/").await;
    home.must_show("Make your first workflow");
    assert_eq!(browser.open("/api/v1/me").await.body, EMAIL);
    let out = browser.submit("/sign-out", &[("csrf", home.csrf())]).await;
    assert_eq!(out.header("location"), "/sign-in");
    assert!(!browser.has_cookie("stellwerk_session"));
    assert_eq!(browser.open("/").await.header("location"), "/sign-in");
}

#[actix_web::test]
async fn a_form_without_its_token_or_from_another_site_is_refused() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let page = browser.open("/sign-in").await;
    let fields = |csrf| [("csrf", csrf), ("email", EMAIL), ("password", PASSWORD), ("next", "/")];
    let missing = browser.submit("/sign-in", &fields("")).await;
    assert_eq!(missing.status, StatusCode::FORBIDDEN);
    missing.must_show("Please send that once more");
    let foreign = TestRequest::post().uri("/sign-in").insert_header(("sec-fetch-site", "cross-site"));
    let foreign = browser.send(foreign.set_form(fields(page.csrf()))).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    browser.forget_cookies();
    let without_cookie = browser.submit("/sign-in", &fields(page.csrf())).await;
    assert_eq!(without_cookie.status, StatusCode::FORBIDDEN);
}

#[actix_web::test]
async fn too_many_attempts_have_to_wait_even_with_the_right_password() {
    let server = with_owner(&[("STELLWERK_AUTH__SIGN_IN_ATTEMPTS_PER_MINUTE", "2")]).await;
    let mut browser = Browser::new(server.app().await);
    let csrf = browser.open("/sign-in").await.csrf().to_owned();
    let fields = |password| [("csrf", csrf.as_str()), ("email", EMAIL), ("password", password), ("next", "/")];
    for _ in 0..2 {
        assert_eq!(browser.submit("/sign-in", &fields("wrong")).await.status, StatusCode::UNAUTHORIZED);
    }
    browser.come_from("192.0.2.99:1");
    let refused = browser.submit("/sign-in", &fields(PASSWORD)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    refused.must_show("Try again in");
}

#[actix_web::test]
async fn a_program_calls_with_a_token_until_it_is_revoked() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let token = ApiToken::generate().unwrap();
    let new = NewApiToken { name: "shop".to_owned(), hash: token.hash(), created_by: None };
    let record = server.storage.create_api_token(new).await.unwrap();
    let call = |value: String| TestRequest::post().uri("/api/v1/me").insert_header((header::AUTHORIZATION, value));
    let answer = browser.send(call(format!("Bearer {}", token.reveal()))).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "token shop"));
    assert!(server.storage.api_token(&token.hash()).await.unwrap().unwrap().last_used_at.is_some());
    for wrong in
        ["", "Bearer", "Basic eDp5", "Bearer stw_x", &format!("Bearer {}", ApiToken::generate().unwrap().reveal())]
    {
        let answer = browser.send(call(wrong.to_owned())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    server.storage.revoke_api_token(record.id).await.unwrap();
    let revoked = browser.send(call(format!("Bearer {}", token.reveal()))).await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_cookie_alone_may_read_but_not_write() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let csrf = browser.open("/sign-in").await.csrf().to_owned();
    browser.submit("/sign-in", &[("csrf", &csrf), ("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(browser.open("/api/v1/me").await.status, StatusCode::OK);
    let bare = browser.send(TestRequest::post().uri("/api/v1/me")).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN);
    bare.must_show("cross_site");
    let csrf = browser.open("/").await.csrf().to_owned();
    let own = browser.send(TestRequest::post().uri("/api/v1/me").insert_header(("x-csrf-token", csrf))).await;
    assert_eq!((own.status, own.body.as_str()), (StatusCode::OK, EMAIL));
}

#[actix_web::test]
async fn a_new_password_signs_out_everywhere() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let csrf = browser.open("/sign-in").await.csrf().to_owned();
    browser.submit("/sign-in", &[("csrf", &csrf), ("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(browser.open("/").await.status, StatusCode::OK);
    let hash = server::auth::password::hash_now("another horse").unwrap();
    server.storage.set_password(EMAIL, hash).await.unwrap();
    assert_eq!(browser.open("/").await.header("location"), "/sign-in");
}

#[actix_web::test]
async fn programs_get_problems_and_people_get_pages() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await).speaking("de-DE,de;q=0.9");
    let page = browser.open("/nowhere").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
    page.must_show("Hier ist nichts");
    page.must_show("<html lang=\"de\">");
    let problem = browser.open("/api/v1/nowhere").await;
    assert_eq!((problem.status, problem.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let wrong_method = browser.send(TestRequest::delete().uri("/api/v1/me")).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    wrong_method.must_show("method_not_allowed");
    let wrong_method = browser.send(TestRequest::put().uri("/sign-in")).await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    wrong_method.must_show("Das geht hier nicht");
}

#[actix_web::test]
async fn a_workflow_may_answer_with_an_error_status_and_nothing_more() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let answer = browser.open("/hooks/v1/order/1").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, ""));
    let elsewhere = browser.open("/hooks/v1/order").await;
    assert_eq!(
        (elsewhere.status, elsewhere.header("content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
}

#[actix_web::test]
async fn a_chosen_language_stays() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    browser.open("/sign-in").await.must_show(">Sign in<");
    let answer = browser.open("/language/de?next=/sign-in").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    browser.open("/sign-in").await.must_show(">Anmelden<");
    assert_eq!(browser.open("/language/de?next=//evil.example").await.header("location"), "/");
    assert_eq!(browser.open("/language/xx").await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let server = with_owner(&[("STELLWERK_PUBLIC_URL", "https://flows.example")]).await;
    let mut browser = Browser::new(server.app().await);
    for path in ["/sign-in", "/nowhere", "/api/v1/me", "/"] {
        let answer = browser.open(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
    assert!(browser.has_cookie("__Host-stellwerk_form"), "with https cookies are bound to the host");
    let hook = browser.open("/hooks/v1/x/y").await;
    assert_eq!((hook.header("set-cookie"), hook.header("x-own")), ("", "kept"), "an answer sets no cookie of ours");
    assert!(hook.header("content-security-policy").starts_with("sandbox"), "an answer never acts as one of our pages");
}

#[actix_web::test]
async fn assets_are_kept_for_ever_under_the_hash_of_their_content() {
    let server = with_owner(&[]).await;
    let mut browser = Browser::new(server.app().await);
    let page = browser.open("/sign-in").await;
    let start = page.body.find("/assets/style.").unwrap();
    let path = &page.body[start..start + "/assets/style.00000000.css".len()];
    let style = browser.open(path).await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(style.header("cache-control").contains("immutable"));
    assert_eq!(browser.open("/assets/style.00000000.css").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.open("/assets/..%2FCargo.toml").await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn what_people_typed_is_never_markup() {
    let server = with_owner(&[]).await;
    let name = "<script>alert(1)</script>";
    server.storage.create_workflow(name, &model::Definition::default(), Vec::new()).await.unwrap();
    let mut browser = Browser::new(server.app().await);
    let csrf = browser.open("/sign-in").await.csrf().to_owned();
    let wrong = browser.submit("/sign-in", &[("csrf", &csrf), ("email", "\"><b>x"), ("password", "y")]).await;
    assert!(!wrong.body.contains("<b>x"));
    browser.submit("/sign-in", &[("csrf", &csrf), ("email", EMAIL), ("password", PASSWORD)]).await;
    let home = browser.open("/").await;
    assert!(home.body.contains("alert(1)") && !home.body.contains("<script>alert"), "{}", home.body);
}
