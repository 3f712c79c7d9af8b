//! The inbox and single events.

use serde_json::{Value, json};

use super::browser::{Browser, must_hide, must_show};
use super::contact_flow;
use crate::outside::http::Request;
use crate::outside::product::Product;

#[test]
fn the_inbox_shows_every_request_with_what_became_of_it() {
    let product = Product::start(&[]);
    let ready = product.ready("Newsletter", &contact_flow());
    let person = json!({"email": "ada@example.com", "name": "Ada", "subject": "Hi", "source": "form"});
    let send = |id: &str| product.send(&Request::new("POST", &ready.path).json(&person).header("X-Id", id));
    let first = send("delivery-1").must_be(202);
    send("delivery-1").must_be(202);
    product.send(&Request::new("PUT", &ready.path).json(&person)).must_be(405);
    product.send(&Request::new("POST", &ready.path).body("application/json", "{broken")).must_be(400);
    product.api("POST", &format!("/workflows/{}/pause", ready.workflow), None).must_be(200);
    send("delivery-2").must_be(202);

    let mut browser = Browser::of_owner(&product);
    let page = browser.page("/inbox");
    let run = first["run"].as_str().unwrap();
    must_show(
        &page,
        &["Newsletter", &ready.path, &format!("/runs/{run}"), "delivery-1", "Kept", "Repeated", "Refused"],
    );
    must_show(&page, &["does not take PUT requests", "was not what its Content-Type said", "127.0.0.1"]);
    assert_eq!(page.matches("<tr id=\"event-").count(), 5, "{page}");

    let refused = browser.page("/inbox?status=refused");
    assert_eq!(refused.matches("<tr id=\"event-").count(), 2, "{refused}");
    let found = browser.page("/inbox?text=delivery-2");
    assert_eq!(found.matches("<tr id=\"event-").count(), 1, "{found}");
    must_show(&browser.page("/inbox?text=nothing-like-that"), &["No request fits"]);
    let (_, endpoint) = ready.path.rsplit_once('/').unwrap();
    must_show(&browser.page(&format!("/inbox?endpoint={endpoint}")), &["curl http", "delivery-1"]);

    let german = browser.speaking("de").page("/inbox");
    must_show(&german, &["Aufbewahrt", "nimmt keine PUT-Anfragen an", "Adressen"]);
}

#[test]
fn the_inbox_goes_on_page_by_page_and_keeps_its_filter() {
    let product = Product::start(&[]);
    let ready = product.ready("Many", &contact_flow());
    for _ in 0..51 {
        product.send(&Request::new("PUT", &ready.path)).must_be(405);
    }
    let mut browser = Browser::of_owner(&product);
    let first = browser.page("/inbox?status=refused");
    assert_eq!(first.matches("<tr id=\"event-").count(), 50);
    let (before, _) = first.split_once("\" rel=\"next\"").unwrap();
    let (_, next) = before.rsplit_once("href=\"").unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    assert!(next.starts_with("/inbox?status=refused&before="), "{next}");
    let second = browser.page(&next);
    assert_eq!(second.matches("<tr id=\"event-").count(), 1);
    must_hide(&second, &["rel=\"next\""]);
}

#[test]
fn an_event_shows_what_was_sent_and_hides_what_is_secret() {
    let product = Product::start(&[]);
    let ready = product.ready("<script>alert(1)</script>", &contact_flow());
    let body = json!({"email": "<script>alert(2)</script>@example.com", "name": "Ada"});
    let request = Request::new("POST", &format!("{}?shop=%3Cb%3Ex", ready.path)).json(&body);
    let request = request.header("X-Evil", "<script>alert(3)</script>").header("Authorization", "Bearer s3cret");
    let event = product.send(&request).must_be(202)["event"].as_str().unwrap().to_owned();
    let mut browser = Browser::of_owner(&product);
    let page = browser.page(&format!("/events/{event}"));
    must_show(&page, &["x-evil", "alert(3)", "alert(2)", "•••", "shop", "As it was sent", "/api/v1/events/"]);
    must_hide(&page, &["<script>alert", "<b>x", "s3cret"]);
    must_hide(&browser.page("/inbox"), &["<script>alert"]);
    assert_eq!(browser.open("/events/00000000-0000-7000-8000-000000000000").status, 404);
}

#[test]
fn an_event_becomes_a_sample_of_its_trigger() {
    let product = Product::start(&[]);
    let workflow = product.create("Draft", &contact_flow());
    let path = product.webhook(&workflow);
    let body = json!({"email": "ada@example.com", "name": "Ada"});
    let event = product.post(&path, &body).must_be(202)["event"].as_str().unwrap().to_owned();
    let mut browser = Browser::of_owner(&product);
    let page = format!("/events/{event}");
    must_show(&browser.page(&page), &["Kept", "Use as sample", "Run it"]);
    let made = browser.submit(&page, &format!("{page}/use-as-sample"), &[]);
    assert_eq!((made.status, made.header("location")), (303, format!("/workflows/{workflow}?node=form").as_str()));
    let samples = product.get(&format!("/workflows/{workflow}/samples"));
    let sample = &samples["items"][0];
    assert_eq!(
        (&sample["node"], &sample["event"], &sample["source"]),
        (&json!("form"), &json!(event), &json!("event"))
    );
    assert_eq!((&sample["value"]["body"], &sample["value"]["method"]), (&body, &json!("POST")));
    assert_eq!(browser.submit_bare(&format!("{page}/use-as-sample"), &[]).status, 403, "the token is missing");
}

#[test]
fn a_kept_event_is_run_by_hand() {
    let product = Product::start(&[]);
    let workflow = product.create("Draft", &contact_flow());
    let body = json!({"email": "ada@example.com", "name": "Ada", "subject": "Hi", "source": "form"});
    let event = product.post(&product.webhook(&workflow), &body).must_be(202)["event"].as_str().unwrap().to_owned();
    let mut browser = Browser::of_owner(&product);
    let page = format!("/events/{event}");
    let started = browser.submit(&page, &format!("{page}/run"), &[]);
    assert_eq!(started.status, 303, "{}", started.text());
    let run = started.header("location").strip_prefix("/runs/").unwrap().to_owned();
    let run = product.finished(&json!(run));
    assert_eq!((&run["status"], &run["mode"]), (&json!("succeeded"), &json!("manual")));
}

#[test]
fn of_a_refused_request_nothing_can_be_made() {
    let product = Product::start(&[]);
    let ready = product.ready("Newsletter", &contact_flow());
    product.send(&Request::new("POST", &ready.path).body("application/json", "{broken")).must_be(400);
    product.send(&Request::new("PUT", &ready.path).json(&json!({"email": "ada@example.com"}))).must_be(405);
    let mut browser = Browser::of_owner(&product).speaking("de");
    let events = product.get("/events?status=refused")["items"].clone();
    assert_eq!(events.as_array().unwrap().len(), 2);
    for event in events.as_array().unwrap() {
        let id = event["id"].as_str().unwrap();
        let page = format!("/events/{id}");
        must_hide(&browser.page(&page), &["Als Beispiel verwenden", "Lauf starten"]);
        for what in ["run", "use-as-sample"] {
            let refused = browser.submit("/settings", &format!("{page}/{what}"), &[]);
            assert_eq!(refused.status, 409);
            must_show(&refused.text(), &["Diese Anfrage wurde abgewiesen"]);
        }
        let wish = json!({"event": id});
        let workflow = &ready.workflow;
        let problem = product.api("POST", &format!("/workflows/{workflow}/run"), Some(&wish)).must_be(409);
        assert_eq!(problem["code"], "wrong_state");
        assert!(problem["detail"].as_str().unwrap().contains("refused"), "{problem}");
        let sample = json!({"source": "event", "event": id});
        product.api("PUT", &format!("/workflows/{workflow}/samples/form"), Some(&sample)).must_be(409);
    }
    assert_eq!(product.get("/runs")["items"], json!([]), "nothing ran with an empty body");
}

#[test]
fn a_draft_with_problems_is_not_run_and_the_page_says_which() {
    let product = Product::start(&[]);
    let definition: Value = json!({
        "nodes": [{"id": "form", "type": "webhook"}, {"id": "call", "type": "http.request", "params": {}}],
        "edges": [{"from": "form", "to": "call"}],
    });
    let workflow = product.create("Half done", &definition);
    let event =
        product.post(&product.webhook(&workflow), &json!({})).must_be(202)["event"].as_str().unwrap().to_owned();
    let mut browser = Browser::of_owner(&product);
    let refused = browser.submit(&format!("/events/{event}"), &format!("/events/{event}/run"), &[]);
    assert_eq!(refused.status, 422);
    must_show(&refused.text(), &["That does not work yet", &format!("/workflows/{workflow}?node=call")]);
    let mut german = browser.speaking("de");
    let refused = german.submit(&format!("/events/{event}"), &format!("/events/{event}/run"), &[]).text();
    must_show(&refused, &["Das geht noch nicht", "(url)"]);
    must_hide(&refused, &["is missing"]);
}

#[test]
fn an_event_that_is_too_large_for_a_sample_says_so() {
    let product = Product::start(&[("STELLWERK_API__MAX_SAMPLE_BYTES", "2000")]);
    let workflow = product.create("Draft", &contact_flow());
    let body = json!({"text": "x".repeat(3_000)});
    let event = product.post(&product.webhook(&workflow), &body).must_be(202)["event"].as_str().unwrap().to_owned();
    let mut browser = Browser::of_owner(&product);
    let page = format!("/events/{event}");
    let refused = browser.submit(&page, &format!("{page}/use-as-sample"), &[]);
    assert_eq!(refused.status, 422);
    must_show(&refused.text(), &["larger than a sample may be (2 kB)"]);
}

#[test]
fn a_run_that_a_filter_stopped_is_no_failure() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "large", "type": "filter", "params": {"when": {"all": [
                {"left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100},
            ]}}},
            {"id": "sum", "type": "set_fields", "params": {"fields": {"a": 1}}},
        ],
        "edges": [{"from": "order", "to": "large"}, {"from": "large", "to": "sum"}],
    });
    let ready = product.ready("Large orders", &definition);
    let receipt = product.post(&ready.path, &json!({"amount": 7})).must_be(202);
    product.finished(&receipt["run"]);
    let mut browser = Browser::of_owner(&product);
    let page = browser.page(&format!("/events/{}", receipt["event"].as_str().unwrap()));
    must_show(&page, &["Stopped by the filter", &format!("/runs/{}", receipt["run"].as_str().unwrap())]);
    must_hide(&page, &["pill failed"]);
}
