//! The list of workflows: making them, and what its menu does.

use serde_json::{Value, json};

use super::person::Person;
use crate::outside::http::Request;
use crate::outside::product::Product;

fn first_id(product: &Product) -> String {
    product.get("/workflows")["items"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_empty_account_is_led_to_an_address_that_answers() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    let page = person.read("/");
    for text in ["Ihr erster Ablauf", "Mit einem Webhook beginnen", "Kontaktformular", "aria-current=\"page\""] {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert!(Person::signed_in(&product, "en").read("/").contains("Start with a webhook"));
    let editor = person.submit("/workflows", &[("template", "webhook")]);
    let id = editor.strip_prefix("/workflows/").unwrap();
    assert_eq!(product.get(&format!("/workflows/{id}"))["name"], "Neuer Ablauf");
    product.post(&product.webhook(id), &json!({"id": 1})).must_be(202);
    person.read(&editor);
    let list = person.read("/");
    assert!(list.contains(&product.webhook(id)) && list.contains("Entwurf"), "{list}");
    let unknown =
        person.post("/workflows", &[("csrf", super::person::token(&person.open("/"))), ("template", "x".into())]);
    assert_eq!(unknown.status, 422);
}

#[test]
fn every_template_runs_at_once_with_its_own_sample_and_nothing_set_up() {
    let product = Product::start(&[("STELLWERK_OUTGOING_ALLOW", "")]);
    for language in ["en", "de"] {
        let person = Person::signed_in(&product, language);
        for template in ["contact_form", "paid_order", "new_customer"] {
            let editor = person.submit("/workflows", &[("template", template)]);
            let id = editor.strip_prefix("/workflows/").unwrap();
            let samples = product.get(&format!("/workflows/{id}/samples"));
            let sample = &samples["items"][0]["value"];
            let wish = json!({"version": "draft", "node": samples["items"][0]["node"], "sample": sample});
            let receipt = product.api("POST", &format!("/workflows/{id}/run"), Some(&wish)).must_be(202);
            let run = product.finished(&receipt["run"]);
            assert_eq!(run["status"], "succeeded", "{template} in {language}: {run:#}");
            let steps = run["steps"].as_array().unwrap();
            assert!(steps.iter().all(|step| step["status"] == "succeeded"), "{template} in {language}: {run:#}");
            assert!(person.read(&format!("/runs/{}", run["id"].as_str().unwrap())).contains("step-"));
        }
    }
    let mails = product.get("/outbox");
    let subjects: Vec<_> = mails["items"].as_array().unwrap().iter().map(|mail| mail["subject"].clone()).collect();
    assert!(subjects.contains(&json!("Danke für Ihre Bestellung A-1042")), "{subjects:?}");
}

#[test]
fn deleting_asks_nothing_and_can_be_undone() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &webhook());
    let person = Person::signed_in(&product, "en");
    let after = person.submit(&format!("/workflows/{}/delete", flow.workflow), &[]);
    assert_eq!(after, format!("/?notice=active_workflow_deleted&of={}", flow.workflow));
    product.post(&flow.path, &json!({})).must_be(404);
    let page = person.read(&after);
    let undo = format!("/workflows/{}/restore?active=true", flow.workflow);
    assert!(page.contains(&format!("action=\"{undo}\"")) && page.contains("Undo"), "{page}");
    let back = person.submit(&undo, &[]);
    assert!(person.read(&back).contains("back and active"));
    let state = || product.get(&format!("/workflows/{}", flow.workflow))["state"].clone();
    assert_eq!(state(), "active");
    assert_eq!(product.post(&flow.path, &json!({})).must_be(202)["status"], "accepted");

    // What was paused comes back paused, and a link that was kept activates nothing that is there.
    person.submit(&format!("/workflows/{}/pause", flow.workflow), &[]);
    person.submit(&undo, &[]);
    assert_eq!(state(), "paused");
    let after = person.submit(&format!("/workflows/{}/delete", flow.workflow), &[]);
    assert_eq!(after, format!("/?notice=workflow_deleted&of={}", flow.workflow));
    person.submit(&format!("/workflows/{}/restore", flow.workflow), &[]);
    assert_eq!(state(), "paused");
    // Paused, the address keeps what comes in.
    assert_eq!(product.post(&flow.path, &json!({})).must_be(202)["status"], "kept");
}

#[test]
fn a_workflow_begins_with_a_webhook_a_schedule_or_by_hand() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    let page = person.read("/");
    for beginning in ["webhook", "schedule", "manual"] {
        assert!(page.contains(&format!("name=\"template\" value=\"{beginning}\"")), "{page}");
        let editor = person.submit("/workflows", &[("template", beginning)]);
        let id = editor.strip_prefix("/workflows/").unwrap().split('?').next().unwrap();
        let nodes = product.get(&format!("/workflows/{id}"))["definition"]["nodes"].clone();
        assert_eq!((nodes.as_array().unwrap().len(), &nodes[0]["type"]), (1, &json!(beginning)));
    }
}

#[test]
fn a_workflow_is_paused_activated_and_duplicated_from_its_menu() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &webhook());
    let person = Person::signed_in(&product, "de");
    let state = || product.get(&format!("/workflows/{}", flow.workflow))["state"].clone();
    let menu = |action: &str| person.submit(&format!("/workflows/{}/{action}", flow.workflow), &[]);
    assert!(person.read(&menu("pause")).contains("Der Ablauf ist angehalten."));
    assert_eq!(state(), "paused");
    menu("activate");
    assert_eq!(state(), "active");
    menu("duplicate");
    let list = person.read("/");
    assert!(list.contains("Order paid (Kopie)") && list.contains("Aktiv") && list.contains("Entwurf"), "{list}");
    let draft = first_id(&product);
    let token = super::person::token(&person.open("/"));
    let refused = person.post(&format!("/workflows/{draft}/activate"), &[("csrf", token)]);
    assert!((400..500).contains(&refused.status), "a draft has nothing to run: {}", refused.status);
}

#[test]
fn what_was_exported_can_be_imported_and_faults_are_told() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "en");
    let id = product.create("Bestellung \"Köln\"", &webhook());
    let file = person.open(&format!("/workflows/{id}/export.json"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"bestellung-koeln.json\"");
    assert_eq!(file.json()["name"], "Bestellung \"Köln\"");
    let made = person.import(&file.text(), "");
    assert_eq!(made.status, 303, "{}", made.text());
    let copy = made.header("location").strip_prefix("/workflows/").unwrap();
    assert_ne!(copy, id);
    let copy = product.get(&format!("/workflows/{copy}"));
    assert_eq!(copy["definition"], product.get(&format!("/workflows/{id}"))["definition"]);
    assert_eq!(person.import("", &webhook().to_string()).status, 303);
    let odd = person.import("", "</textarea><script>alert(1)</script>");
    assert_eq!(odd.status, 422);
    assert!(odd.text().contains("This is not JSON") && !odd.text().contains("<script>alert"), "{}", odd.text());
    assert!(person.import("", r#"{"nodes": [{"id": "a", "type": "x", "colour": 1}]}"#).text().contains("colour"));
    assert!(person.import("", " ").text().contains("Choose a file"));
}

#[test]
fn no_form_is_taken_without_its_token_and_no_page_without_a_session() {
    let product = Product::start(&[]);
    let id = product.create("Order paid", &webhook());
    let person = Person::signed_in(&product, "en");
    for action in ["duplicate", "activate", "pause", "delete", "restore"] {
        let refused = person.post(&format!("/workflows/{id}/{action}"), &[("csrf", "00".into())]);
        assert_eq!(refused.status, 403, "{action}");
    }
    assert_eq!(person.post("/workflows", &[("template", "webhook".into())]).status, 403);
    assert_eq!(product.get("/workflows")["items"].as_array().unwrap().len(), 1);
    for path in ["/", "/runs?status=dead", "/workflows/import", &format!("/workflows/{id}/export.json")] {
        let answer = product.send(&crate::outside::http::Request::new("GET", path));
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
    }
    let answer = product.send(&crate::outside::http::Request::new("GET", "/runs?status=dead"));
    assert_eq!(answer.header("location"), "/sign-in?next=%2Fruns%3Fstatus%3Ddead");
}

#[test]
fn a_name_is_never_markup_and_the_list_can_be_searched() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "en");
    product.create("<script>alert(1)</script>", &webhook());
    for number in 0..60 {
        product.create(&format!("Order {number}"), &json!({"nodes": [{"id": "x", "type": "http.request"}]}));
    }
    let first = person.read("/");
    assert!(!first.contains("alert(1)") && first.contains("/?page=2") && first.contains("2 problems"), "{first}");
    let second = person.read("/?page=2");
    assert!(second.contains("alert(1)") && !second.contains("<script>alert"), "{second}");
    let found = person.read("/?search=ORDER+59");
    assert!(found.contains("Order 59") && !found.contains("Order 58"));
    assert!(person.read("/?search=nothing").contains("No workflow has this in its name"));
}

#[test]
fn the_list_weighs_less_than_30_kilobytes_with_all_that_it_loads() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    for number in 0..20 {
        product.create(&format!("Order {number}"), &webhook());
    }
    let page = person.read("/");
    let loaded =
        page.split('"').filter(|part| part.starts_with("/assets/")).map(|part| part.split('#').next().unwrap());
    let loaded: std::collections::BTreeSet<_> = loaded.collect();
    assert!(loaded.len() >= 4, "{loaded:?}");
    let total = person.weight("/") + loaded.iter().map(|path| person.weight(path)).sum::<usize>();
    assert!(total <= 30_000, "{total} bytes with {loaded:?}");
}

fn webhook() -> Value {
    json!({"nodes": [{"id": "order", "type": "webhook"}]})
}

#[test]
fn what_an_editor_looks_things_up_in_is_kept_by_the_browser_and_shown_to_nobody_else() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    let editor = person.submit("/workflows", &[("template", "webhook")]);
    let page = person.read(&editor);
    for (name, word) in [("texts", "Wiederholungen"), ("catalogue", "http.request"), ("functions", "signature")] {
        let Some(start) = page.find(&format!("/editor/{name}.de.")) else {
            assert!(page.contains("callout warn"), "without the editor's files the page says so");
            return;
        };
        let address = page[start..].split('"').next().unwrap();
        let answer = person.open(address);
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{address}");
        assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
        assert!(answer.text().contains(word), "{word} is missing in {address}");
        if name == "catalogue" {
            let part = person.open(&format!("{address}?names=filter"));
            assert!(
                part.text().contains("\"filter\"") && !part.text().contains("\"http.request\""),
                "only what was asked for"
            );
        }
        let outdated = person.open(&format!("/editor/{name}.de.00000000.json"));
        assert_eq!((outdated.status, outdated.header("cache-control")), (200, "no-store"), "an old page still works");
        let stranger = product.send(&Request::new("GET", address));
        assert_ne!(stranger.status, 200, "{address}");
    }
    assert_eq!(person.open("/editor/secrets.de.00000000.json").status, 404);
    assert!(!page.contains("\"http.request\""), "the page carries the node types of its own steps only");
}
