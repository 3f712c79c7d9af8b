//! `stellwerk backup` and `stellwerk restore`.

use std::path::Path;

use model::clock::{Clock as _, SystemClock};
use storage::BackupContent;

use super::Failure;
use crate::config::Config;
use crate::console::Console;
use crate::key::{self, KeySource};
use crate::parts;

/// Writes the database into a new file. A server may be running.
pub(super) async fn back_up(config: &Config, file: &Path, console: Console) -> Result<(), Failure> {
    let content = storage::back_up(&parts::storage_settings(config), file).await?;
    console.result(format!("{}: {}", file.display(), described(&content)));
    console.hint(match key::source(config) {
        KeySource::Settings => {
            "The key that seals credentials is not in it: keep the one from your settings, too.".to_owned()
        }
        KeySource::File(path) | KeySource::FileToBeMade(path) => format!(
            "The key that seals credentials is not in it. Keep a copy of {} in another place: without the key the \
             credentials in the backup cannot be opened, and with it anybody can open them.",
            path.display()
        ),
    });
    Ok(())
}

/// Puts a backup in place of the database. No server may be running.
pub(super) async fn restore(config: &Config, file: &Path, replace: bool, console: Console) -> Result<(), Failure> {
    let settings = parts::storage_settings(config);
    let restored = storage::restore(&settings, file, replace, SystemClock.now()).await?;
    console.result(format!("{}: {}", settings.database_file().display(), described(&restored.content)));
    if let Some(aside) = &restored.replaced {
        console.hint(format!("The database that was there lies at {} now.", aside.display()));
    }
    if restored.content.unfinished_runs > 0 {
        console.hint(format!(
            "Runs that were not over when the backup was taken: {}. The next start goes on with them where they stood \
             then; what they have done outside since is done again.",
            restored.content.unfinished_runs
        ));
    }
    if restored.content.credentials > 0
        && let KeySource::FileToBeMade(path) = key::source(config)
    {
        console.hint(format!(
            "There is no key at {}. Put the one that belongs to the backup there before the next start, else its \
             credentials have to be entered again.",
            path.display()
        ));
    }
    Ok(())
}

fn described(content: &BackupContent) -> String {
    format!(
        "{} bytes, schema {}, workflows: {}, runs: {}, credentials: {}, no damage found.",
        content.file_bytes, content.schema, content.workflows, content.runs, content.credentials
    )
}
