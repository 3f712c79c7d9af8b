//! `stellwerk token …`.

use model::{ApiTokenId, Timestamp};
use storage::{ApiTokenRecord, NewApiToken, Storage};

use super::{Failure, TokenCommand};
use crate::auth::ApiToken;
use crate::console::Console;

pub(super) async fn carry_out(storage: &Storage, command: TokenCommand, console: Console) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { name } => create(storage, name, console).await,
        TokenCommand::List => list(storage, console).await,
        TokenCommand::Revoke { token } => revoke(storage, &token, console).await,
    }
}

/// Only the token goes to standard output, so that a script can take it from there.
async fn create(storage: &Storage, name: String, console: Console) -> Result<(), Failure> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARACTERS {
        return Err(Failure::new(format!("A token's name has 1 to {MAX_NAME_CHARACTERS} characters.")));
    }
    let token = ApiToken::generate()?;
    let record = storage.create_api_token(NewApiToken { name, hash: token.hash(), created_by: None }).await?;
    console.hint(format!("The token {} ({}) is the next line. It is not shown again.", record.name, record.id));
    console.result(token.reveal());
    Ok(())
}

async fn list(storage: &Storage, console: Console) -> Result<(), Failure> {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "–".to_owned(), |time| time.to_string());
    let row = |token: ApiTokenRecord| {
        let (made, used, revoked) = (time(Some(token.created_at)), time(token.last_used_at), time(token.revoked_at));
        vec![token.id.to_string(), token.name, made, used, revoked]
    };
    let rows: Vec<_> = storage.api_tokens().await?.into_iter().map(row).collect();
    console.table(&["ID", "NAME", "MADE", "LAST USED", "REVOKED"], &rows);
    Ok(())
}

async fn revoke(storage: &Storage, wanted: &str, console: Console) -> Result<(), Failure> {
    let id = match wanted.parse::<ApiTokenId>() {
        Ok(id) => id,
        Err(_) => by_name(&storage.api_tokens().await?, wanted)?,
    };
    let token = storage.revoke_api_token(id).await?;
    console.hint(format!("The token {} ({}) is useless from now on.", token.name, token.id));
    Ok(())
}

fn by_name(tokens: &[ApiTokenRecord], name: &str) -> Result<ApiTokenId, Failure> {
    let mut found = tokens.iter().filter(|token| token.name == name && token.revoked_at.is_none());
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token.id),
        (None, _) => Err(Failure::new(format!("No token is called `{name}`; `stellwerk token list` shows them."))),
        _ => Err(Failure::new(format!("Several tokens are called `{name}`; give the id from `stellwerk token list`."))),
    }
}

const MAX_NAME_CHARACTERS: usize = 100;
