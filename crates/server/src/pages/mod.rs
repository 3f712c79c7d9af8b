//! Pages: plain HTML with links and forms, in English and German.

mod assets;
mod errors;
mod home;
mod language;
mod layout;
mod next;
mod setup;
mod sign_in;

use actix_web::Resource;
use actix_web::web::{PayloadConfig, ServiceConfig, get, post, resource};

use crate::auth::csrf::MAX_FORM_BYTES;

pub use errors::error_page;
pub(crate) use setup::looks_like_an_address;

/// All pages and their assets. The app must provide [`storage::Storage`], [`crate::auth::Accounts`] and [`Site`] as data.
pub fn configure_pages(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(home::show)))
        .service(form("/setup").route(get().to(setup::show)).route(post().to(setup::create_owner)))
        .service(form("/sign-in").route(get().to(sign_in::show)).route(post().to(sign_in::sign_in)))
        .service(form("/sign-out").route(post().to(sign_in::sign_out)))
        .service(resource("/language/{code}").route(get().to(language::choose)))
        .service(resource("/assets/{name}").route(get().to(assets::serve)));
}

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
