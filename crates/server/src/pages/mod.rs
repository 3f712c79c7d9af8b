//! Pages: plain HTML with links and forms, in English and German.

mod approve;
mod assets;
mod audit;
mod contacts;
mod credentials;
mod dead_letters;
mod dry_run;
mod editor;
mod errors;
mod event;
mod failure;
mod home;
mod import;
mod inbox;
mod island;
mod language;
mod layout;
mod markup;
mod navigation;
mod next;
mod notice;
mod outbox;
mod query;
mod reference;
mod run;
mod runs;
mod settings;
mod setup;
mod shown;
mod sign_in;
mod storage_page;
mod tables;
mod templates;
mod titles;
mod upload;
mod waiting;
mod workflows;

use actix_web::Resource;
use actix_web::web::{PayloadConfig, ServiceConfig, get, post, resource};

use crate::auth::csrf::MAX_FORM_BYTES;

pub use errors::error_page;
pub(crate) use setup::looks_like_an_address;

/// All pages and their assets. The app must provide [`storage::Storage`], [`crate::auth::Accounts`] and [`Site`] as data.
pub fn configure_pages(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(home::show)))
        .service(resource("/workflows/import").route(get().to(import::show)).route(post().to(import::import)))
        .service(resource("/runs").route(get().to(runs::show)))
        .service(resource("/runs/{id}").route(get().to(run::show)))
        .service(form("/runs/{id}/replay").route(get().to(run::replay::show)).route(post().to(run::replay::replay)))
        .service(form("/runs/{id}/approve").route(post().to(approve::decide_on_run)))
        .service(form("/approve/{run}/{node}/{token}").route(get().to(approve::show)).route(post().to(approve::decide)))
        .service(resource("/audit").route(get().to(audit::show)))
        .service(form("/runs/{id}/cancel").route(post().to(run::cancel)))
        .service(form("/runs/{id}/reveal").route(post().to(run::reveal)))
        .service(resource("/runs/{id}/row").route(get().to(runs::row)))
        .service(form("/workflows").route(post().to(workflows::create)))
        .service(resource("/workflows/{id}").route(get().to(editor::show)))
        .service(form("/workflows/{id}/duplicate").route(post().to(workflows::duplicate)))
        .service(form("/workflows/{id}/activate").route(post().to(workflows::activate)))
        .service(form("/workflows/{id}/pause").route(post().to(workflows::pause)))
        .service(form("/workflows/{id}/delete").route(post().to(workflows::delete)))
        .service(form("/workflows/{id}/restore").route(post().to(workflows::restore)))
        .service(resource("/workflows/{id}/dry-run").route(get().to(dry_run::show)))
        .service(resource("/workflows/{id}/export.json").route(get().to(workflows::export)))
        .service(resource("/editor/{document}").route(get().to(reference::serve)))
        .service(form("/setup").route(get().to(setup::show)).route(post().to(setup::create_owner)))
        .service(form("/sign-in").route(get().to(sign_in::show)).route(post().to(sign_in::sign_in)))
        .service(form("/sign-out").route(post().to(sign_in::sign_out)))
        .service(resource("/language/{code}").route(get().to(language::choose)))
        .configure(dead_letters::routes)
        .configure(inbox::routes)
        .configure(event::routes)
        .configure(contacts::routes)
        .configure(tables::routes)
        .configure(outbox::routes)
        .configure(credentials::routes)
        .configure(settings::routes)
        .configure(storage_page::routes)
        .service(resource("/assets/{name}").route(get().to(assets::serve)));
}

/// The largest document that can be edited in a form, in bytes of JSON. A form may hold two, and encoding may double them.
const MOST_EDITED_BYTES: usize = 24 * 1024;

/// An address that takes a form, which is small.
fn form(path: &str) -> Resource {
    resource(path).app_data(PayloadConfig::new(MAX_FORM_BYTES))
}

/// What pages know about the server.
#[derive(Debug, Clone)]
pub struct Site {
    /// The address under which others reach it, ending in `/`.
    pub base_url: url::Url,
}
