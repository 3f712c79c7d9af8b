//! The binary `stellwerk` as an operator and a user meet it: a process, an address, a token.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::eventually;
use super::http::{Answer, Request};

const BINARY: &str = env!("CARGO_BIN_EXE_stellwerk");

/// A running server with a data directory of its own.
pub(crate) struct Product {
    directory: TempDir,
    variables: Vec<(String, String)>,
    process: Child,
    /// Everything that it said so far, for the message of a failed test.
    said: Arc<Mutex<String>>,
    address: SocketAddr,
    token: String,
}

/// A workflow with a webhook, ready for events.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) workflow: String,
    /// The path of the webhook's address.
    pub(crate) path: String,
}

impl Product {
    /// Starts it with these `STELLWERK_*` variables beside what every test needs, and makes an API token.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut all = vec![
            ("STELLWERK_DATA_DIR".to_owned(), directory.path().join("data").to_str().unwrap().to_owned()),
            ("STELLWERK_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("STELLWERK_OWNER_EMAIL".to_owned(), "owner@example.com".to_owned()),
            ("STELLWERK_OWNER_PASSWORD".to_owned(), "correct horse battery".to_owned()),
            ("STELLWERK_OUTGOING_ALLOW".to_owned(), "127.0.0.0/8,::1/128".to_owned()),
        ];
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let (process, said, address) = spawn(command(&directory, &all).arg("serve"));
        let mut product = Self { directory, variables: all, process, said, address, token: String::new() };
        let token = product.command(&["token", "create", "--name", "tests"]);
        token.trim().clone_into(&mut product.token);
        product
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("data/stellwerk.sqlite")
    }

    /// Kills it in the middle of whatever it does (SIGKILL), without any chance to put things in order.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets no file grow beyond this many KiB, as on a full disk; none lifts the limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn limit_files(&self, kibibytes: Option<u64>) {
        let limit = kibibytes.map_or("unlimited".to_owned(), |kibibytes| (kibibytes * 1024).to_string());
        let arguments = ["--pid".to_owned(), self.process.id().to_string(), format!("--fsize={limit}:")];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    }

    /// Starts it again so that it gets an error instead of its end when a file may not grow.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_again_deaf_to_file_limits(&mut self) {
        let mut command = Command::new("/bin/sh");
        command.env_clear().current_dir(self.directory.path()).envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).args(["-c", "trap '' XFSZ; exec \"$0\" serve", BINARY]);
        (self.process, self.said, self.address) = spawn(&mut command);
    }

    /// Asks it to end (SIGTERM) and waits until it has; how long that took.
    #[cfg(unix)]
    pub(crate) fn stop(&mut self) -> std::time::Duration {
        let begin = std::time::Instant::now();
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success(), "{}", self.said.lock().unwrap());
        begin.elapsed()
    }

    /// Starts it again over the same data.
    pub(crate) fn start_again(&mut self) {
        (self.process, self.said, self.address) = spawn(command(&self.directory, &self.variables).arg("serve"));
    }

    /// Runs another command of the binary beside the server; what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = command(&self.directory, &self.variables).args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "stellwerk {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs another command of the binary that must fail; what it says.
    pub(crate) fn failing_command(&self, arguments: &[&str]) -> String {
        let output = command(&self.directory, &self.variables).args(arguments).output().unwrap();
        assert!(!output.status.success(), "stellwerk {arguments:?} did not fail");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        request.try_send(self.address).unwrap_or_else(|error| {
            panic!("{} {}: {error}. The server said:\n{}", request.method, request.path, self.said.lock().unwrap())
        })
    }

    /// The address of the server.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls the API with the token; the path begins after `/api/v1`.
    pub(crate) fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::new(method, &format!("/api/v1{path}"));
        let request = request.header("Authorization", &format!("Bearer {}", self.token));
        self.send(&match body {
            Some(body) => request.json(body),
            None => request,
        })
    }

    /// Reads from the API.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.api("GET", path, None).must_be(200)
    }

    /// Makes a workflow; its id.
    pub(crate) fn create(&self, name: &str, definition: &Value) -> String {
        let body = json!({ "name": name, "definition": definition });
        let made = self.api("POST", "/workflows", Some(&body)).must_be(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Makes, publishes and activates a workflow with one webhook.
    pub(crate) fn ready(&self, name: &str, definition: &Value) -> Ready {
        let workflow = self.create(name, definition);
        self.api("POST", &format!("/workflows/{workflow}/publish"), None).must_be(200);
        self.api("POST", &format!("/workflows/{workflow}/activate"), None).must_be(200);
        let path = self.webhook(&workflow);
        Ready { workflow, path }
    }

    /// The path of the address of a workflow's webhook.
    pub(crate) fn webhook(&self, workflow: &str) -> String {
        let webhooks = self.get(&format!("/workflows/{workflow}/webhooks"));
        let url = webhooks["items"][0]["url"].as_str().unwrap_or_else(|| panic!("no webhook: {webhooks}")).to_owned();
        let (_, path) = url.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap();
        format!("/{path}")
    }

    /// Posts JSON to a webhook.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Request::new("POST", path).json(body))
    }

    /// A run with its steps, once it is over.
    pub(crate) fn finished(&self, run: &Value) -> Value {
        let run = run.as_str().unwrap_or_else(|| panic!("{run} is no run's id"));
        eventually("the run ends", || {
            let record = self.get(&format!("/runs/{run}"));
            let over = ["succeeded", "failed", "dead", "cancelled"].contains(&record["status"].as_str().unwrap());
            over.then_some(record)
        })
    }

    /// The memory that it holds, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Shown by the test runner, because the test failed.
            #[expect(clippy::print_stderr, reason = "what the server said explains a failed test")]
            {
                eprintln!("The server said:\n{}", self.said.lock().unwrap());
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The step of a node in a run's record.
pub(crate) fn step<'a>(run: &'a Value, node: &str) -> &'a Value {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().find(|step| step["node"] == node).unwrap_or_else(|| panic!("no step {node} in {run:#}"))
}

fn command(directory: &TempDir, variables: &[(String, String)]) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().current_dir(directory.path()).envs(variables.iter().cloned());
    command.stdin(Stdio::null());
    command
}

fn spawn(command: &mut Command) -> (Child, Arc<Mutex<String>>, SocketAddr) {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let said = Arc::new(Mutex::new(String::new()));
    let (keep, (tell, told)) = (said.clone(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("listens at http://") {
                let _ = tell.send(rest.trim_end_matches('/').parse().unwrap());
            }
            keep.lock().unwrap().extend([&line, "\n"]);
        }
    });
    let address = told.recv_timeout(std::time::Duration::from_mins(1));
    let address = address.unwrap_or_else(|_| panic!("the server did not start:\n{}", said.lock().unwrap()));
    (process, said, address)
}
