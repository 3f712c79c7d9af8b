use std::sync::Arc;

use model::Timestamp;
use model::clock::ManualClock;
use tempfile::TempDir;

use super::*;
use crate::{Role, Storage, StorageError, StorageSettings};

async fn storage() -> (Storage, ManualClock, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp(1_700_000_000_000));
    let settings = StorageSettings::for_directory(directory.path());
    let storage = Storage::open(settings, Role::Server, Arc::new(clock.clone())).await.unwrap();
    (storage, clock, directory)
}

fn user(email: &str, is_owner: bool) -> NewUser {
    NewUser { email: email.to_owned(), password_hash: "hash".to_owned(), is_owner, language: None }
}

#[tokio::test]
async fn an_address_has_one_account_and_a_server_one_owner() {
    let (storage, _, _directory) = storage().await;
    assert!(!storage.has_owner().await.unwrap());
    let owner = storage.create_user(user(" Ada@Example.com ", true)).await.unwrap();
    assert_eq!((owner.email.as_str(), owner.is_owner), ("ada@example.com", true));
    assert!(storage.has_owner().await.unwrap());
    let again = storage.create_user(user("ADA@example.com", false)).await;
    assert!(matches!(again, Err(StorageError::AlreadyExists { .. })));
    let second = storage.create_user(user("bob@example.com", true)).await;
    assert!(matches!(second, Err(StorageError::AlreadyExists { what: "an owner" })));
    let (found, hash) = storage.user_with_password_hash("Ada@example.COM").await.unwrap().unwrap();
    assert_eq!((found, hash.as_str()), (owner.clone(), "hash"));
    storage.set_user_language(owner.id, "de").await.unwrap();
    assert_eq!(storage.users().await.unwrap()[0].language.as_deref(), Some("de"));
    assert_eq!(storage.user_with_password_hash("nobody@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn two_owners_made_at_once_become_one() {
    let (storage, _, _directory) = storage().await;
    let (one, other) = tokio::join!(
        storage.create_user(user("a@example.com", true)),
        storage.create_user(user("b@example.com", true)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    assert_eq!(storage.users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_ends_by_time_by_signing_out_and_by_a_new_password() {
    let (storage, clock, _directory) = storage().await;
    let owner = storage.create_user(user("a@example.com", true)).await.unwrap();
    let later = |ms| storage.now().plus_ms(ms);
    for hash in [[1; 32], [2; 32], [3; 32]] {
        storage.create_session(hash, owner.id, later(1_000)).await.unwrap();
    }
    assert_eq!(storage.session(&[1; 32]).await.unwrap().unwrap().user, owner);
    assert_eq!(storage.session(&[9; 32]).await.unwrap(), None);
    storage.delete_session([2; 32]).await.unwrap();
    assert_eq!(storage.session(&[2; 32]).await.unwrap(), None);
    storage.extend_session([3; 32], later(5_000)).await.unwrap();
    clock.advance_ms(1_000);
    assert_eq!(storage.session(&[1; 32]).await.unwrap(), None);
    assert_eq!(storage.delete_expired_sessions().await.unwrap(), 1);
    assert!(storage.session(&[3; 32]).await.unwrap().is_some());
    storage.set_password("a@example.com", "new".to_owned()).await.unwrap();
    assert_eq!(storage.session(&[3; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_token_counts_until_it_is_revoked_and_its_use_is_noted_once_a_minute() {
    let (storage, clock, _directory) = storage().await;
    let new = NewApiToken { name: "shop".to_owned(), hash: [7; 32], created_by: None };
    let token = storage.create_api_token(new).await.unwrap();
    let used = async || storage.api_token(&[7; 32]).await.unwrap().unwrap();
    storage.note_api_token_use(&token).await.unwrap();
    let first_use = used().await.last_used_at;
    assert_eq!(first_use, Some(storage.now()));
    clock.advance_ms(59_999);
    storage.note_api_token_use(&used().await).await.unwrap();
    assert_eq!(used().await.last_used_at, first_use);
    clock.advance_ms(1);
    storage.note_api_token_use(&used().await).await.unwrap();
    assert_eq!(used().await.last_used_at, Some(storage.now()));
    let revoked_at = storage.revoke_api_token(token.id).await.unwrap().revoked_at;
    assert_eq!(storage.api_token(&[7; 32]).await.unwrap(), None);
    clock.advance_ms(1);
    assert_eq!(storage.revoke_api_token(token.id).await.unwrap().revoked_at, revoked_at);
    assert_eq!(storage.api_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_schema_is_the_latest_one() {
    let (storage, _, _directory) = storage().await;
    assert!(storage.schema_version().await.unwrap().starts_with('m'));
}
