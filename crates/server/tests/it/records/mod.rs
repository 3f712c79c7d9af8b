//! Pages about what came in, what went out and who may do what, in a browser that keeps cookies, against the real binary.

mod browser;
mod credentials;
mod history;
mod inbox;
mod lists;
mod settings;

use serde_json::{Value, json};

/// A webhook whose event becomes a contact and a mail.
fn contact_flow() -> Value {
    json!({
        "nodes": [
            {"id": "form", "type": "webhook", "params": {"deduplicate": {"header": "X-Id"}}},
            {"id": "save", "type": "contacts.upsert", "params": {
                "email": "{{ $.trigger.body.email }}", "name": "{{ $.trigger.body.name }}",
                "fields": {"source": "{{ $.trigger.body.source }}"},
            }},
            {"id": "thank", "type": "email.send", "params": {
                "to": ["{{ $.trigger.body.email }}"], "bcc": ["boss@example.com"], "subject": "{{ $.trigger.body.subject }}",
                "text": "Dear {{ $.trigger.body.name }}", "html": "<p id=greeting>Hello</p><script>alert(1)</script>",
            }},
        ],
        "edges": [{"from": "form", "to": "save"}, {"from": "save", "to": "thank"}],
    })
}
