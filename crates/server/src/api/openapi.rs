//! The OpenAPI document, from the code.

use actix_web::web::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    audit, contacts, credential_test, credentials, dead_letters, doubts, dry_run, events, expressions, health, live,
    node_types, outbox, persons, publishing, replay, replays, runs, samples, schedules, start, stats, storage_use,
    tables, test_step, turns, versions, workflows,
};
use crate::webhooks::{receipts, resume};

#[derive(OpenApi)]
#[openapi(
    info(title = "Stellwerk", description = "Receives events, runs workflows, remembers everything."),
    paths(
        workflows::list, workflows::create, workflows::read, workflows::update, workflows::delete, workflows::duplicate,
        workflows::restore, samples::list, samples::set, samples::delete, test_step::test, dry_run::dry_run,
        publishing::check, publishing::publish, publishing::activate, publishing::pause, publishing::webhooks,
        versions::list, versions::read, start::run,
        events::list, events::read, events::reveal, events::raw_body,
        runs::list, runs::read, runs::reveal, runs::definition, runs::cancel, turns::list,
        replay::replay,
        dead_letters::list, dead_letters::groups, dead_letters::discard, dead_letters::discard_one, dead_letters::undo,
        doubts::answer, doubts::fetch, replays::begin, replays::read, replays::stop, audit::list,
        tables::list, tables::create, tables::read, tables::update, tables::delete, tables::rows, tables::add_row,
        tables::update_row, tables::delete_row, tables::as_csv, tables::import_csv,
        node_types::list, credentials::list, credentials::kinds, credentials::create, credentials::read,
        credentials::update, credentials::delete, credential_test::test,
        expressions::evaluate, schedules::preview, stats::read,
        storage_use::read, storage_use::preview, storage_use::sweep,
        persons::find, persons::export, persons::erase, live::follow, contacts::list, contacts::delete,
        outbox::list, outbox::message, outbox::delete, outbox::delete_all,
        health::alive, health::ready,
        receipts::receipt, resume::resume,
    ),
    security(("token" = [])),
    modifiers(&Token),
)]
struct Api;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The whole document.
pub fn document() -> Document {
    Api::openapi()
}

/// Serves the document. It holds no secrets and is open to everybody.
pub async fn serve() -> Json<Document> {
    Json(document())
}
