//! API tokens: how programs sign in. A token is shown once, when it is made.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{ApiTokenId, Timestamp, UserId};
use serde::Deserialize;

use super::super::Site;
use super::super::layout::{Layout, page, see_other};
use super::{Nothing, Place};
use crate::auth::{Accounts, CheckedForm, SignedIn};
use crate::problem::{Problem, ProblemCode};

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
}

#[derive(Template)]
#[template(path = "settings_tokens.html")]
struct TokensPage {
    l: Layout,
    place: Place,
    tokens: Vec<Row>,
    /// What was typed.
    name: String,
    fault: String,
    /// The token that was just made.
    made: Option<String>,
    base_url: String,
}

struct Row {
    id: ApiTokenId,
    name: String,
    /// The e-mail address of who made it; empty when it was made on the command line.
    created_by: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

/// Lists the tokens that are not revoked.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse, Problem> {
    let template = tokens_page(&request, &signed_in, &accounts, &site).await?;
    page(StatusCode::OK, &template)
}

/// Makes a token and shows it. This page is the only one that ever holds it, so it does not lead on to another.
pub(super) async fn create(
    request: HttpRequest,
    form: CheckedForm<NewToken>,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(NewToken { name }) = form;
    let made = match accounts.create_api_token(&name, Some(signed_in.user.id)).await {
        Ok((_, token)) => token,
        Err(problem) if problem.code() == ProblemCode::InvalidRequest => {
            let mut template = tokens_page(&request, &signed_in, &accounts, &site).await?;
            template.fault = template.l.t1("form.name_length", "count", 100);
            template.name = name;
            return page(StatusCode::UNPROCESSABLE_ENTITY, &template);
        }
        Err(problem) => return Err(problem),
    };
    let mut template = tokens_page(&request, &signed_in, &accounts, &site).await?;
    template.made = Some(made.reveal().to_owned());
    page(StatusCode::CREATED, &template)
}

/// Makes a token useless.
pub(super) async fn revoke(
    _form: CheckedForm<Nothing>,
    _signed_in: SignedIn,
    accounts: Data<Accounts>,
    id: Path<ApiTokenId>,
) -> Result<HttpResponse, Problem> {
    accounts.revoke_api_token(*id).await?;
    Ok(see_other("/settings/tokens?notice=token_revoked"))
}

async fn tokens_page(
    request: &HttpRequest,
    signed_in: &SignedIn,
    accounts: &Accounts,
    site: &Site,
) -> Result<TokensPage, Problem> {
    let users = accounts.users().await?;
    let emails: BTreeMap<UserId, String> = users.into_iter().map(|user| (user.id, user.email)).collect();
    let known = accounts.api_tokens().await?.into_iter().filter(|token| token.revoked_at.is_none());
    let tokens = known.map(|token| Row {
        id: token.id,
        name: token.name,
        created_by: token.created_by.and_then(|user| emails.get(&user).cloned()).unwrap_or_default(),
        created_at: token.created_at,
        last_used_at: token.last_used_at,
    });
    Ok(TokensPage {
        l: Layout::for_user(request, signed_in),
        place: Place { tab: "tokens", is_owner: signed_in.user.is_owner },
        tokens: tokens.collect(),
        name: String::new(),
        fault: String::new(),
        made: None,
        base_url: site.base_url.to_string(),
    })
}
