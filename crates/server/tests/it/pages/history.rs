//! The history of runs, and one run.

use serde_json::{Value, json};

use super::person::{Person, token};
use crate::outside::eventually;
use crate::outside::product::Product;

/// A workflow that stops with an error when it is told so.
fn flow() -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "bad", "type": "filter", "params": {"when": {"all": [
                {"left": "{{ $.trigger.body.bad }}", "op": "equals", "right": true},
            ]}}},
            {"id": "stop", "type": "stop_with_error", "title": "Give up <b>now</b>",
                "params": {"message": "No stock for {{ $.trigger.body.id }}"}},
        ],
        "edges": [{"from": "order", "to": "bad"}, {"from": "bad", "to": "stop"}],
    })
}

fn run(product: &Product, workflow: &str, body: &Value) -> String {
    let wish = json!({"sample": {"body": body}});
    let receipt = product.api("POST", &format!("/workflows/{workflow}/run"), Some(&wish)).must_be(202);
    product.finished(&receipt["run"])["id"].as_str().unwrap().to_owned()
}

/// Where the link with this relation leads.
fn link(page: &str, relation: &str) -> String {
    let (_, rest) = page.split_once(&format!("rel=\"{relation}\" href=\"")).unwrap_or_else(|| panic!("no {relation}"));
    rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

#[test]
fn pages_of_the_history_keep_their_filter_and_find_back() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &flow());
    let person = Person::signed_in(&product, "en");
    assert!(person.read("/runs").contains("No run yet"));
    let dead = run(&product, &flow.workflow, &json!({"id": "A-1", "bad": true}));
    for number in 0..60 {
        product.post(&flow.path, &json!({"id": number})).must_be(202);
    }
    eventually("all runs end", || (product.get("/stats")["runs"]["succeeded"] == 60).then_some(()));
    let first_path = format!("/runs?workflow={}&status=succeeded", flow.workflow);
    let first = person.read(&first_path);
    assert_eq!(first.matches("<tr id=\"run-").count(), 50);
    assert!(!first.contains(&dead) && !first.contains("rel=\"prev\""));
    let older = link(&first, "next");
    assert!(older.starts_with(&first_path), "{older}");
    let second = person.read(&older);
    assert_eq!(second.matches("<tr id=\"run-").count(), 10);
    assert_eq!(link(&second, "prev"), first_path);
    assert!(!second.contains("rel=\"next\""));

    let found = person.read("/runs?text=A-1&status=&workflow=&since=&until=");
    assert!(found.contains(&format!("run-{dead}")) && found.matches("<tr id=\"run-").count() == 1, "{found}");
    assert!(found.contains("value=\"A-1\"") && found.contains("The workflow was stopped on purpose"));
    assert!(person.read("/runs?status=cancelled").contains("No run fits this filter"));
    assert!(person.read("/runs?since=2099-01-01").contains("No run fits this filter"));
    assert!(person.read("/runs?until=2099-01-01&status=failed").contains(&dead));
    assert!(person.read("/runs?since=soon").contains("Write a date like"));
    assert_eq!(person.open("/runs?status=lost").status, 404);
    assert_eq!(person.open("/runs?workflow=nobody").status, 404);
    assert!(person.weight("/runs") < 40_000);
}

#[test]
fn a_row_is_fetched_by_itself_when_it_fits_the_filter() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &flow());
    let person = Person::signed_in(&product, "de");
    let id = run(&product, &flow.workflow, &json!({"id": 1}));
    let row = person.read(&format!("/runs/{id}/row?status=succeeded&workflow={}", flow.workflow));
    assert!(row.starts_with(&format!("<tr id=\"run-{id}\"")) && row.contains("Vom Filter angehalten"), "{row}");
    assert!(person.read("/runs").contains(row.trim()), "the list shows the same row");
    assert_eq!(person.open(&format!("/runs/{id}/row?status=failed")).status, 204);
    let other = product.create("Other", &json!({}));
    assert_eq!(person.open(&format!("/runs/{id}/row?workflow={other}")).status, 204);
}

#[test]
fn a_failed_run_says_what_where_why_and_what_to_do() {
    let product = Product::start(&[]);
    let flow = product.ready("Order <script>alert(1)</script>", &flow());
    let id = run(&product, &flow.workflow, &json!({"id": "</pre><script>alert(2)</script>", "bad": true}));
    let page = Person::signed_in(&product, "en").read(&format!("/runs/{id}?node=stop"));
    for text in [
        "The workflow was stopped on purpose",
        "No stock for",
        "step was reached",
        "id=\"step-stop\" open",
        "id=\"step-order\">",
        &format!("/workflows/{}?run={id}", flow.workflow),
        "Run again",
    ] {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<b>now"), "{page}");
    let german = Person::signed_in(&product, "de").read(&format!("/runs/{id}"));
    assert!(german.contains("Der Ablauf wurde absichtlich beendet") && german.contains("Schritte"));
    let fine = run(&product, &flow.workflow, &json!({"id": 1}));
    let page = Person::signed_in(&product, "en").read(&format!("/runs/{fine}"));
    assert!(page.contains("Stopped by the filter") && page.contains("Not reached"), "{page}");
    product.api("DELETE", &format!("/workflows/{}", flow.workflow), None).must_be(204);
    let page = Person::signed_in(&product, "en").read(&format!("/runs/{fine}"));
    assert!(page.contains("The workflow was deleted") && !page.contains("Run again"), "{page}");
}

#[test]
fn what_was_sent_and_answered_is_shown_for_each_attempt() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "go", "type": "webhook"},
            {"id": "call", "type": "http.request", "retry": {"attempts": 2, "first_delay_ms": 1, "max_delay_ms": 1},
                "params": {"method": "POST", "url": format!("http://{}/healthz", product.address()), "body": {"ref": "{{ $.trigger.body.id }}"}}},
        ],
        "edges": [{"from": "go", "to": "call"}],
    });
    let id = product.create("Call", &definition);
    let run = run(&product, &id, &json!({"id": "A-77"}));
    let page = Person::signed_in(&product, "en").read(&format!("/runs/{run}?node=call"));
    let line = format!("POST http://{}/healthz → 405", product.address());
    for text in [line.as_str(), "Sent", "Answer", "&#34;ref&#34;: &#34;A-77&#34;", "What it was given"] {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
}

#[test]
fn a_run_that_waits_can_be_cancelled_once() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "go", "type": "manual"},
            {"id": "call", "type": "http.request", "params": {"url": "http://127.0.0.1:9/"},
                "retry": {"attempts": 3, "first_delay_ms": 3_600_000, "max_delay_ms": 3_600_000}},
        ],
        "edges": [{"from": "go", "to": "call"}],
        "settings": {"run_timeout_ms": 86_400_000},
    });
    let id = product.create("Waits", &definition);
    let receipt = product.api("POST", &format!("/workflows/{id}/run"), None).must_be(202);
    let path = format!("/runs/{}", receipt["run"].as_str().unwrap());
    eventually("the run waits", || (product.get(&path)["status"] == "waiting").then_some(()));
    let person = Person::signed_in(&product, "en");
    let page = person.read(&path);
    assert!(page.contains("Cancel this run?") && page.contains("Next attempt:"), "{page}");
    assert_eq!(person.post(&format!("{path}/cancel"), &[("csrf", String::new())]).status, 403);
    let after = person.submit(&format!("{path}/cancel"), &[]);
    let page = person.read(&after);
    assert!(page.contains("The run was cancelled") && !page.contains("Cancel this run?"), "{page}");
    assert!(person.submit(&format!("{path}/cancel"), &[]).ends_with("notice=run_over"));
}

#[test]
fn what_is_not_there_is_said_within_the_navigation() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    for path in ["/runs/nothing", "/runs/0e8fd1d3-6a25-4b0a-a4c5-6f8ae5f3a111", "/nowhere"] {
        let page = person.open(path);
        let text = page.text();
        assert_eq!(page.status, 404, "{path}");
        assert!(
            text.contains("Hier ist nichts") && text.contains("Zugangsdaten") && !token(&page).is_empty(),
            "{text}"
        );
    }
    assert!(person.open("/runs/nothing").text().contains("href=\"/runs\""));
}

#[test]
fn a_run_that_the_filter_stopped_says_so_in_both_lists() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &flow());
    let stopped = product.post(&flow.path, &json!({"id": 1, "bad": false})).must_be(202);
    product.finished(&stopped["run"]);
    let went_on = product.post(&flow.path, &json!({"id": 2, "bad": true})).must_be(202);
    product.finished(&went_on["run"]);
    let person = Person::signed_in(&product, "en");
    let row = |path: &str, id: &str| {
        let page = person.read(path);
        let (_, rest) = page.split_once(&format!("<tr id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
        rest.split("</tr>").next().unwrap().to_owned()
    };
    let of_run = |receipt: &Value| row("/runs", &format!("run-{}", receipt["run"].as_str().unwrap()));
    let of_event = |receipt: &Value| row("/inbox", &format!("event-{}", receipt["event"].as_str().unwrap()));
    let pill = "pill filtered";
    assert!(of_run(&stopped).contains(pill) && of_event(&stopped).contains(pill), "{}", of_event(&stopped));
    assert!(of_event(&stopped).contains("pill accepted"));
    assert!(!of_run(&went_on).contains(pill) && !of_event(&went_on).contains(pill));
    // The row that a page fetches when a run changes says the same.
    let single = person.read(&format!("/runs/{}/row", stopped["run"].as_str().unwrap()));
    assert!(single.contains(pill), "{single}");
}

#[test]
fn a_failure_names_step_and_field_as_the_form_does_and_speaks_the_readers_language() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "http_request", "type": "http.request", "params": {"url": "{{ $.trigger.body.nowhere }}"}},
        ],
        "edges": [{"from": "order", "to": "http_request"}],
    });
    let ready = product.ready("Order paid", &definition);
    let id = run(&product, &ready.workflow, &json!({"id": 1}));
    let person = Person::signed_in(&product, "de");
    let list = person.read("/runs");
    let (_, row) = list.split_once(&format!("<tr id=\"run-{id}\"")).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert!(row.contains(">HTTP-Aufruf</span>") && !row.contains(">http_request<"), "{row}");
    assert!(row.contains("ergab keinen Wert"), "{row}");
    let page = person.read(&format!("/runs/{id}"));
    assert!(page.contains("Feld: Adresse") && !page.contains("Feld: url"), "{page}");
    let (before, _) = page.split_once("gave nothing").expect("the exact message is there to be passed on");
    let fold = before.rfind("<details").unwrap();
    assert!(before[fold..].contains("Genauer Wortlaut"), "an English sentence stands open in a German page");
}
