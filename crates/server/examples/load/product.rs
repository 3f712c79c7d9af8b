//! The binary under test, with a data directory of its own.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::connection::Connection;
use crate::process::{Process, built};

/// A running server.
pub(crate) struct Product {
    pub(crate) process: Process,
    token: String,
}

/// Runs by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Runs {
    pub(crate) succeeded: u64,
    pub(crate) unfinished: u64,
    pub(crate) lost: u64,
}

impl Product {
    /// Starts the binary that was built beside this program, on a data directory.
    pub(crate) fn start(directory: &Path) -> Result<Self, Failure> {
        let process = Process::start(command(directory)?.arg("serve"))?;
        let made = command(directory)?.args(["token", "create", "--name", "load"]).output()?;
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        Ok(Self { process, token })
    }

    /// Makes, publishes and activates a workflow; the path of its webhook.
    pub(crate) fn ready_workflow(&self, name: &str, definition: &Value) -> Result<String, Failure> {
        let body = json!({ "name": name, "definition": definition }).to_string();
        let made = self.call("POST", "/workflows", &body)?;
        let id = made["id"].as_str().ok_or("no id")?;
        self.call("POST", &format!("/workflows/{id}/publish"), "")?;
        self.call("POST", &format!("/workflows/{id}/activate"), "")?;
        self.webhook_of(id)
    }

    /// The path of the first workflow's webhook.
    pub(crate) fn first_webhook(&self) -> Result<String, Failure> {
        let workflows = self.call("GET", "/workflows", "")?;
        self.webhook_of(workflows["items"][0]["id"].as_str().ok_or("no workflow")?)
    }

    fn webhook_of(&self, id: &str) -> Result<String, Failure> {
        let webhooks = self.call("GET", &format!("/workflows/{id}/webhooks"), "")?;
        let url = webhooks["items"][0]["url"].as_str().ok_or("no webhook")?;
        let start = url.find("/hooks/").ok_or("no path")?;
        Ok(url[start..].to_owned())
    }

    pub(crate) fn runs(&self) -> Result<Runs, Failure> {
        let counts = self.call("GET", "/stats", "")?;
        let sum = |statuses: &[&str]| statuses.iter().filter_map(|status| counts["runs"][status].as_u64()).sum();
        Ok(Runs {
            succeeded: sum(&["succeeded"]),
            unfinished: sum(&["queued", "running", "waiting"]),
            lost: sum(&["failed", "dead", "cancelled"]),
        })
    }

    /// Waits until no run is unfinished.
    pub(crate) fn wait_until_done(&self) -> Result<Runs, Failure> {
        let begin = Instant::now();
        loop {
            let runs = self.runs()?;
            if runs.unfinished == 0 {
                return Ok(runs);
            }
            if begin.elapsed() > Duration::from_mins(10) {
                return Err(format!("{} runs are still unfinished after ten minutes", runs.unfinished).into());
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        Connection::open(self.process.address)?.call(method, &format!("/api/v1{path}"), &self.token, body)
    }
}

fn command(directory: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(built("stellwerk")?);
    command
        .env("STELLWERK_DATA_DIR", directory)
        .env("STELLWERK_LISTEN", "127.0.0.1:0")
        .env("STELLWERK_OWNER_EMAIL", "owner@example.com")
        .env("STELLWERK_OWNER_PASSWORD", "correct horse battery")
        .env("STELLWERK_OUTGOING_ALLOW", "127.0.0.1/32")
        .env("STELLWERK_LOG", "warn");
    Ok(command)
}
