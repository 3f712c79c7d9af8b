//! Connectors that are found in a folder at start-up.

use std::fs;
use std::path::Path;

use nodes::effect::{Effect, HttpReply, Reply};
use nodes::{Catalogue, Input, LoadError, Outcome};
use serde_json::{Map, Value, json};

use crate::run::surroundings;

const SCRIPT: &str = r#"
    fn greet(step) { #{ request: #{ url: `https://api.greeter.example/${url_encode(step.params.who)}` }, state: 1 } }
    fn greet_reply(step) { #{ output: `${step.reply.body} ${step.state}`, port: "told" } }
"#;

fn manifest() -> Value {
    json!({
        "name": "greeter", "title": { "en": "Greeter", "de": "Grüßer" },
        "description": { "en": "Greets.", "de": "Grüßt." }, "hosts": ["api.greeter.example"],
        "credential_kinds": [{
            "name": "greeter", "title": { "en": "Key", "de": "Schlüssel" }, "description": { "en": "A key.", "de": "Ein Schlüssel." },
            "fields": [{ "name": "key", "title": { "en": "Key", "de": "Schlüssel" }, "secret": true }],
            "hosts": ["api.greeter.example"], "apply": { "header": { "name": "X-Key", "value": "{key}" } },
        }],
        "operations": [{
            "name": "greet", "title": { "en": "Greet", "de": "Grüßen" }, "description": { "en": "Greets.", "de": "Grüßt." },
            "parameters": [{ "name": "who", "kind": "text", "title": { "en": "Who", "de": "Wen" }, "required": true }],
            "ports": [{ "name": "told", "title": { "en": "Told", "de": "Gesagt" } }],
            "credential_kinds": ["greeter"], "safe_to_repeat": true, "sample_output": "Hello",
        }],
    })
}

fn write(folder: &Path, manifest: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    fs::write(folder.join("script.rhai"), script).unwrap();
    fs::write(folder.join("icon.svg"), "<svg viewBox=\"0 0 1 1\"><path d=\"M0 0\"/></svg>\n").unwrap();
}

#[test]
fn a_folder_becomes_a_node_type_without_any_registration() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("greeter"), &manifest().to_string(), SCRIPT);
    fs::create_dir(root.path().join(".git")).unwrap();
    let catalogue = Catalogue::load(&[root.path().to_path_buf()]).unwrap();
    let known = catalogue.get("greeter.greet").unwrap();
    assert_eq!(known.node_type().hosts, ["api.greeter.example"]);
    assert!(catalogue.credential_kind("greeter").is_some());

    let node: model::Node =
        serde_json::from_value(json!({ "id": "n", "type": "greeter.greet", "params": { "who": "Jörg" } })).unwrap();
    let surroundings = surroundings();
    let params = catalogue.resolve_params(&node, &json!({}), &surroundings).unwrap();
    let input = Input {
        node: &node,
        params: &params,
        context: &json!({}),
        incoming: &[],
        credential: &Value::Null,
        surroundings: &surroundings,
    };
    let Outcome::Do { effect: Effect::Http(request), state } = known.start(&input).unwrap() else {
        panic!("no request")
    };
    assert_eq!(request.url, "https://api.greeter.example/J%C3%B6rg");
    let reply =
        HttpReply { status: 200, headers: Map::new(), body: json!("Hallo"), url: request.url, retry_after_ms: None };
    let outcome = known.resume(&input, state, Reply::Http(reply)).unwrap();
    assert_eq!(outcome, Outcome::Done { port: "told".to_owned(), output: json!("Hallo 1") });
}

#[test]
fn the_folder_itself_may_be_the_connector() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("greeter");
    write(&folder, &manifest().to_string(), SCRIPT);
    assert!(Catalogue::load(&[folder]).unwrap().get("greeter.greet").is_some());
}

/// Loads the connector after one change and gives the error.
fn fault(change: impl FnOnce(&mut Value), script: &str) -> LoadError {
    let root = tempfile::tempdir().unwrap();
    let mut manifest = manifest();
    change(&mut manifest);
    write(&root.path().join("greeter"), &manifest.to_string(), script);
    let error = Catalogue::load(&[root.path().to_path_buf()]).unwrap_err();
    assert!(error.folder.ends_with("greeter"), "{error}");
    error
}

#[test]
fn the_test_of_a_credential_goes_only_where_the_credential_may_and_carries_no_secret() {
    let with = |test: Value| {
        let mut manifest = manifest();
        manifest["credential_kinds"][0]["test"] = test;
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("greeter"), &manifest.to_string(), SCRIPT);
        Catalogue::load(&[root.path().to_path_buf()]).map(|catalogue| {
            catalogue.credential_kind("greeter").and_then(|kind| kind.test.clone()).map(|test| (test.method, test.url))
        })
    };
    let url = "https://api.greeter.example/me";
    assert_eq!(with(json!({ "url": url })).unwrap(), Some(("GET".to_owned(), url.to_owned())));
    for (test, expected) in [
        (
            json!({ "url": "https://api.greeter.example/{key}" }),
            "test.url: `{key}` is no field of this credential, or a secret",
        ),
        (json!({ "url": "http://api.greeter.example/" }), "test.url: it must begin with `https://`"),
        (json!({ "url": url, "method": "DELETE" }), "test.method: a test is a `GET`"),
        (json!({ "url": url, "statuses": [20] }), "test.statuses: 20 is no HTTP status"),
        (json!({ "url": url, "script": "x" }), "unknown field `script`"),
    ] {
        let error = with(test).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_fault_in_the_manifest_is_named_with_its_place() {
    type Change = (&'static str, Value, &'static str);
    let changes: [Change; 17] = [
        ("/name", json!("other"), "$.name: the folder is called `greeter`"),
        ("/title/de", json!(""), "$.title.de: the German text is missing"),
        ("/hosts/0", json!("a b"), "$.hosts[0]: `a b` is no host"),
        ("/colour", json!("red"), "unknown field `colour`"),
        ("/operations", json!([]), "$.operations: there must be at least one"),
        ("/operations/0/name", json!("Greet"), "$.operations[0].name: `Greet` must begin"),
        ("/operations/0/name", json!("greet_reply"), "must not end in `_reply`"),
        ("/operations/0/description/en", json!(" "), "$.operations[0].description.en"),
        ("/operations/0/parameters/0/kind", json!("choice"), "$.operations[0].parameters[0].choices"),
        ("/operations/0/parameters/0/default", json!("x"), "$.operations[0].parameters[0].default: a required"),
        ("/operations/0/ports/0/name", json!("error"), "$.operations[0].ports[0].name"),
        (
            "/operations/0/parameters/0/columns",
            json!([{ "name": "a", "kind": "text", "title": { "en": "A", "de": "A" } }]),
            "$.operations[0].parameters[0].columns",
        ),
        ("/operations/0/opaque", json!(["params.whom"]), "$.operations[0].opaque[0]: `params.whom`"),
        ("/operations/0/sample_output", json!(null), "$.operations[0].sample_output"),
        ("/operations/0/credential_kinds", json!(["nix"]), "credential kind `nix`, which does not exist"),
        ("/credential_kinds/0/apply/header/value", json!("{token}"), "$.credential_kinds[0].apply: `{token}`"),
        ("/credential_kinds/0/hosts_from", json!("key"), "$.credential_kinds[0].hosts_from: `key`"),
    ];
    for (pointer, value, expected) in changes {
        let error = fault(
            |manifest| {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                match manifest.pointer_mut(parent).unwrap() {
                    Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
                    parent => parent[name] = value,
                }
            },
            SCRIPT,
        );
        assert!(error.file == "manifest.json" && error.message.contains(expected), "{pointer}: {error}");
    }
}

#[test]
fn a_fault_in_the_script_is_named_with_its_line() {
    let error = fault(|_| (), "fn greet(step) {\n  let = 1;\n}");
    assert!(error.file == "script.rhai" && error.message.starts_with("line 2, column"), "{error}");
    let error = fault(|_| (), "fn greet(step) { 1 }");
    assert!(error.message.contains("`greet_reply(step)` is missing"), "{error}");
}

#[test]
fn a_missing_file_and_a_dangerous_icon_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("greeter");
    write(&folder, &manifest().to_string(), SCRIPT);
    let load = || Catalogue::load(&[root.path().to_path_buf()]).unwrap_err();
    for icon in ["<svg onload=\"x()\"></svg>", "<svg><script>x()</script></svg>", "<svg/onload=x()></svg>", "<p></p>"] {
        fs::write(folder.join("icon.svg"), icon).unwrap();
        assert_eq!(load().file, "icon.svg", "{icon}");
    }
    fs::remove_file(folder.join("icon.svg")).unwrap();
    assert!(load().message.contains("missing"));
    fs::write(folder.join("manifest.json"), "{\n  \"name\": }").unwrap();
    assert!(load().message.contains("line 2"), "{}", load());
    assert!(Catalogue::load(&[root.path().join("nowhere")]).unwrap_err().message.contains("cannot be listed"));
}

#[test]
fn a_connector_cannot_take_another_ones_place() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("a").join("greeter"), &manifest().to_string(), SCRIPT);
    write(&root.path().join("b").join("greeter"), &manifest().to_string(), SCRIPT);
    let error = Catalogue::load(&[root.path().join("a"), root.path().join("b")]).unwrap_err();
    assert!(error.message.contains("`greeter.greet` already"), "{error}");
}
