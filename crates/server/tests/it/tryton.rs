//! The main job with real parts: a request comes in, a real business system and a real mail server act on it.

use serde_json::{Value, json};

use crate::outside::post_office::{self, PostOffice};
use crate::outside::product::{Product, step};
use crate::outside::sink::Sink;
use crate::outside::tryton::{self, Tryton};

const SECRETS: [&str; 2] = [tryton::PASSWORD, post_office::PASSWORD];

fn definition(sink: &Sink, tryton_credential: &str, smtp_credential: &str) -> Value {
    json!({
        "nodes": [
            { "id": "signup", "type": "webhook", "params": {} },
            { "id": "consent", "type": "filter", "params": {
                "when": { "all": [{ "left": "{{ $.trigger.body.newsletter }}", "op": "is_true" }] } } },
            { "id": "party", "type": "tryton.upsert_party", "credential": tryton_credential, "params": {
                "email": "{{ $.trigger.body.email }}", "name": "{{ $.trigger.body.name }}",
                "phone": "{{ $.trigger.body.phone }}" } },
            { "id": "tell", "type": "http.request", "params": {
                "method": "POST", "url": sink.url("/signups"),
                "body": { "party": "{{ $.steps.party.id }}", "result": "{{ $.steps.party.result }}" } } },
            { "id": "mail", "type": "email.send", "credential": smtp_credential, "params": {
                "to": "{{ $.trigger.body.name }} <{{ $.trigger.body.email }}>", "subject": "Schöne Grüße, {{ $.trigger.body.name }}",
                "text": "Ihre Kundennummer: {{ $.steps.party.id }}" } }
        ],
        "edges": [
            { "from": "signup", "to": "consent" }, { "from": "consent", "to": "party" },
            { "from": "party", "to": "tell" }, { "from": "tell", "to": "mail" }
        ]
    })
}

fn credential(product: &Product, kind: &str, fields: &Value) -> String {
    let body = json!({ "name": kind, "kind": kind, "fields": fields });
    let made = product.api("POST", "/credentials", Some(&body));
    let id = made.must_be(201)["id"].as_str().unwrap().to_owned();
    assert!(SECRETS.iter().all(|secret| !made.text().contains(secret)), "a secret goes in and never comes out");
    id
}

#[test]
fn a_signup_becomes_a_party_in_tryton_a_call_and_a_mail() {
    let (tryton, office, sink) = (Tryton::open(), PostOffice::open(), Sink::open(std::time::Duration::ZERO));
    let certificate = office.certificate();
    let certificates = [("STELLWERK_OUTGOING__EXTRA_ROOT_CERTIFICATES", certificate.to_str().unwrap())];
    let mut product = Product::start(&certificates);
    let tryton_fields = json!({
        "url": tryton.url(), "database": tryton::DATABASE, "username": tryton::USER, "password": tryton::PASSWORD });
    let smtp_fields = json!({
        "host": "localhost", "port": office.port.to_string(), "security": "starttls",
        "username": post_office::USER, "password": post_office::PASSWORD, "from": "Stellwerk Köln <post@stellwerk.test>" });
    let tryton_credential = credential(&product, "tryton", &tryton_fields);
    let smtp_credential = credential(&product, "smtp", &smtp_fields);
    let ready = product.ready("Sign-ups", &definition(&sink, &tryton_credential, &smtp_credential));

    let anna = |name: &str, phone: &str| json!({ "email": "anna.mueller@example.com", "name": name, "phone": phone, "newsletter": true });
    let table = [
        (anna("Anna Müller", "+49 221 12345"), "created", "Anna Müller"),
        (anna("Anna Müller", "0049 221 12345"), "unchanged", "Anna Müller"),
        (anna("Anna Müller-Weiß", "+49 221 99999"), "updated", "Anna Müller-Weiß"),
    ];
    let mut last = Value::Null;
    for (body, result, name) in table {
        let receipt = product.post(&ready.path, &body).must_be(202);
        let run = product.finished(&receipt["run"]);
        assert_eq!(run["status"], "succeeded", "{run:#}");
        assert_eq!(step(&run, "party")["output"]["result"], result);
        let parties = tryton.parties("anna.mueller@example.com");
        assert_eq!((parties.len(), &parties[0]["name"]), (1, &json!(name)));
        assert_eq!(step(&run, "party")["output"]["id"], parties[0]["id"]);
        let called = sink.received().pop().unwrap();
        assert_eq!(called.line, "POST /signups");
        let expected = json!({ "party": parties[0]["id"], "result": result });
        assert_eq!(serde_json::from_str::<Value>(&called.body).unwrap(), expected);
        the_mail_arrived(&office.next());
        last = receipt;
    }
    let no = product.post(&ready.path, &json!({ "email": "no@example.com", "newsletter": false })).must_be(202);
    let run = product.finished(&no["run"]);
    assert_eq!((&run["status"], &step(&run, "consent")["status"]), (&json!("succeeded"), &json!("skipped")));
    assert!(tryton.parties("no@example.com").is_empty());

    // What happened is still there, step by step, after the server was started anew; and no secret is in it.
    product.kill();
    product.start_again();
    let run = product.api("GET", &format!("/runs/{}", last["run"].as_str().unwrap()), None);
    assert_eq!(step(&run.json(), "mail")["output"]["delivered_by"], "smtp");
    assert_eq!(step(&run.json(), "party")["attempts"].as_array().unwrap().len(), 1);
    for secret in SECRETS {
        assert!(!run.text().contains(secret), "a secret is in the history of a run");
    }
}

/// Over an encrypted connection, signed in, with every header encoded.
fn the_mail_arrived(mail: &Value) {
    assert_eq!((&mail["secure"], &mail["user"]), (&json!(true), &json!(post_office::USER)));
    assert_eq!(mail["to"], json!(["anna.mueller@example.com"]));
    let message = mail["message"].as_str().unwrap();
    assert!(message.is_ascii(), "{message}");
    assert!(message.contains("Subject: =?utf-8?b?"), "{message}");
}
