//! Tests that need a process of their own: this same program, started again for one ignored test.

use std::path::Path;
use std::process::{Command, ExitStatus};

/// Runs an ignored test (`module::name`) in a process of its own, in a folder.
pub(crate) fn run(test: &str, folder: &Path) -> ExitStatus {
    let program = std::env::current_exe().unwrap();
    let output =
        Command::new(program).args([test, "--exact", "--ignored", "--nocapture"]).current_dir(folder).output().unwrap();
    assert!(
        output.status.success() || output.status.code().is_none(),
        "{test}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.status
}
