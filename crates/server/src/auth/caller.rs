//! The argument types by which a handler says who may call it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use storage::{ApiTokenRecord, DeadLetterFilter, DeadLetterState, Storage, UserRecord};

use super::{Accounts, ApiToken, SessionToken, csrf};
use crate::problem::Problem;

/// Somebody who may use the API: a signed-in browser or the holder of an API token.
///
/// A browser's cookie counts for writes only when they come from our own pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A signed-in person.
    User(UserRecord),
    /// A program.
    Token(ApiTokenRecord),
}

impl Caller {
    /// What to write down as the author of a change.
    pub fn name(&self) -> String {
        match self {
            Self::User(user) => user.email.clone(),
            Self::Token(token) => format!("token {}", token.name),
        }
    }
}

/// Somebody who may do what only the owner may: the owner in a browser, or the holder of an API token that the owner made,
/// or that was made on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(pub Caller);

/// A signed-in person in a browser, for pages. Others are led to the sign-in page.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user: UserRecord,
    /// The session.
    pub session: SessionToken,
    /// The token that forms of this person carry.
    pub csrf: String,
    /// How many runs wait for a decision, counted up to [`MOST_COUNTED`]; for the navigation.
    pub open_dead_letters: u64,
}

/// How far runs that wait for a decision are counted for the navigation.
pub const MOST_COUNTED: u64 = 1_000;

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let accounts = accounts_of(&request)?;
            if let Some(authorization) = request.headers().get(header::AUTHORIZATION) {
                let token = authorization.to_str().ok().and_then(bearer).ok_or_else(Problem::unknown_token)?;
                return accounts.token_holder(&token).await.map(Self::Token);
            }
            let signed_in = accounts.signed_in(&request).await?;
            if !request.method().is_safe() && !csrf::is_own_write(&request, &signed_in.session) {
                return Err(Problem::cross_site());
            }
            Ok(Self::User(signed_in.user))
        })
    }
}

impl FromRequest for Owner {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (caller, request) = (Caller::from_request(request, payload), request.clone());
        Box::pin(async move {
            let caller = caller.await?;
            let is_owner = match &caller {
                Caller::User(user) => user.is_owner,
                Caller::Token(ApiTokenRecord { created_by: None, .. }) => true,
                Caller::Token(ApiTokenRecord { created_by: Some(maker), .. }) => {
                    let users = accounts_of(&request)?.users().await?;
                    users.iter().any(|user| user.id == *maker && user.is_owner)
                }
            };
            if is_owner { Ok(Self(caller)) } else { Err(Problem::forbidden()) }
        })
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let mut signed_in = accounts_of(&request)?.signed_in(&request).await?;
            if let Some(storage) = request.app_data::<Data<Storage>>() {
                let open = DeadLetterFilter { states: vec![DeadLetterState::Open], ..DeadLetterFilter::default() };
                signed_in.open_dead_letters = storage.count_dead_letters(&open, MOST_COUNTED).await?;
            }
            Ok(signed_in)
        })
    }
}

fn accounts_of(request: &HttpRequest) -> Result<Data<Accounts>, Problem> {
    request.app_data::<Data<Accounts>>().cloned().ok_or_else(|| Problem::unexpected("the app has no accounts"))
}

/// The token in `Bearer …` (RFC 6750 §2.1).
fn bearer(value: &str) -> Option<ApiToken> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).and_then(ApiToken::parse)
}
