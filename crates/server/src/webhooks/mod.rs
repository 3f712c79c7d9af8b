//! What comes in through the addresses of webhook triggers.
//!
//! `receive` is the whole way of a request: address, method, size, body, de-duplication, storage, answer.

mod answer;
pub mod body;
mod body_memory;
mod endpoints;
pub(crate) mod links;
pub mod receipts;
mod receive;
mod request;
pub mod resume;
mod trigger;

use model::Definition;
use storage::{Endpoint, WebhookNode};
use url::Url;

pub use answer::Receipt;
pub use body_memory::BodyMemory;
pub use endpoints::Endpoints;
pub use receive::receive;
pub(crate) use request::as_received;
pub use trigger::WEBHOOK;

/// The webhook triggers of a definition; each of them needs an address.
pub fn webhook_nodes(definition: &Definition) -> Vec<WebhookNode> {
    let triggers = definition.nodes.iter().filter(|node| node.node_type == WEBHOOK && node.id.is_valid());
    let slug_of = |node: &model::Node| node.params.get("slug").and_then(|slug| slug.as_str()).map(str::to_owned);
    triggers.map(|node| WebhookNode { node: node.id.to_string(), slug: slug_of(node) }).collect()
}

/// The URL of an endpoint, to paste into a sender's settings.
pub fn url_of(base_url: &Url, endpoint: &Endpoint) -> String {
    format!("{base_url}hooks/v1/{}/{}", endpoint.slug, endpoint.id)
}
