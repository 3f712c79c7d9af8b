//! `stellwerk user …`.

use std::io::Read;

use storage::{NewUser, Storage};

use super::{AccountArguments, Failure};
use crate::auth::password::{self, PasswordFault};
use crate::config::Config;
use crate::console::Console;
use crate::pages::looks_like_an_address;

/// Makes an account; the first one is the owner's.
pub(super) async fn create(
    storage: &Storage,
    config: &Config,
    account: &AccountArguments,
    console: Console,
) -> Result<(), Failure> {
    if !looks_like_an_address(&account.email) {
        return Err(Failure::new(format!("`{}` does not look like an e-mail address.", account.email)));
    }
    let (password, is_made) = password_for(account, config)?;
    let is_owner = !storage.has_owner().await?;
    let password_hash = password::hash_now(&password)?;
    let new = NewUser { email: account.email.clone(), password_hash, is_owner, language: None };
    let user = storage.create_user(new).await?;
    let role = if is_owner { "It owns the server." } else { "" };
    console.hint(format!("The account {} was made. {role}", user.email));
    tell(&password, is_made, console);
    Ok(())
}

/// Sets a new password.
pub(super) async fn set_password(
    storage: &Storage,
    config: &Config,
    account: &AccountArguments,
    console: Console,
) -> Result<(), Failure> {
    let (password, is_made) = password_for(account, config)?;
    let user = storage.set_password(&account.email, password::hash_now(&password)?).await?;
    console.hint(format!("{} has a new password and was signed out everywhere.", user.email));
    tell(&password, is_made, console);
    Ok(())
}

/// The password from standard input, or a new one; and whether it is new.
fn password_for(account: &AccountArguments, config: &Config) -> Result<(String, bool), Failure> {
    if !account.password_stdin {
        return Ok((password::generate()?, true));
    }
    let mut text = String::new();
    // A line of the longest password and some more, so that a whole file piped in by mistake is not read.
    std::io::stdin().take(4 * 1024).read_to_string(&mut text)?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    match password::check(password, config.auth.password_min_characters) {
        Ok(()) => Ok((password.to_owned(), false)),
        Err(PasswordFault::TooShort(count)) => {
            Err(Failure::new(format!("A password needs at least {count} characters.")))
        }
        Err(PasswordFault::TooLong(count)) => Err(Failure::new(format!("A password has at most {count} characters."))),
    }
}

fn tell(password: &str, is_made: bool, console: Console) {
    if is_made {
        console.hint("Its password is the next line. It is not shown again.");
        console.result(password);
    }
}
