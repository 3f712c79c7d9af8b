//! Who may sign in, and the tokens of programs.

use actix_web::HttpRequest;
use actix_web::test::TestRequest;
use model::UserId;
use server::auth::{NewOwner, NewPerson, SignedIn};
use server::problem::{Problem, ProblemCode};
use storage::UserRecord;

use crate::support::Server;

const PASSWORD: &str = "correct horse";

async fn with_owner() -> (Server, UserRecord) {
    let server = Server::with(&[]).await;
    let owner = NewOwner { email: "owner@example.com".to_owned(), password: PASSWORD.to_owned(), language: None };
    let owner = server.accounts.create_owner(owner).await.unwrap();
    (server, owner)
}

fn request() -> HttpRequest {
    TestRequest::default().peer_addr("192.0.2.1:1000".parse().unwrap()).to_http_request()
}

fn person(email: &str, password: &str) -> NewPerson {
    NewPerson { email: email.to_owned(), password: password.to_owned(), language: None }
}

async fn sign_in(server: &Server, email: &str, password: &str) -> Result<SignedIn, Problem> {
    let (user, session) = server.accounts.sign_in(&request(), email, password.to_owned()).await?;
    Ok(SignedIn { user, session, csrf: String::new(), open_dead_letters: 0 })
}

fn fault(problem: &Problem) -> (ProblemCode, Option<&str>) {
    (problem.code(), problem.document().parameter.as_deref())
}

#[actix_web::test]
async fn a_password_is_changed_by_whoever_knows_it_and_other_browsers_are_signed_out() {
    let (server, owner) = with_owner().await;
    let here = sign_in(&server, &owner.email, PASSWORD).await.unwrap();
    let elsewhere = sign_in(&server, &owner.email, PASSWORD).await.unwrap();
    let change = async |current: &str, new: &str| {
        server.accounts.change_password(&request(), &here, current.to_owned(), new.to_owned()).await
    };
    let wrong = change("wrong horse", "battery staple").await.unwrap_err();
    assert_eq!(fault(&wrong), (ProblemCode::WrongCredentials, Some("current")));
    let short = change(PASSWORD, "short").await.unwrap_err();
    assert_eq!(fault(&short), (ProblemCode::InvalidRequest, Some("password")));
    assert!(server.storage.session(&elsewhere.session.hash()).await.unwrap().is_some());
    change(PASSWORD, "battery staple").await.unwrap();
    assert!(server.storage.session(&here.session.hash()).await.unwrap().is_some());
    assert!(server.storage.session(&elsewhere.session.hash()).await.unwrap().is_none());
    assert!(sign_in(&server, &owner.email, PASSWORD).await.is_err());
    assert!(sign_in(&server, &owner.email, "battery staple").await.is_ok());
}

#[actix_web::test]
async fn guessing_the_present_password_is_limited_like_signing_in() {
    let (server, owner) = with_owner().await;
    let here = sign_in(&server, &owner.email, PASSWORD).await.unwrap();
    let mut codes = Vec::new();
    for number in 0..12 {
        let guess = format!("guess number {number}");
        let changed = server.accounts.change_password(&request(), &here, guess, "battery staple".to_owned()).await;
        codes.push(changed.unwrap_err().code());
    }
    assert_eq!((codes[0], codes[11]), (ProblemCode::WrongCredentials, ProblemCode::TooManyRequests));
}

#[actix_web::test]
async fn the_owner_adds_and_removes_people_and_nobody_else_does() {
    let (server, owner) = with_owner().await;
    let accounts = &server.accounts;
    let ada = accounts.add_user(&owner, person("Ada@Example.com", "first password")).await.unwrap();
    assert_eq!((ada.email.as_str(), ada.is_owner), ("ada@example.com", false));
    let session = sign_in(&server, "ada@example.com", "first password").await.unwrap().session;
    for (wish, expected) in [
        (person("nobody", "first password"), (ProblemCode::InvalidRequest, Some("email"))),
        (person("bob@example.com", "short"), (ProblemCode::InvalidRequest, Some("password"))),
        (person("ada@example.com", "other password"), (ProblemCode::AlreadyExists, None)),
    ] {
        assert_eq!(fault(&accounts.add_user(&owner, wish).await.unwrap_err()), expected);
    }
    let by_ada = accounts.add_user(&ada, person("bob@example.com", "first password")).await.unwrap_err();
    assert_eq!(by_ada.code(), ProblemCode::Forbidden);
    assert_eq!(accounts.remove_user(&ada, owner.id).await.unwrap_err().code(), ProblemCode::Forbidden);
    assert_eq!(accounts.remove_user(&owner, owner.id).await.unwrap_err().code(), ProblemCode::WrongState);
    assert_eq!(accounts.remove_user(&owner, UserId::generate()).await.unwrap_err().code(), ProblemCode::NotFound);

    let (_, token) = accounts.create_api_token("Ada's script", Some(ada.id)).await.unwrap();
    accounts.remove_user(&owner, ada.id).await.unwrap();
    assert_eq!(accounts.users().await.unwrap(), [owner]);
    assert!(server.storage.session(&session.hash()).await.unwrap().is_none());
    assert_eq!(accounts.token_holder(&token).await.unwrap_err().code(), ProblemCode::Unauthenticated);
}

#[actix_web::test]
async fn a_token_works_until_it_is_revoked() {
    let (server, owner) = with_owner().await;
    let accounts = &server.accounts;
    for name in ["", "  ", &"x".repeat(101)] {
        let refused = accounts.create_api_token(name, None).await.unwrap_err();
        assert_eq!(fault(&refused), (ProblemCode::InvalidRequest, Some("name")));
    }
    let (record, token) = accounts.create_api_token(" The shop ", Some(owner.id)).await.unwrap();
    assert_eq!((record.name.as_str(), record.created_by), ("The shop", Some(owner.id)));
    assert!(accounts.token_holder(&token).await.is_ok());
    accounts.revoke_api_token(record.id).await.unwrap();
    assert!(accounts.token_holder(&token).await.is_err());
    assert!(accounts.api_tokens().await.unwrap()[0].revoked_at.is_some());
}
