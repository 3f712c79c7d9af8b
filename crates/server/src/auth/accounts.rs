//! Signing in and out, and who a request comes from.

use std::net::IpAddr;
use std::sync::Mutex;

use actix_web::HttpRequest;
use ipnet::IpNet;
use storage::{ApiTokenRecord, NewUser, Storage, StorageError, UserRecord};

use super::limit::{AddressLimit, SignInLimit};
use super::{ApiToken, SessionToken, SetupCode, SignedIn, client_address, csrf, password};
use crate::config::Config;
use crate::problem::Problem;
use crate::texts::Language;

/// What signing in depends on.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// Whether others reach the server over https, so that cookies are marked Secure.
    pub is_https: bool,
    /// After how many days without a visit a session ends.
    pub session_days: u32,
    /// The shortest allowed password, in characters.
    pub password_min_characters: usize,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// The account that owns the server.
#[derive(Clone)]
pub struct NewOwner {
    /// The e-mail address.
    pub email: String,
    /// The password, already checked for its length.
    pub password: String,
    /// The language that the person reads.
    pub language: Option<Language>,
}

/// Signing in and out. One for the whole server.
#[derive(Debug)]
pub struct Accounts {
    storage: Storage,
    settings: AuthSettings,
    limit: SignInLimit,
    /// Links that let somebody in by what they hold, for example to approve something.
    links: AddressLimit,
    receipts: AddressLimit,
    setup: Mutex<Option<SetupCode>>,
}

/// The account under which attempts at the set-up code are counted. No e-mail address looks like it.
const SETUP_ACCOUNT: &str = "set-up code";

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Accounts {
    /// Accounts in this storage.
    pub fn new(storage: Storage, config: &Config) -> Self {
        let settings = AuthSettings {
            is_https: config.is_https(),
            session_days: config.auth.session_days,
            password_min_characters: config.auth.password_min_characters,
            trusted_proxies: config.trusted_proxies.clone(),
        };
        let limit = SignInLimit::per_minute(config.auth.sign_in_attempts_per_minute);
        Self {
            storage,
            settings,
            limit,
            links: AddressLimit::per_minute(config.ingress.links_per_minute),
            receipts: AddressLimit::per_minute(config.ingress.receipts_per_minute),
            setup: Mutex::new(None),
        }
    }

    /// What signing in depends on.
    pub fn settings(&self) -> &AuthSettings {
        &self.settings
    }

    /// Where accounts are stored.
    pub(super) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// At start: makes the owner that the settings name, if there is none yet. While there is none, the set-up page opens
    /// with the code that this returns.
    pub async fn prepare(&self, owner: Option<NewOwner>) -> Result<Option<SetupCode>, Problem> {
        if self.storage.has_owner().await? {
            return Ok(None);
        }
        if let Some(owner) = owner {
            let owner = self.create_owner(owner).await?;
            tracing::info!(email = owner.email, "the owner's account was made");
            return Ok(None);
        }
        let code = SetupCode::generate()?;
        *self.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(code.clone());
        Ok(Some(code))
    }

    /// Whether the server still waits for its owner.
    pub async fn needs_setup(&self) -> Result<bool, Problem> {
        Ok(!self.storage.has_owner().await?)
    }

    /// Whether this is the set-up code. Counts as an attempt.
    pub fn check_setup_code(&self, request: &HttpRequest, code: &str) -> Result<bool, Problem> {
        self.count_attempt(self.address_of(request), SETUP_ACCOUNT)?;
        let expected = self.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(expected.as_ref().is_some_and(|expected| expected.is(code)))
    }

    /// Makes the owner's account. Fails when there is one.
    pub async fn create_owner(&self, owner: NewOwner) -> Result<UserRecord, Problem> {
        let password_hash = password::hash(owner.password).await?;
        let language = owner.language.map(|language| language.code().to_owned());
        let new = NewUser { email: owner.email, password_hash, is_owner: true, language };
        let owner = self.storage.create_user(new).await?;
        *self.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        Ok(owner)
    }

    /// Signs somebody in by address and password.
    pub async fn sign_in(
        &self,
        request: &HttpRequest,
        email: &str,
        password: String,
    ) -> Result<(UserRecord, SessionToken), Problem> {
        self.count_attempt(self.address_of(request), email)?;
        let found = self.storage.user_with_password_hash(email).await?;
        let (user, hash) = found.unzip();
        if !password::verify(password, hash).await? {
            tracing::warn!(address = %self.address_of(request), "a sign-in failed");
            return Err(Problem::wrong_credentials());
        }
        let user = user.ok_or_else(Problem::wrong_credentials)?;
        let session = self.begin_session(&user).await?;
        Ok((user, session))
    }

    /// Begins a session for somebody who proved who they are.
    pub async fn begin_session(&self, user: &UserRecord) -> Result<SessionToken, Problem> {
        let session = SessionToken::generate()?;
        let expires_at = self.storage.now().plus_ms(self.session_ms());
        self.storage.create_session(session.hash(), user.id, expires_at).await?;
        self.storage.delete_expired_sessions().await?;
        Ok(session)
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &SessionToken) -> Result<(), Problem> {
        Ok(self.storage.delete_session(session.hash()).await?)
    }

    /// The person whose browser this is.
    pub async fn signed_in(&self, request: &HttpRequest) -> Result<SignedIn, Problem> {
        let session = SessionToken::of_request(request, self.settings.is_https).ok_or_else(Problem::unauthenticated)?;
        let record = self.storage.session(&session.hash()).await?.ok_or_else(Problem::unauthenticated)?;
        let extended = self.storage.now().plus_ms(self.session_ms());
        if extended.ms_since(record.expires_at) > DAY_MS {
            self.storage.extend_session(session.hash(), extended).await?;
        }
        let csrf = csrf::token_for(&session)?;
        Ok(SignedIn { user: record.user, session, csrf, open_dead_letters: 0 })
    }

    /// The token, if it is known and not revoked.
    pub async fn token_holder(&self, token: &ApiToken) -> Result<ApiTokenRecord, Problem> {
        let record = self.storage.api_token(&token.hash()).await?.ok_or_else(Problem::unknown_token)?;
        match self.storage.note_api_token_use(&record).await {
            // The call itself is worth more than a note about it.
            Err(StorageError::Unavailable | StorageError::QueueFull) | Ok(()) => Ok(record),
            Err(error) => Err(error.into()),
        }
    }

    /// The address that a request comes from.
    pub fn address_of(&self, request: &HttpRequest) -> IpAddr {
        client_address(request, &self.settings.trusted_proxies)
    }

    /// Counts the use of a link that lets its holder do something.
    pub fn count_link(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.links.check(self.address_of(request)).map_err(Problem::too_many_requests)
    }

    /// Counts a look at a receipt.
    pub fn count_receipt(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.receipts.check(self.address_of(request)).map_err(Problem::too_many_requests)
    }

    pub(super) fn count_attempt(&self, address: IpAddr, account: &str) -> Result<(), Problem> {
        self.limit.check(address, account).map_err(|wait_s| {
            tracing::warn!(%address, "too many attempts to sign in");
            Problem::too_many_requests(wait_s)
        })
    }

    fn session_ms(&self) -> u64 {
        u64::from(self.settings.session_days) * DAY_MS
    }
}
