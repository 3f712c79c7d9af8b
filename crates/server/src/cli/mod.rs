//! The command line. Every command but `serve` works beside a running server.

mod accounts;
mod backup;
mod doctor;
mod failure;
mod healthcheck;
mod persons;
mod tokens;
mod workflow_files;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use storage::{Role, Storage};

pub use failure::Failure;

use crate::config::{self, Config, Loaded};
use crate::console::Console;
use crate::{logging, parts, serve};

/// Webhook in, decision, effects in other systems.
#[derive(Debug, Parser)]
#[command(name = "stellwerk", version, about, long_about = None, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop.
    Serve,
    /// Bring the database to this version's schema. `serve` does it too.
    Migrate,
    /// Show the settings, where each came from, and whether everything is in order.
    Doctor,
    /// Ask the running server whether it lives; exit code 0 or 1.
    Healthcheck,
    /// Write the whole database into a new file, also while the server runs. The key that seals credentials is not in it.
    Backup {
        /// The file to write. It must not exist yet.
        file: PathBuf,
    },
    /// Put a backup in place of the database. The server must not be running.
    Restore {
        /// A file that `stellwerk backup` wrote.
        file: PathBuf,
        /// Put a database that is there already aside under another name.
        #[arg(long)]
        replace: bool,
    },
    /// One person across all that is kept: find, give out, erase.
    #[command(subcommand)]
    Person(PersonCommand),
    /// People who sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens for programs.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Workflows as files.
    #[command(subcommand)]
    Workflow(WorkflowCommand),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an account. The first one owns the server.
    Create(AccountArguments),
    /// Set a new password and sign the account out everywhere.
    SetPassword(AccountArguments),
}

#[derive(Debug, clap::Args)]
struct AccountArguments {
    /// The e-mail address to sign in with.
    #[arg(long)]
    email: String,
    /// Read the password from standard input. Without it one is made and printed.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Subcommand)]
enum PersonCommand {
    /// Count what mentions an e-mail address.
    Find {
        /// The e-mail address.
        email: String,
    },
    /// Print everything that mentions an e-mail address as one JSON document.
    Export {
        /// The e-mail address.
        email: String,
    },
    /// Put a mark in place of an e-mail address, and of what stands in personal fields beside it, everywhere and for good.
    Erase {
        /// The e-mail address.
        email: String,
        /// Do it. Without this the command only counts.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once, as the only line on standard output.
    Create {
        /// What to call it, for example the program that will use it.
        #[arg(long)]
        name: String,
    },
    /// List tokens; the tokens themselves are not known.
    List,
    /// Make a token useless from now on.
    Revoke {
        /// Its id, or its name when only one has it.
        token: String,
    },
}

#[derive(Debug, Subcommand)]
enum WorkflowCommand {
    /// Make a workflow from a file, or bring the workflows of a folder up to date, and print their ids.
    Import {
        /// A JSON file: a definition, or `{"name": …, "definition": …}`; or a folder that `export --to` wrote. A file with an
        /// `id` changes the workflow that has it, or makes it with that id. `-` reads standard input.
        file: PathBuf,
        /// What to call it; needed when the file does not say.
        #[arg(long)]
        name: Option<String>,
        /// Publish it; refused while it has problems.
        #[arg(long)]
        publish: bool,
        /// Publish it and let its triggers start runs.
        #[arg(long)]
        activate: bool,
    },
    /// Print a workflow's draft as `{"name": …, "definition": …}`, or write drafts into a folder for a version history.
    Export {
        /// Its id, or its name when only one has it. With --to it may be left out: then all are written.
        #[arg(required_unless_present = "to")]
        workflow: Option<String>,
        /// Write one file for each workflow into this folder, always in the same form.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
    /// List workflows.
    List,
}

/// Runs the command that this process was started with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console;
    match start(arguments.command, console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.hint(format!("stellwerk: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Room for a script and for what calls it; address space, of which only what is used takes memory.
const THREAD_STACK_BYTES: usize = nodes::sandbox::STACK_BYTES + 8 * 1024 * 1024;

fn start(command: Command, console: Console) -> Result<(), Failure> {
    let loaded = config::load().map_err(Failure::from)?;
    if let Command::Healthcheck = command {
        return healthcheck::ask(loaded.config.listen);
    }
    logging::start(&loaded.config.log).map_err(Failure::new)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_stack_size(THREAD_STACK_BYTES).enable_all().build()?;
    runtime.block_on(Box::pin(carry_out(command, loaded, console)))
}

async fn carry_out(command: Command, loaded: Loaded, console: Console) -> Result<(), Failure> {
    let config = &loaded.config;
    match command {
        Command::Serve => serve::serve(loaded, console).await,
        Command::Doctor => doctor::examine(&loaded, console).await,
        Command::Healthcheck => healthcheck::ask(config.listen),
        Command::Migrate => {
            with_storage(config, async |_| {
                console.hint("The database is at this version's schema.");
                Ok(())
            })
            .await
        }
        Command::Backup { file } => backup::back_up(config, &file, console).await,
        Command::Restore { file, replace } => backup::restore(config, &file, replace, console).await,
        Command::User(UserCommand::Create(account)) => {
            with_storage(config, async |storage| accounts::create(storage, config, &account, console).await).await
        }
        Command::User(UserCommand::SetPassword(account)) => {
            with_storage(config, async |storage| accounts::set_password(storage, config, &account, console).await).await
        }
        Command::Token(command) => {
            with_storage(config, async |storage| tokens::carry_out(storage, command, console).await).await
        }
        Command::Person(command) => {
            with_storage(config, async |storage| persons::carry_out(storage, command, console).await).await
        }
        Command::Workflow(command) => {
            with_storage(config, async |storage| workflows::carry_out(storage, config, command, console).await).await
        }
    }
}

/// Opens the storage beside a server that may be running, and closes it again whatever happens.
async fn with_storage(config: &Config, work: impl AsyncFnOnce(&Storage) -> Result<(), Failure>) -> Result<(), Failure> {
    let storage = parts::open_storage(config, Role::Tool).await?;
    let outcome = work(&storage).await;
    storage.close().await;
    outcome
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
