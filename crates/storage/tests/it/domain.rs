//! Workflows, contacts, mails, files and the search for runs.

use model::{Definition, FileId, NodeId, RunId};
use serde_json::json;
use storage::{ContactInput, ContactResult, EventFilter, NewFile, NewMail, RunFilter, StorageError, WebhookNode};

use crate::support::bench;

#[tokio::test]
async fn a_change_that_started_from_an_old_revision_is_refused() {
    let bench = bench().await;
    let id = bench.workflow.id;
    let changed = bench.storage.update_workflow(id, 1, Some("New name".to_owned()), None, Vec::new()).await.unwrap();
    assert_eq!((changed.revision, changed.name.as_str()), (2, "New name"));
    let late = bench.storage.update_workflow(id, 1, Some("Late".to_owned()), None, Vec::new()).await;
    assert!(matches!(late, Err(StorageError::RevisionConflict { current: 2 })));
    let late = bench.storage.publish_workflow(id, 1, None).await;
    assert!(matches!(late, Err(StorageError::RevisionConflict { current: 2 })));
}

#[tokio::test]
async fn publishing_an_unchanged_draft_keeps_its_version() {
    let bench = bench().await;
    let id = bench.workflow.id;
    let (_, same) = bench.storage.publish_workflow(id, 1, None).await.unwrap();
    assert_eq!(same.version, 1);
    let draft: Definition = serde_json::from_value(json!({"nodes": []})).unwrap();
    bench.storage.update_workflow(id, 1, None, Some(draft.clone()), Vec::new()).await.unwrap();
    let (workflow, next) = bench.storage.publish_workflow(id, 2, Some("ada@example.com".to_owned())).await.unwrap();
    assert_eq!((next.version, workflow.published_version), (2, Some(2)));
    assert_eq!(bench.storage.definition(next.definition_key).await.unwrap(), draft);
    assert_eq!(bench.storage.versions(workflow.key).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_webhook_keeps_its_address_when_its_readable_part_changes() {
    let bench = bench().await;
    let before = bench.storage.endpoints(bench.workflow.key).await.unwrap();
    assert_eq!(before[0].slug, "order-paid");
    let renamed = WebhookNode { node: "order".to_owned(), slug: Some("Neue Bestellung".to_owned()) };
    bench.storage.update_workflow(bench.workflow.id, 1, None, None, vec![renamed]).await.unwrap();
    let after = bench.storage.endpoints(bench.workflow.key).await.unwrap();
    assert_eq!((after[0].id, after[0].slug.as_str(), after.len()), (before[0].id, "neue-bestellung", 1));
}

#[tokio::test]
async fn a_deleted_workflow_is_nowhere_and_its_address_leads_nowhere() {
    let bench = bench().await;
    let endpoint = bench.storage.endpoints(bench.workflow.key).await.unwrap().remove(0);
    assert!(bench.storage.endpoint_target(endpoint.id).await.unwrap().is_some());
    bench.storage.delete_workflow(bench.workflow.id).await.unwrap();
    assert!(bench.storage.endpoint_target(endpoint.id).await.unwrap().is_none());
    assert!(matches!(bench.storage.workflow(bench.workflow.id).await, Err(StorageError::NotFound { .. })));
    assert!(bench.storage.workflows().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_contact_is_created_then_unchanged_then_updated() {
    let bench = bench().await;
    let ada = ContactInput {
        email: "Ada@Example.com".to_owned(),
        name: Some("Ada".to_owned()),
        fields: serde_json::from_value(json!({"source": "form"})).unwrap(),
        ..ContactInput::default()
    };
    let results = [
        bench.storage.upsert_contact(ada.clone()).await.unwrap().0,
        bench.storage.upsert_contact(ada.clone()).await.unwrap().0,
        bench.storage.upsert_contact(ContactInput { phone: Some("+49 30 1".to_owned()), ..ada }).await.unwrap().0,
    ];
    assert_eq!(results, [ContactResult::Created, ContactResult::Unchanged, ContactResult::Updated]);
    let found = bench.storage.find_contact(" ada@example.COM ").await.unwrap().unwrap();
    assert_eq!((found.name.as_deref(), found.phone.as_deref()), (Some("Ada"), Some("+49 30 1")));
    assert_eq!(found.fields["source"], "form");
}

#[tokio::test]
async fn a_mail_is_kept_once_however_often_its_step_is_tried() {
    let bench = bench().await;
    let mail = NewMail {
        run: Some(RunId::generate()),
        node: NodeId::from("tell"),
        sender: "shop@example.com".to_owned(),
        recipients: vec!["ada@example.com".to_owned()],
        subject: "Grüße".to_owned(),
        message: b"Subject: x\r\n\r\nHi".to_vec(),
        dedup_key: "run/tell".to_owned(),
    };
    let first = bench.storage.add_mail(mail.clone()).await.unwrap();
    assert_eq!(bench.storage.add_mail(mail).await.unwrap(), first);
    let kept = bench.storage.mails(None, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].subject.as_str()), (1, "Grüße"));
    let whole = bench.storage.mail(first).await.unwrap();
    assert_eq!((&whole.summary, &whole.message[..]), (&kept[0], &b"Subject: x\r\n\r\nHi"[..]));
}

#[tokio::test]
async fn a_file_that_came_with_an_event_is_stored_with_it() {
    let bench = bench().await;
    let id = FileId::generate();
    let mut event = bench.event(json!({"photo": {"file_id": id}}));
    event.files.push(NewFile { id, name: "a.png".to_owned(), content_type: "image/png".to_owned(), bytes: vec![1, 2] });
    bench.storage.queue().accept(event).await.unwrap();
    let file = bench.storage.load_file(id).await.unwrap().unwrap();
    assert_eq!((file.name.as_str(), file.bytes), ("a.png", vec![1, 2]));
    assert_eq!(bench.storage.load_file(FileId::generate()).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_is_found_by_its_ids_its_delivery_id_and_a_value_in_its_body() {
    let bench = bench().await;
    let queue = bench.storage.queue();
    let wanted = queue.accept(bench.delivery("evt_77")).await.unwrap();
    let mut big = bench.event(json!({"email": "ada@example.com"}));
    big.dedup_key = Some("other".to_owned());
    let other = queue.accept(big).await.unwrap();
    for (text, expected) in [
        (wanted.run.unwrap().to_string(), wanted.run),
        (wanted.event.to_string(), wanted.run),
        ("evt_77".to_owned(), wanted.run),
        ("ada@example.com".to_owned(), other.run),
        ("nobody".to_owned(), None),
    ] {
        let filter = RunFilter { text: Some(text.clone()), limit: 10, ..RunFilter::default() };
        let found: Vec<_> = bench.storage.runs(&filter).await.unwrap().into_iter().map(|run| run.id).collect();
        assert_eq!(found, Vec::from_iter(expected), "{text}");
    }
}

#[tokio::test]
async fn pages_of_runs_and_events_follow_each_other_without_gaps() {
    let bench = bench().await;
    for number in 0..5 {
        bench.storage.queue().accept(bench.event(json!(number))).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut before_key = None;
    loop {
        let filter = RunFilter { limit: 2, before_key, ..RunFilter::default() };
        let page = bench.storage.runs(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        before_key = Some(last.key);
        seen.extend(page.iter().map(|run| run.key));
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let filter = EventFilter { endpoint_key: Some(bench.endpoint_key), limit: 3, ..EventFilter::default() };
    assert_eq!(bench.storage.events(&filter).await.unwrap().len(), 3);
}
