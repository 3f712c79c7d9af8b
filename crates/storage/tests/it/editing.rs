//! What the browser needs: samples, deletion and its undoing, people, contacts, mails.

use std::sync::Arc;

use migrations::{Migrator, MigratorTrait as _};
use model::clock::ManualClock;
use model::{EventId, NodeId, UserId};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use storage::queue::Disposition;
use storage::{ContactFilter, ContactInput, NewApiToken, NewMail, NewUser, Role, SampleSource, Storage, StorageError};

use crate::support::{START, bench, settings};

#[tokio::test]
async fn each_node_has_one_sample_which_the_next_one_replaces() {
    let bench = bench().await;
    let (key, node) = (bench.workflow.key, NodeId::from("order"));
    let event = EventId::generate();
    let first = json!({"method": "POST", "body": {"id": 9_007_199_254_740_993_u64}});
    bench.storage.set_sample(key, node.clone(), SampleSource::Event, Some(event), first.clone()).await.unwrap();
    let kept = bench.storage.samples(key).await.unwrap();
    assert_eq!((kept.len(), &kept[0].value, kept[0].event), (1, &first, Some(event)));
    bench.clock.advance_ms(1_000);
    bench.storage.set_sample(key, node.clone(), SampleSource::Edited, None, json!(null)).await.unwrap();
    bench.storage.set_sample(key, NodeId::from("not-yet"), SampleSource::Test, None, json!([1])).await.unwrap();
    let kept = bench.storage.samples(key).await.unwrap();
    assert_eq!(kept.iter().map(|sample| sample.node.as_str()).collect::<Vec<_>>(), ["not-yet", "order"]);
    assert_eq!((kept[1].source, kept[1].event, &kept[1].value), (SampleSource::Edited, None, &json!(null)));
    assert_eq!(kept[1].updated_at, START.plus_ms(1_000));
    bench.storage.delete_sample(key, node.clone()).await.unwrap();
    assert!(matches!(bench.storage.delete_sample(key, node).await, Err(StorageError::NotFound { .. })));
    assert_eq!(bench.storage.samples(key).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_restored_workflow_has_its_address_its_versions_and_its_samples_but_is_paused() {
    let bench = bench().await;
    let id = bench.workflow.id;
    let endpoint = bench.storage.endpoints(bench.workflow.key).await.unwrap().remove(0);
    bench.storage.set_workflow_active(id, true).await.unwrap();
    let sample = (SampleSource::Edited, json!(1));
    bench.storage.set_sample(bench.workflow.key, NodeId::from("order"), sample.0, None, sample.1).await.unwrap();
    bench.storage.delete_workflow(id).await.unwrap();
    assert_eq!(bench.storage.endpoint_overview(START).await.unwrap(), []);
    assert!(bench.storage.workflow_activity(&[bench.workflow.key], START).await.unwrap().is_empty());

    let back = bench.storage.restore_workflow(id).await.unwrap();
    assert_eq!((back.active, back.published_version), (false, Some(1)));
    assert_eq!(bench.storage.endpoint_target(endpoint.id).await.unwrap().unwrap().endpoint, endpoint);
    assert_eq!(bench.storage.samples(back.key).await.unwrap().len(), 1);
    assert_eq!(bench.storage.published_definition(&back).await.unwrap(), Some(back.draft.clone()));
    assert_eq!(bench.storage.restore_workflow(id).await.unwrap(), back);
}

#[tokio::test]
async fn the_overview_of_addresses_counts_what_came_in_and_knows_the_latest() {
    let bench = bench().await;
    let mut old = bench.event(json!(1));
    old.disposition = Disposition::Keep;
    bench.storage.queue().accept(old).await.unwrap();
    bench.clock.advance_ms(5_000);
    bench.storage.queue().accept(bench.event(json!(2))).await.unwrap();
    let overview = bench.storage.endpoint_overview(START.plus_ms(1_000)).await.unwrap();
    let only = &overview[0];
    assert_eq!((only.recent_events, only.last_event_at), (1, Some(START.plus_ms(5_000))));
    assert_eq!((only.workflow_name.as_str(), only.is_published, only.active), ("Order paid", true, false));
}

#[tokio::test]
async fn a_removed_person_is_signed_out_and_its_tokens_are_revoked_but_the_owner_stays() {
    let bench = bench().await;
    let storage = &bench.storage;
    let user = |email: &str, is_owner| NewUser {
        email: email.to_owned(),
        password_hash: "hash".to_owned(),
        is_owner,
        language: None,
    };
    let owner = storage.create_user(user("owner@example.com", true)).await.unwrap();
    let ada = storage.create_user(user("ada@example.com", false)).await.unwrap();
    let later = START.plus_ms(1_000_000);
    storage.create_session([1; 32], ada.id, later).await.unwrap();
    storage.create_session([2; 32], ada.id, later).await.unwrap();
    let token = |hash, created_by| NewApiToken { name: "n".to_owned(), hash, created_by };
    storage.create_api_token(token([3; 32], Some(ada.id))).await.unwrap();
    storage.create_api_token(token([4; 32], Some(owner.id))).await.unwrap();

    storage.change_password(ada.id, "other".to_owned(), [2; 32]).await.unwrap();
    assert!(storage.session(&[1; 32]).await.unwrap().is_none());
    assert!(storage.session(&[2; 32]).await.unwrap().is_some());
    assert_eq!(storage.user_with_password_hash("ada@example.com").await.unwrap().unwrap().1, "other");

    storage.delete_user(ada.id).await.unwrap();
    assert!(storage.session(&[2; 32]).await.unwrap().is_none());
    assert!(storage.api_token(&[3; 32]).await.unwrap().is_none());
    assert!(storage.api_token(&[4; 32]).await.unwrap().is_some());
    assert!(matches!(storage.delete_user(owner.id).await, Err(StorageError::OwnerStays)));
    assert!(matches!(storage.delete_user(UserId::generate()).await, Err(StorageError::NotFound { .. })));
    assert_eq!(storage.users().await.unwrap(), [owner]);
}

#[tokio::test]
async fn contacts_are_searched_counted_and_removed() {
    let bench = bench().await;
    for (email, company) in [("ada@example.com", "Engine Ltd"), ("grace@example.com", "Navy"), ("alan@example.org", "")]
    {
        let company = Some(company.to_owned());
        let fields = serde_json::from_value(json!({"source": "Form 7"})).unwrap();
        let input = ContactInput { email: email.to_owned(), company, fields, ..ContactInput::default() };
        bench.storage.upsert_contact(input).await.unwrap();
    }
    let find = async |text: &str, after: Option<&str>| {
        let (text, after) = (Some(text.to_owned()), after.map(str::to_owned));
        let found = bench.storage.find_contacts(&ContactFilter { text, after, limit: 10 }).await.unwrap();
        found.into_iter().map(|contact| contact.email).collect::<Vec<_>>()
    };
    assert_eq!(find("ENGINE", None).await, ["ada@example.com"]);
    assert_eq!(find("example.com", Some("ada@example.com")).await, ["grace@example.com"]);
    assert_eq!(find("form 7", None).await.len(), 3);
    assert_eq!(find("100%", None).await, Vec::<String>::new());
    let ada = bench.storage.find_contact("ada@example.com").await.unwrap().unwrap();
    bench.storage.delete_contact(ada.id).await.unwrap();
    assert!(matches!(bench.storage.delete_contact(ada.id).await, Err(StorageError::NotFound { .. })));
    assert_eq!(bench.storage.count_contacts().await.unwrap(), 2);
}

#[tokio::test]
async fn kept_mails_are_removed_one_by_one_or_all_at_once() {
    let bench = bench().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let mail = NewMail {
            run: None,
            node: NodeId::from("tell"),
            sender: "shop@example.com".to_owned(),
            recipients: Vec::new(),
            subject: String::new(),
            message: Vec::new(),
            dedup_key: number.to_string(),
        };
        ids.push(bench.storage.add_mail(mail).await.unwrap());
    }
    assert_eq!(bench.storage.mail(ids[0]).await.unwrap().summary.run, None);
    bench.storage.delete_mail(ids[0]).await.unwrap();
    assert!(matches!(bench.storage.delete_mail(ids[0]).await, Err(StorageError::NotFound { .. })));
    assert_eq!(bench.storage.count_mails().await.unwrap(), 2);
    assert_eq!(bench.storage.delete_mails().await.unwrap(), 2);
    assert_eq!(bench.storage.count_mails().await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_from_before_the_samples_is_brought_up_to_date_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder);
    let connection =
        Database::connect(format!("sqlite://{}?mode=rwc", settings.database_file().display())).await.unwrap();
    Migrator::up(&connection, Some(5)).await.unwrap();
    let old = "INSERT INTO workflows (id, public_id, name, draft, revision, active, created_at, updated_at) \
               VALUES (7, randomblob(16), 'Old one', '{}', 1, 0, 1, 1)";
    connection.execute_unprepared(old).await.unwrap();
    connection.close().await.unwrap();
    let storage = Storage::open(settings, Role::Server, Arc::new(ManualClock::at(START))).await.unwrap();
    assert_eq!(storage.workflows().await.unwrap()[0].name, "Old one");
    storage.set_sample(7, NodeId::from("order"), SampleSource::Edited, None, json!(1)).await.unwrap();
    assert_eq!(storage.samples(7).await.unwrap().len(), 1);
}
