//! The built-in contact table.

use model::ErrorCode;
use nodes::effect::{ContactChange, ContactsReply, ContactsRequest, Effect, Reply};
use serde_json::json;

use super::{CallSettings, Outside};

async fn ask(outside: &Outside, request: ContactsRequest) -> ContactsReply {
    match outside.carry_out(Effect::Contacts(request), CallSettings::default()).await.unwrap().reply {
        Reply::Contacts(reply) => reply,
        other => panic!("not a contacts reply: {other:?}"),
    }
}

fn change(email: &str, name: &str) -> ContactsRequest {
    let fields = json!({ "size": 3 }).as_object().cloned().unwrap();
    ContactsRequest::Upsert(ContactChange {
        email: email.to_owned(),
        name: Some(name.to_owned()),
        fields,
        ..ContactChange::default()
    })
}

#[tokio::test]
async fn a_contact_is_created_left_alone_updated_and_found() {
    let outside = Outside::local().await;
    for (name, result) in [("Ann", "created"), ("Ann", "unchanged"), ("Ann Lee", "updated")] {
        assert_eq!(ask(&outside, change("Ann@Example.com", name)).await.result, result);
    }
    let found = ask(&outside, ContactsRequest::Find { email: "ann@example.com".to_owned() }).await;
    assert_eq!((found.result.as_str(), &found.contact["name"]), ("found", &json!("Ann Lee")));
    assert_eq!(found.contact["fields"], json!({ "size": 3 }));
    let missing = ask(&outside, ContactsRequest::Find { email: "bob@example.com".to_owned() }).await;
    assert_eq!((missing.result.as_str(), missing.contact), ("not_found", json!(null)));
}

#[tokio::test]
async fn a_contact_needs_an_address() {
    let outside = Outside::local().await;
    let failure =
        outside.carry_out(Effect::Contacts(change("nobody", "x")), CallSettings::default()).await.unwrap_err();
    assert_eq!((failure.error.code, failure.error.parameter.as_deref()), (ErrorCode::Parameter, Some("email")));
}
