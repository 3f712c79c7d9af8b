//! Contacts and the outbox.

use serde_json::json;

use super::browser::{Browser, must_hide, must_show};
use super::contact_flow;
use crate::outside::product::Product;

fn with_people(people: &[(&str, &str)]) -> Product {
    let product = Product::start(&[]);
    let ready = product.ready("Newsletter", &contact_flow());
    for (email, name) in people {
        let person = json!({"email": email, "name": name, "subject": format!("<script>{name}"), "source": "shop"});
        let receipt = product.post(&ready.path, &person).must_be(202);
        assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
    }
    product
}

#[test]
fn empty_lists_say_what_fills_them() {
    let product = Product::start(&[]);
    let mut browser = Browser::of_owner(&product);
    must_show(&browser.page("/contacts"), &["No contact yet", "Create or update a contact"]);
    must_show(&browser.page("/outbox"), &["No mail here"]);
    must_show(&browser.page("/inbox"), &["No address listens yet"]);
    must_show(&browser.page("/credentials"), &["No credentials yet"]);
    let mut german = browser.speaking("de");
    must_show(&german.page("/contacts"), &["Noch kein Kontakt", "<html lang=\"de\">"]);
    must_show(&german.page("/outbox"), &["Keine E-Mails"]);
    must_show(&german.page("/inbox"), &["Noch hört keine Adresse zu"]);
    must_show(&german.page("/credentials"), &["Noch keine Zugangsdaten"]);
}

#[test]
fn nobody_sees_these_pages_without_signing_in() {
    let product = Product::start(&[]);
    let mut stranger = Browser::of_stranger(&product);
    for path in ["/inbox", "/contacts", "/outbox", "/credentials", "/credentials/new", "/settings", "/settings/tokens"]
    {
        let answer = stranger.open(path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
    }
}

#[test]
fn contacts_are_searched_and_deleted() {
    let product = with_people(&[("ada@example.com", "Ada <b>Lovelace"), ("bob@example.com", "Bob")]);
    let mut browser = Browser::of_owner(&product);
    let all = browser.page("/contacts");
    must_show(&all, &["2 contacts", "ada@example.com", "bob@example.com", "source", "shop"]);
    must_hide(&all, &["<b>Lovelace"]);
    let found = browser.page("/contacts?text=lovelace");
    must_show(&found, &["ada@example.com"]);
    must_hide(&found, &["bob@example.com"]);
    must_show(&browser.page("/contacts?text=nobody"), &["Nobody fits"]);

    let (_, rest) = found.split_once("action=\"/contacts/").unwrap();
    let path = format!("/contacts/{}", rest.split('"').next().unwrap());
    assert_eq!(browser.submit_bare(&path, &[]).status, 403);
    let deleted = browser.submit("/contacts", &path, &[]);
    assert_eq!((deleted.status, deleted.header("location")), (303, "/contacts?notice=deleted"));
    let left = browser.page("/contacts?notice=deleted");
    must_show(&left, &["1 contact", "Deleted."]);
    must_hide(&left, &["ada@example.com"]);
    assert_eq!(browser.submit("/contacts", &path, &[]).status, 404);
}

#[test]
fn a_kept_mail_is_shown_as_it_would_look_and_can_do_nothing() {
    let product = with_people(&[("ada@example.com", "Ada")]);
    let mut browser = Browser::of_owner(&product);
    let list = browser.page("/outbox");
    must_show(&list, &["ada@example.com", "&#60;script&#62;Ada", "/runs/"]);
    must_hide(&list, &["<script>Ada"]);
    let (_, rest) = list.split_once("href=\"/outbox/").unwrap();
    let path = format!("/outbox/{}", rest.split('"').next().unwrap());

    let answer = browser.open(&path);
    let page = answer.text();
    must_show(&page, &["ada@example.com", "boss@example.com", "not visible to the others", "/message"]);
    must_show(&page, &[&format!("<iframe class=\"letter\" sandbox src=\"{path}/html\"")]);
    must_hide(&page, &["<script>Ada", "<script>alert"]);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-src 'self'") && policy.contains("script-src 'self'"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    must_show(&browser.page(&format!("{path}?view=text")), &["Dear Ada"]);
    must_show(&browser.page(&format!("{path}?view=source")), &["Message-ID"]);

    let framed = browser.open(&format!("{path}/html"));
    must_show(&framed.text(), &["<p id=greeting>Hello</p>"]);
    let policy = framed.header("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert!(!policy.contains("script-src") && policy.contains("frame-ancestors 'self'"), "{policy}");
    assert_eq!(framed.header("x-frame-options"), "SAMEORIGIN");

    assert_eq!(browser.submit_bare(&format!("{path}/delete"), &[]).status, 403);
    let deleted = browser.submit(&path, &format!("{path}/delete"), &[]);
    assert_eq!(deleted.header("location"), "/outbox?notice=deleted");
    assert_eq!(browser.open(&path).status, 404);
    assert_eq!(browser.open(&format!("{path}/html")).status, 404);
}

#[test]
fn the_outbox_is_emptied_after_a_question() {
    let product = with_people(&[("ada@example.com", "Ada"), ("bob@example.com", "Bob")]);
    let mut browser = Browser::of_owner(&product);
    must_show(&browser.page("/outbox"), &["Delete all", "2 mails"]);
    assert_eq!(browser.submit_bare("/outbox/delete-all", &[]).status, 403);
    assert_eq!(browser.submit("/outbox", "/outbox/delete-all", &[]).header("location"), "/outbox?notice=deleted");
    must_show(&browser.page("/outbox"), &["No mail here"]);
}
