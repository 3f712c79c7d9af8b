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

#[test]
fn workflows_go_into_a_folder_and_back_without_a_byte_changing() {
    let here = tempfile::tempdir().unwrap();
    let there = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let folder = files.path().join("workflows");
    let folder_name = folder.to_str().unwrap();
    let run = |data: &Path, arguments: &[&str], input: &str| stellwerk(data, arguments, input);
    let document = |name: &str| {
        format!(
            r#"{{"name": "{name}", "definition": {{"nodes": [{{"id": "b", "type": "webhook", "params": {{"z": 1, "a": "ü"}}}},
                {{"id": "a", "type": "manual", "position": {{"x": 0.5, "y": -3}}}}], "edges": [{{"from": "b", "to": "a"}}],
                "settings": {{"personal": ["email"], "keep_days": 3}}}}}}"#
        )
    };
    for name in ["Bestellung bezahlt", "Newsletter", "Newsletter"] {
        result(&run(here.path(), &["workflow", "import", "-"], &document(name)));
    }
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("README.md"), "by hand").unwrap();
    let contents = || {
        let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(result(&run(here.path(), &["workflow", "export", "--to", folder_name], "")).lines().count(), 3);
    let first = contents();
    assert_eq!(first.len(), 4);
    assert!(first.iter().any(|(name, _)| name == "bestellung-bezahlt.json"));
    assert!(first.iter().all(|(_, bytes)| bytes.ends_with(b"\n") || bytes == b"by hand"));

    let again = run(here.path(), &["workflow", "import", folder_name], "");
    assert_eq!(result(&again).lines().count(), 3);
    assert_eq!(String::from_utf8_lossy(&again.stderr).matches("is unchanged").count(), 3);
    result(&run(here.path(), &["workflow", "export", "--to", folder_name], ""));
    assert_eq!(contents(), first);

    // Another server takes the same workflows over, with their ids.
    result(&run(there.path(), &["workflow", "import", folder_name], ""));
    result(&run(there.path(), &["workflow", "export", "--to", folder_name], ""));
    assert_eq!(contents(), first);

    // A new name moves the file and changes nothing else.
    let file = folder.join("bestellung-bezahlt.json");
    let renamed = std::fs::read_to_string(&file).unwrap().replace("Bestellung bezahlt", "Order paid");
    std::fs::write(&file, renamed).unwrap();
    let changed = run(there.path(), &["workflow", "import", folder_name], "");
    assert_eq!(String::from_utf8_lossy(&changed.stderr).matches("was changed").count(), 1);
    result(&run(there.path(), &["workflow", "export", "--to", folder_name], ""));
    let names: Vec<String> = contents().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"order-paid.json".to_owned()) && names.len() == 4, "{names:?}");

    std::fs::copy(folder.join("order-paid.json"), folder.join("twice.json")).unwrap();
    assert!(failure(&run(there.path(), &["workflow", "import", folder_name], "")).contains("are the same workflow"));
}

#[test]
fn a_person_is_found_and_erased_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stellwerk(folder.path(), arguments, "");
    assert!(result(&run(&["person", "find", "ann@example.com"])).contains("\"events\": 0"));
    assert!(failure(&run(&["person", "find", "ann"])).contains("no e-mail address"));
    let only_counted = run(&["person", "erase", "ann@example.com"]);
    assert!(result(&only_counted).contains("\"contacts\": 0"));
    assert!(String::from_utf8_lossy(&only_counted.stderr).contains("Nothing was erased"));
    result(&run(&["person", "erase", "ann@example.com", "--yes"]));
    assert!(result(&run(&["person", "export", "ann@example.com"])).contains("\"left_out\": 0"));
}
