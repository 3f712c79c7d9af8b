//! One person found, given out and erased across everything that is kept.

use std::sync::Arc;

use model::{FileId, MailId, NodeId, Subject};
use serde_json::{Value, json};
use storage::queue::{GivenParams, Parsed};
use storage::{AttemptRecord, ContactInput, NewFile, NewMail, RunFilter, SampleSource, SubjectCounts};

use crate::support::{Bench, bench};

const ADDRESS: &str = "ann@example.com";

fn ann() -> Subject {
    Subject::parse("Ann@Example.com").unwrap()
}

/// A run for an event about Ann, with a big output and a request that mention her.
async fn run_about_ann(bench: &Bench, body: Value) {
    bench.storage.queue().accept(bench.event(body)).await.unwrap();
    for claim in bench.claim_all().await {
        let output = json!({"name": "Ann Miller", "mail": ADDRESS, "filler": "f".repeat(3_000)});
        let mut progress = bench.progress("look_up", output);
        let exchange = json!({
            "request": {"url": "https://crm.example/?q=ann%40example.com", "body": "name=Ann+Miller"},
            "response": {"status": 200, "body": "b".repeat(1_000)},
        });
        progress.attempts = vec![AttemptRecord { exchanges: vec![exchange], ..progress.attempts.remove(0) }];
        bench.storage.queue().record(claim.lease, progress, bench.end()).await.unwrap();
    }
}

/// Everything that is in the database file and its log, as text.
fn on_disk(bench: &Bench) -> String {
    let file = crate::support::settings(&bench.folder).database_file();
    let log = file.with_file_name("stellwerk.sqlite-wal");
    let mut bytes = std::fs::read(file).unwrap();
    bytes.extend(std::fs::read(log).unwrap_or_default());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_person_is_erased_from_events_and_runs_while_rows_and_other_people_stay() {
    let bench = bench().await;
    bench.publish_with(json!({"personal": ["name", "$.trigger.body.phone"], "search": ["email"]})).await;
    let body = json!({"email": "ANN@example.com", "name": "Ann Miller", "phone": 491_512_345, "total": 12,
        "friends": [{"name": "Bob Stone", "email": "bob@example.com"}]});
    run_about_ann(&bench, body).await;
    let other = json!({"email": "joanna@example.com", "name": "Joanna Hill"});
    bench.storage.queue().accept(bench.event(other)).await.unwrap();
    bench.finish(&bench.claim_all().await.remove(0)).await;
    bench.execute("UPDATE runs SET error = '{\"message\":\"mail to ann@example.com\"}' WHERE id = 2").await;
    let named = bench.storage.search_fields().await.unwrap();
    while bench.storage.enter_fields(&named).await.unwrap() > 0 {}

    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    let expected = SubjectCounts { events: 2, runs: 2, steps: 1, attempts: 1, ..SubjectCounts::default() };
    assert_eq!(findings.counts, expected);
    assert_eq!(bench.storage.erase_subject(&ann(), &findings).await.unwrap(), 0);

    let runs = bench.storage.runs(&RunFilter { limit: 9, ..RunFilter::default() }).await.unwrap();
    assert_eq!(runs.len(), 2);
    let event = bench.storage.event_content(runs[1].event).await.unwrap();
    let expected = json!({"email": "[erased]", "name": "[erased]", "phone": "[erased]", "total": 12,
        "friends": [{"name": "Bob Stone", "email": "bob@example.com"}]});
    assert_eq!(event.body, expected);
    let steps = bench.storage.run_steps(runs[1].key).await.unwrap();
    let output = steps[0].output.as_ref().unwrap();
    assert_eq!((&output["name"], &output["mail"]), (&json!("[erased]"), &json!("[erased]")));
    assert_eq!(output["filler"].as_str().unwrap().len(), 3_000);
    let attempts = bench.storage.run_attempts(runs[1].key).await.unwrap();
    let request = &attempts[0].exchanges[0]["request"];
    assert_eq!(*request, json!({"url": "https://crm.example/?q=[erased]", "body": "name=[erased]"}));
    // The other case mentions her in one place only, and is about somebody else.
    let other = bench.storage.event_content(runs[0].event).await.unwrap();
    assert_eq!(other.body, json!({"email": "joanna@example.com", "name": "Joanna Hill"}));
    assert_eq!(runs[0].error, Some(json!({"message": "mail to [erased]"})));

    let again = bench.storage.find_subject(&ann()).await.unwrap();
    assert!(again.counts.is_nothing(), "{:?}", again.counts);
    assert_eq!(bench.number("SELECT COUNT(*) FROM event_fields").await, 2, "those of the others");
    let on_disk = on_disk(&bench);
    for gone in ["\"ANN@example.com", "Ann Miller", "q=ann%40example.com", "491512345"] {
        assert!(!on_disk.contains(gone), "{gone} is still on the disk");
    }
    assert!(on_disk.contains("joanna@example.com"));
}

#[tokio::test]
async fn forms_files_and_headers_are_erased_as_well_as_json() {
    let bench = bench().await;
    let file = NewFile {
        id: FileId::generate(),
        name: "ann.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: b"about her".to_vec(),
    };
    let mut new = bench.event(json!({"mail": ADDRESS, "paper": {"file_id": file.id, "name": "ann.txt"}}));
    let event = Arc::make_mut(&mut new.event);
    event.headers.insert("x-user".to_owned(), json!(ADDRESS));
    event.query.insert("m".to_owned(), json!([ADDRESS, "x"]));
    let id = event.id;
    new.raw_body = b"mail=ann%40example.com&paper=...".to_vec();
    new.parsed = Parsed::Beside;
    new.dedup_key = Some(format!("order of {ADDRESS}"));
    new.files = vec![file.clone()];
    bench.storage.queue().accept(new).await.unwrap();
    for claim in bench.claim_all().await {
        bench.finish(&claim).await;
    }
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    bench.storage.erase_subject(&ann(), &findings).await.unwrap();
    let record = bench.storage.event(id).await.unwrap();
    let content = bench.storage.event_content(id).await.unwrap();
    assert_eq!(content.body["mail"], "[erased]");
    assert_eq!((&content.headers["x-user"], &content.query["m"]), (&json!("[erased]"), &json!(["[erased]", "x"])));
    assert!(!record.delivery_id.unwrap().contains("ann"));
    assert_eq!(bench.storage.event_raw_body(id).await.unwrap().1, b"[erased]");
    let stored = bench.storage.load_file(file.id).await.unwrap().unwrap();
    assert_eq!((stored.name.as_str(), stored.bytes.len()), ("[erased]", 0));
}

#[tokio::test]
async fn what_a_person_gave_a_step_to_work_with_is_found_kept_for_the_run_and_erased() {
    let bench = bench().await;
    let given = |mail: &str| {
        let Value::Object(params) = json!({"to": mail, "copies": 2}) else { unreachable!() };
        GivenParams::from([(NodeId::from("tell"), params)])
    };
    let mut event = bench.event(json!({"id": 7}));
    Bench::start_of(&mut event).given = given(ADDRESS);
    let claim = bench.claim_of(event).await;
    assert_eq!(claim.given, given(ADDRESS));
    bench.finish(&claim).await;
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    assert_eq!(findings.counts, SubjectCounts { events: 1, runs: 1, ..SubjectCounts::default() });
    bench.storage.erase_subject(&ann(), &findings).await.unwrap();
    let runs = bench.storage.runs(&RunFilter { limit: 9, ..RunFilter::default() }).await.unwrap();
    assert_eq!(runs[0].given, given("[erased]"));
    assert!(!on_disk(&bench).contains(ADDRESS));
}

#[tokio::test]
async fn what_is_not_over_is_left_alone_and_told() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({"email": ADDRESS}))).await.unwrap();
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    assert_eq!((findings.counts.events, findings.counts.unfinished_runs), (1, 1));
    bench.storage.erase_subject(&ann(), &findings).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    assert_eq!(claim.event.body, json!({"email": ADDRESS}), "the run still works with the real value");
    bench.finish(&claim).await;
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    bench.storage.erase_subject(&ann(), &findings).await.unwrap();
    assert_eq!(bench.storage.event_content(claim.event.id).await.unwrap().body, json!({"email": "[erased]"}));
}

#[tokio::test]
async fn a_run_that_waits_again_meanwhile_keeps_its_data() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!({"email": ADDRESS}))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    bench.finish(&claim).await;
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    bench.execute("INSERT INTO queue (run_id, due_at, epoch) VALUES (1, 0, 9)").await;
    assert_eq!(bench.storage.erase_subject(&ann(), &findings).await.unwrap(), 1);
    assert_eq!(bench.storage.event_content(claim.event.id).await.unwrap().body, json!({"email": ADDRESS}));
}

#[tokio::test]
async fn contacts_mails_tables_and_samples_are_found_given_out_and_erased() {
    let bench = bench().await;
    let storage = &bench.storage;
    let contact = |email: &str| ContactInput {
        email: email.to_owned(),
        name: Some("Ann Miller".to_owned()),
        ..ContactInput::default()
    };
    storage.upsert_contact(contact(ADDRESS)).await.unwrap();
    storage.upsert_contact(contact("bob@example.com")).await.unwrap();
    let mail = NewMail {
        run: None,
        node: "tell".into(),
        sender: "shop@example.com".to_owned(),
        recipients: vec![ADDRESS.to_owned()],
        subject: "Dear Ann".to_owned(),
        message: b"To: ann@example.com\r\n\r\nHello".to_vec(),
        dedup_key: MailId::generate().to_string(),
    };
    storage.add_mail(mail).await.unwrap();
    let sample = json!({"body": {"email": ADDRESS}});
    storage.set_sample(bench.workflow.key, "order".into(), SampleSource::Edited, None, sample).await.unwrap();
    bench
        .execute(
            "INSERT INTO tables (id, public_id, name, columns, created_at, updated_at) VALUES (1, x'00000000000000000000000000000001', 't', '[]', 0, 0);
             INSERT INTO table_rows (id, table_id, key, data, created_at, updated_at) VALUES
               (7, 1, 'ann@example.com', '{\"mail\":\"ann@example.com\",\"n\":1}', 0, 0), (8, 1, 'b', '{\"n\":2}', 0, 0)",
        )
        .await;
    let findings = storage.find_subject(&ann()).await.unwrap();
    let expected = SubjectCounts { contacts: 1, mails: 1, table_rows: 1, samples: 1, ..SubjectCounts::default() };
    assert_eq!(findings.counts, expected);
    let exported = storage.export_subject(&ann(), &findings).await.unwrap();
    assert_eq!(exported["contacts"][0]["name"], "Ann Miller");
    assert_eq!(exported["mails"][0]["subject"], "Dear Ann");
    assert_eq!(exported["table_rows"][0]["data"], json!({"mail": ADDRESS, "n": 1}));
    assert_eq!(exported["samples"][0]["value"]["body"]["email"], ADDRESS);

    storage.erase_subject(&ann(), &findings).await.unwrap();
    assert!(storage.find_subject(&ann()).await.unwrap().counts.is_nothing());
    assert_eq!(bench.number("SELECT COUNT(*) FROM contacts WHERE name IS NOT NULL").await, 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM contacts").await, 2);
    assert_eq!(bench.number("SELECT COUNT(*) FROM outbox WHERE subject = '[erased]'").await, 1);
    assert_eq!(bench.number("SELECT json_extract(data, '$.n') FROM table_rows WHERE key = '[erased] 7'").await, 1);
    let samples = storage.samples(bench.workflow.key).await.unwrap();
    assert_eq!(samples[0].value, json!({"body": {"email": "[erased]"}}));
}

#[tokio::test]
async fn what_is_given_out_holds_the_real_values_of_events_runs_and_attempts() {
    let bench = bench().await;
    bench.publish_with(json!({"personal": ["name"]})).await;
    run_about_ann(&bench, json!({"email": ADDRESS, "name": "Ann Miller"})).await;
    bench.storage.queue().accept(bench.event(json!({"email": ADDRESS}))).await.unwrap();
    let findings = bench.storage.find_subject(&ann()).await.unwrap();
    let exported = bench.storage.export_subject(&ann(), &findings).await.unwrap();
    assert_eq!((&exported["subject"], &exported["left_out"]), (&json!(ADDRESS), &json!(0)));
    let [event] = exported["events"].as_array().unwrap().as_slice() else { panic!("only what is over") };
    assert_eq!(event["body"], json!({"email": ADDRESS, "name": "Ann Miller"}));
    let step = &event["runs"][0]["steps"][0];
    assert_eq!(step["output"]["name"], "Ann Miller");
    assert_eq!(step["attempts"][0]["exchanges"][0]["request"]["body"], "name=Ann+Miller");
}

#[tokio::test]
async fn big_exchanges_lie_compressed_aside_and_come_back_whole() {
    let bench = bench().await;
    bench.storage.queue().accept(bench.event(json!(1))).await.unwrap();
    let claim = bench.claim_all().await.remove(0);
    let exchange = json!({"request": {"body": "abc ".repeat(2_000)}});
    let mut progress = bench.progress("call", json!(1));
    progress.attempts[0].exchanges = vec![exchange.clone()];
    bench.storage.queue().record(claim.lease, progress, bench.end()).await.unwrap();
    let aside = "SELECT MAX(length(p.bytes)) FROM attempts a JOIN payloads p ON p.id = a.exchanges_payload_id \
                 WHERE a.exchanges IS NULL";
    let bytes = bench.number(aside).await;
    assert!((1..400).contains(&bytes), "{bytes}");
    let run = bench.storage.run(claim.run).await.unwrap();
    assert_eq!(bench.storage.run_attempts(run.key).await.unwrap()[0].exchanges, [exchange]);
    let all = storage::Sweep { workflow_key: None, before: bench.storage.now().plus_ms(1) };
    while bench.storage.sweep(all, 10).await.unwrap() > 0 {}
    assert_eq!(bench.number("SELECT COUNT(*) FROM payloads").await, 0, "they go with their run");
}
