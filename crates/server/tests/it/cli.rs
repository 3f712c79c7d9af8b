//! The command line as a script sees it: what goes to standard output, and the exit code.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use server::auth::ApiToken;

/// Runs `stellwerk` on a data directory.
fn stellwerk(data_dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stellwerk"))
        .args(arguments)
        .env_clear()
        .env("STELLWERK_DATA_DIR", data_dir)
        .env("STELLWERK_LOG", "warn")
        .current_dir(data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn result(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failure(output: &Output) -> String {
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "a failure says nothing on standard output");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn only_the_token_goes_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stellwerk(folder.path(), arguments, "");
    let token = result(&run(&["token", "create", "--name", "shop"]));
    assert!(ApiToken::parse(token.strip_suffix('\n').unwrap()).is_some(), "{token}");
    let list = result(&run(&["token", "list"]));
    assert!(list.contains("shop") && !list.contains("stw_"), "{list}");
    result(&run(&["token", "revoke", "shop"]));
    assert!(failure(&run(&["token", "revoke", "shop"])).contains("No token is called `shop`"));
    assert!(failure(&run(&["token", "create", "--name", " "])).contains("1 to 100 characters"));
}

#[test]
fn the_first_account_owns_the_server_and_passwords_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| stellwerk(folder.path(), arguments, input);
    let create = ["user", "create", "--email", "a@b.example", "--password-stdin"];
    assert!(failure(&run(&create, "short\n")).contains("at least 10 characters"));
    let made = run(&create, "correct horse\n");
    assert_eq!(result(&made), "", "a password that was given is not printed");
    assert!(String::from_utf8_lossy(&made.stderr).contains("owns the server"));
    assert!(failure(&run(&create, "correct horse\n")).contains("already"));
    let second = run(&["user", "create", "--email", "c@d.example"], "");
    assert_eq!(result(&second).trim_end().len(), 24, "a password that was made is printed");
    assert!(!String::from_utf8_lossy(&second.stderr).contains("owns the server"));
    assert!(failure(&run(&["user", "set-password", "--email", "x@y.example"], "")).contains("account not found"));
}

#[test]
fn a_workflow_goes_in_and_out_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| stellwerk(folder.path(), arguments, input);
    let document = r#"{"name": "Orders", "definition": {"nodes": [{"id": "order", "type": "webhook"}]}}"#;
    let imported = run(&["workflow", "import", "-", "--activate"], document);
    let id = result(&imported);
    assert!(String::from_utf8_lossy(&imported.stderr).contains("/hooks/v1/orders/"));
    assert!(result(&run(&["workflow", "list"], "")).contains("active (version 1)"));
    let exported = result(&run(&["workflow", "export", id.trim_end()], ""));
    assert_eq!(result(&run(&["workflow", "export", "Orders"], "")), exported);
    result(&run(&["workflow", "import", "-", "--name", "Again"], &exported));
    let broken = r#"{"name": "Broken", "definition": {"nodes": [{"id": "x", "type": "nonsense"}]}}"#;
    assert!(failure(&run(&["workflow", "import", "-", "--publish"], broken)).contains("x: "));
    assert!(!result(&run(&["workflow", "list"], "")).contains("Broken"), "what cannot be published is not imported");
}

#[test]
fn doctor_tells_where_settings_come_from_and_never_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stellwerk.toml"), "key = \"a passphrase of some length\"\n").unwrap();
    let told = result(&stellwerk(folder.path(), &["doctor"], ""));
    let line_of = |key: &str| told.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line_of("data_dir").ends_with("STELLWERK_DATA_DIR"));
    assert!(line_of("key ").contains("set") && line_of("key ").ends_with("stellwerk.toml"));
    assert!(!told.contains("passphrase"), "{told}");
    std::fs::write(folder.path().join("stellwerk.toml"), "kye = \"x\"\n").unwrap();
    assert!(failure(&stellwerk(folder.path(), &["doctor"], "")).contains("Did you mean `key`?"));
}

#[test]
fn a_backup_goes_to_another_server_and_nothing_secret_is_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| stellwerk(folder.path(), arguments, input);
    let document = r#"{"name": "Orders", "definition": {"nodes": [{"id": "order", "type": "webhook"}]}}"#;
    result(&run(&["workflow", "import", "-", "--activate"], document));
    let token = result(&run(&["token", "create", "--name", "shop"], ""));
    let file = elsewhere.path().join("backup.sqlite");
    let file = file.to_str().unwrap();
    let made = run(&["backup", file], "");
    assert!(result(&made).contains("workflows: 1"));
    assert!(String::from_utf8_lossy(&made.stderr).contains("stellwerk.key"));
    let bytes = std::fs::read(file).unwrap();
    assert!(!bytes.windows(token.trim().len()).any(|part| part == token.trim().as_bytes()));
    assert!(failure(&run(&["backup", file], "")).contains("exists already"));

    assert!(failure(&run(&["restore", file], "")).contains("--replace"));
    let replaced = run(&["restore", file, "--replace"], "");
    assert!(result(&replaced).contains("workflows: 1"));
    assert!(String::from_utf8_lossy(&replaced.stderr).contains(".replaced-"));
    let other = elsewhere.path().join("data");
    std::fs::create_dir(&other).unwrap();
    result(&stellwerk(&other, &["restore", file], ""));
    assert!(result(&stellwerk(&other, &["workflow", "list"], "")).contains("active (version 1)"));
}
