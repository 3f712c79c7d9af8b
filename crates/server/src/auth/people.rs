//! The people who may sign in, and the programs that may: what the settings pages and the API change about them.

use actix_web::HttpRequest;
use model::{ApiTokenId, UserId};
use storage::{ApiTokenRecord, NewApiToken, NewUser, UserRecord};

use super::password::{self, PasswordFault};
use super::{Accounts, ApiToken, SignedIn};
use crate::pages::looks_like_an_address;
use crate::problem::{Problem, ProblemCode};
use crate::texts::Language;

/// The longest name of an API token, in characters.
const MAX_TOKEN_NAME: usize = 100;

/// An account that the owner makes for somebody.
#[derive(Clone)]
pub struct NewPerson {
    /// The e-mail address.
    pub email: String,
    /// The password to begin with.
    pub password: String,
    /// The language that the person reads.
    pub language: Option<Language>,
}

impl Accounts {
    /// Sets another password for whoever is signed in and knows the present one. Other browsers are signed out. Counts as an
    /// attempt to sign in.
    ///
    /// A wrong present password is [`ProblemCode::WrongCredentials`] at `current`, a new one of a wrong length
    /// [`ProblemCode::InvalidRequest`] at `password`.
    pub async fn change_password(
        &self,
        request: &HttpRequest,
        signed_in: &SignedIn,
        current: String,
        new: String,
    ) -> Result<(), Problem> {
        let email = &signed_in.user.email;
        self.count_attempt(self.address_of(request), email)?;
        self.check_new_password(&new)?;
        let (_, hash) = self.storage().user_with_password_hash(email).await?.unzip();
        if !password::verify(current, hash).await? {
            let problem = Problem::new(ProblemCode::WrongCredentials, "The present password is wrong.");
            return Err(problem.at_parameter("current"));
        }
        let hash = password::hash(new).await?;
        Ok(self.storage().change_password(signed_in.user.id, hash, signed_in.session.hash()).await?)
    }

    /// Everybody who may sign in, by e-mail address.
    pub async fn users(&self) -> Result<Vec<UserRecord>, Problem> {
        Ok(self.storage().users().await?)
    }

    /// Makes an account for somebody. Only the owner may.
    pub async fn add_user(&self, by: &UserRecord, new: NewPerson) -> Result<UserRecord, Problem> {
        must_be_owner(by)?;
        if !looks_like_an_address(&new.email) {
            let problem = Problem::invalid_request("This is not an e-mail address such as name@example.com.");
            return Err(problem.at_parameter("email"));
        }
        self.check_new_password(&new.password)?;
        let password_hash = password::hash(new.password).await?;
        let language = new.language.map(|language| language.code().to_owned());
        let new = NewUser { email: new.email, password_hash, is_owner: false, language };
        Ok(self.storage().create_user(new).await?)
    }

    /// Removes somebody's account, signs it out everywhere and revokes the API tokens that it made. Only the owner may; the
    /// owner's own account stays.
    pub async fn remove_user(&self, by: &UserRecord, id: UserId) -> Result<UserRecord, Problem> {
        must_be_owner(by)?;
        if by.id == id {
            return Err(Problem::not_now("problem.own_account"));
        }
        let removed = self.storage().delete_user(id).await?;
        tracing::info!(email = removed.email, by = by.email, "an account was removed");
        Ok(removed)
    }

    /// All API tokens, revoked ones included, the latest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenRecord>, Problem> {
        Ok(self.storage().api_tokens().await?)
    }

    /// Makes an API token. The token itself is known only now.
    pub async fn create_api_token(
        &self,
        name: &str,
        created_by: Option<UserId>,
    ) -> Result<(ApiTokenRecord, ApiToken), Problem> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_TOKEN_NAME {
            let detail = format!("`name` must have between 1 and {MAX_TOKEN_NAME} characters.");
            return Err(Problem::invalid_request(detail).at_parameter("name"));
        }
        let token = ApiToken::generate()?;
        let new = NewApiToken { name: name.to_owned(), hash: token.hash(), created_by };
        Ok((self.storage().create_api_token(new).await?, token))
    }

    /// Makes an API token useless from now on.
    pub async fn revoke_api_token(&self, id: ApiTokenId) -> Result<ApiTokenRecord, Problem> {
        Ok(self.storage().revoke_api_token(id).await?)
    }

    fn check_new_password(&self, password: &str) -> Result<(), Problem> {
        let detail = match password::check(password, self.settings().password_min_characters) {
            Ok(()) => return Ok(()),
            Err(PasswordFault::TooShort(count)) => format!("A password needs at least {count} characters."),
            Err(PasswordFault::TooLong(count)) => format!("A password may have at most {count} characters."),
        };
        Err(Problem::invalid_request(detail).at_parameter("password"))
    }
}

fn must_be_owner(by: &UserRecord) -> Result<(), Problem> {
    if by.is_owner { Ok(()) } else { Err(Problem::forbidden()) }
}
