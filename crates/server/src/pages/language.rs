//! The links that change the language.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use storage::Storage;

use super::layout::see_other;
use super::next::local_path;
use crate::auth::Accounts;
use crate::problem::Problem;
use crate::texts::{LANGUAGE_COOKIE, Language};

#[derive(Deserialize)]
pub(super) struct Detour {
    next: Option<String>,
}

/// Remembers the language in a cookie, and in the account when somebody is signed in, and goes back.
pub(super) async fn choose(
    request: HttpRequest,
    code: Path<String>,
    detour: Query<Detour>,
    accounts: Data<Accounts>,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    let language = Language::from_code(&code).ok_or_else(|| Problem::not_found("language"))?;
    if let Ok(signed_in) = accounts.signed_in(&request).await {
        storage.set_user_language(signed_in.user.id, language.code()).await?;
    }
    let mut response = see_other(local_path(detour.next.as_deref()));
    response.add_cookie(&cookie(language, accounts.settings().is_https)).map_err(Problem::unexpected)?;
    Ok(response)
}

/// The cookie that remembers a language for a year.
pub(super) fn cookie(language: Language, is_https: bool) -> Cookie<'static> {
    Cookie::build(LANGUAGE_COOKIE, language.code())
        .path("/")
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish()
}
