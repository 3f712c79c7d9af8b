//! Settings: the own account, who else may sign in, API tokens, and what this server is.

mod about;
mod account;
mod persons;
mod tokens;
mod users;

use actix_web::web::{ServiceConfig, get, post, resource};
use serde::Deserialize;

use super::form;
use super::layout::Layout;
use crate::auth::password::{self, PasswordFault};

/// The addresses of the settings.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/settings").route(get().to(account::show)))
        .service(form("/settings/password").route(post().to(account::change_password)))
        .service(form("/settings/users").route(get().to(users::show)).route(post().to(users::add)))
        .service(form("/settings/users/{id}/remove").route(post().to(users::remove)))
        .service(form("/settings/tokens").route(get().to(tokens::show)).route(post().to(tokens::create)))
        .service(form("/settings/tokens/{id}/revoke").route(post().to(tokens::revoke)))
        .service(form("/settings/persons").route(get().to(persons::show)).route(post().to(persons::act)))
        .service(resource("/settings/about").route(get().to(about::show)));
}

/// A form that says nothing but that it was sent.
#[derive(Deserialize)]
struct Nothing {}

/// Where in the settings somebody is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// `account`, `users`, `tokens`, `storage`, `persons` or `about`.
    pub(super) tab: &'static str,
    /// Whether the tabs that only the owner may see are there.
    pub(super) is_owner: bool,
}

/// What is wrong with a new password; empty when nothing is.
fn password_fault(l: &Layout, new: &str, min_characters: usize) -> String {
    match password::check(new, min_characters) {
        Ok(()) => String::new(),
        Err(PasswordFault::TooShort(count)) => l.t1("form.password_too_short", "count", count),
        Err(PasswordFault::TooLong(count)) => l.t1("form.password_too_long", "count", count),
    }
}
