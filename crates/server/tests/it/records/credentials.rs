//! Credentials: made, changed, tried, deleted, and their secrets never shown.

use std::time::Duration;

use serde_json::{Value, json};

use super::browser::{Browser, must_hide, must_show};
use crate::outside::product::Product;
use crate::outside::sink::Sink;

const SECRET: &str = "hunter2-hunter2";

fn make(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let made = browser.submit("/credentials/new?kind=http_bearer", "/credentials", fields);
    assert_eq!(made.status, 303, "{}", made.text());
    made.header("location").split('?').next().unwrap().to_owned()
}

#[test]
fn a_credential_is_made_and_changed_without_ever_showing_its_secret() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    must_show(&browser.page("/credentials/new"), &["Bearer token", "HubSpot private app", "Mail server (SMTP)"]);
    let form = browser.page("/credentials/new?kind=http_bearer");
    must_show(&form, &["name=\"field.token\" type=\"password\" autocomplete=\"new-password\"", "name=\"hosts\""]);

    let fields = [("kind", "http_bearer"), ("name", "Shop <b>"), ("hosts", ""), ("field.token", SECRET)];
    let refused = browser.submit("/credentials/new?kind=http_bearer", "/credentials", &fields);
    assert_eq!(refused.status, 422);
    must_show(&refused.text(), &["Name at least one host", "value=\"Shop &#60;b&#62;\""]);
    must_hide(&refused.text(), &[SECRET, "Shop <b>"]);

    let fields = [("kind", "http_bearer"), ("name", "Shop"), ("hosts", "api.example.com"), ("field.token", SECRET)];
    let path = make(&mut browser, &fields);
    let page = browser.page(&path);
    must_show(&page, &["leave empty to keep it", "api.example.com", "No workflow uses it yet"]);
    must_hide(&page, &[SECRET]);
    must_hide(&browser.page("/credentials"), &[SECRET]);

    let kept = browser.submit(&path, &path, &[("name", "Shop 2"), ("hosts", "api.example.com"), ("field.token", "")]);
    assert_eq!(kept.status, 303, "{}", kept.text());
    let moved = browser.submit(&path, &path, &[("name", "Shop 2"), ("hosts", "evil.example"), ("field.token", "")]);
    assert_eq!(moved.status, 422, "a secret does not go to another host by itself");
    must_show(&moved.text(), &["does not go to new ones by itself", "evil.example"]);
    must_hide(&moved.text(), &[SECRET]);
    let german = browser.speaking("de").page(&path);
    must_show(&german, &["leer lassen, um es zu behalten", "Shop 2"]);
    assert_eq!(product.get("/credentials")["items"][0]["hosts"], json!(["api.example.com"]));
}

#[test]
fn a_form_for_a_credential_without_its_token_is_refused() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    let fields = [("kind", "http_bearer"), ("name", "Shop"), ("hosts", "api.example.com"), ("field.token", SECRET)];
    assert_eq!(browser.submit_bare("/credentials", &fields).status, 403);
    assert_eq!(product.get("/credentials")["items"], json!([]));
    assert_eq!(browser.open("/credentials/new?kind=no-such-kind").status, 404);
}

#[test]
fn trying_a_credential_says_in_words_what_came_of_it() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    let host = sink.url("");
    let fields = [("kind", "http_bearer"), ("name", "Shop"), ("hosts", host.as_str()), ("field.token", SECRET)];
    let path = make(&mut browser, &fields);
    let test = format!("{path}/test");
    let good = browser.submit(&path, &test, &[("url", &format!("{host}/me"))]);
    assert_eq!(good.status, 200);
    must_show(&good.text(), &["It works: the service answered 200"]);
    let elsewhere = browser.submit(&path, &test, &[("url", "https://elsewhere.example/")]);
    must_show(&elsewhere.text(), &["It was not made for this host"]);
    must_hide(&elsewhere.text(), &[SECRET]);
}

#[test]
fn deleting_a_credential_names_the_workflows_that_use_it() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    let fields = [("kind", "http_bearer"), ("name", "Shop"), ("hosts", "api.example.com"), ("field.token", SECRET)];
    let path = make(&mut browser, &fields);
    let id = path.rsplit('/').next().unwrap().to_owned();
    let definition: Value = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "call", "type": "http.request", "params": {"url": "https://api.example.com/"}, "credential": id},
        ],
        "edges": [{"from": "order", "to": "call"}],
    });
    product.create("Orders to the shop", &definition);
    let page = browser.page(&path);
    must_show(&page, &["Orders to the shop", "?node=call", "Delete all the same"]);
    must_show(&browser.page("/credentials"), &["Orders to the shop"]);
    let unaware = browser.submit(&path, &format!("{path}/delete"), &[("used_by", "0")]);
    assert_eq!(unaware.header("location"), format!("{path}?notice=credential_in_use"));
    let aware = browser.submit(&path, &format!("{path}/delete"), &[("used_by", "1")]);
    assert_eq!(aware.header("location"), "/credentials?notice=deleted");
    assert_eq!(browser.open(&path).status, 404);
}
