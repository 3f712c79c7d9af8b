//! The server under test: a process, an address that changes at each start, a data directory that stays.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;
use crate::http::Connection;

/// How long a start may take.
const START: Duration = Duration::from_mins(1);

/// A server that is ended and started again and again.
pub(crate) struct Server {
    directory: TempDir,
    data: PathBuf,
    variables: BTreeMap<String, String>,
    process: Option<Child>,
    address: Option<SocketAddr>,
    token: String,
    said: Arc<Mutex<String>>,
}

/// A workflow that takes events.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) name: String,
    /// Its id.
    pub(crate) workflow: String,
    /// The path of its webhook.
    pub(crate) path: String,
}

impl Server {
    /// A server that does not run yet, with these variables beside the usual ones.
    pub(crate) fn new(more: &[(&str, &str)]) -> Result<Self, Failure> {
        // Beside the build, because the system's folder for temporary files may be in memory, where syncing costs nothing.
        let build = std::env::current_exe()?;
        let directory = tempfile::tempdir_in(build.parent().ok_or("no folder")?)?;
        let data = directory.path().join("data");
        let usual = [
            ("STELLWERK_LISTEN", "127.0.0.1:0"),
            ("STELLWERK_OWNER_EMAIL", "owner@example.com"),
            ("STELLWERK_OWNER_PASSWORD", "correct horse battery"),
            ("STELLWERK_OUTGOING_ALLOW", "127.0.0.0/8,::1/128"),
            ("STELLWERK_LOG", "error"),
        ];
        let variables = usual.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = variables.collect();
        Ok(Self {
            directory,
            data,
            variables,
            process: None,
            address: None,
            token: String::new(),
            said: Arc::default(),
        })
    }

    /// Keeps its data somewhere else. Only before the first start.
    pub(crate) fn keep_data_in(&mut self, folder: PathBuf) {
        self.data = folder;
    }

    /// The folder of this server, for what the harness keeps beside the data.
    pub(crate) fn folder(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// The file of the database.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.data.join("stellwerk.sqlite")
    }

    /// Starts it, with these variables for this time only. At the first start an API token is made.
    pub(crate) fn start(&mut self, more: &[(&str, &str)]) -> Result<(), Failure> {
        let mut command = self.command();
        command.envs(more.iter().copied()).arg("serve").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let lines = BufReader::new(process.stderr.take().ok_or("no output")?).lines();
        self.process = Some(process);
        let (tell, told) = channel();
        let said = self.said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listens at http://") {
                    let _ = tell.send(rest.trim_end_matches('/').parse());
                }
                said.lock().unwrap_or_else(PoisonError::into_inner).extend([line.as_str(), "\n"]);
            }
        });
        let address =
            told.recv_timeout(START).map_err(|_| format!("the server did not start. It said:\n{}", self.said()))?;
        self.address = Some(address?);
        if self.token.is_empty() {
            let made = self.command().args(["token", "create", "--name", "crash"]).output()?;
            String::from_utf8(made.stdout)?.trim().clone_into(&mut self.token);
        }
        Ok(())
    }

    /// The process.
    pub(crate) fn process_id(&self) -> Result<u32, Failure> {
        Ok(self.process.as_ref().ok_or("the server does not run")?.id())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        self.address.ok_or_else(|| "the server has not been started".into())
    }

    /// Ends it at once (SIGKILL).
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            process.wait()?;
        }
        Ok(())
    }

    /// Waits until it has ended by itself; none when it has not until then.
    pub(crate) fn ended_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>, Failure> {
        let begin = Instant::now();
        let process = self.process.as_mut().ok_or("the server does not run")?;
        while begin.elapsed() < patience {
            if let Some(status) = process.try_wait()? {
                self.process = None;
                return Ok(Some(status));
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(None)
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<(), Failure> {
        let id = self.process_id()?.to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        match self.ended_within(START)? {
            Some(status) if status.success() => Ok(()),
            status => Err(format!("the server ended with {status:?}. It said:\n{}", self.said()).into()),
        }
    }

    /// Calls the API; the path begins after `/api/v1`.
    pub(crate) fn api(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let header = format!("Authorization: Bearer {}\r\n", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = Connection::open(self.address()?)?.exchange(method, &format!("/api/v1{path}"), &header, &body)?;
        let said = answer.json()?;
        if (200..300).contains(&answer.status) {
            Ok(said)
        } else {
            Err(format!("{method} {path}: {} {said}", answer.status).into())
        }
    }

    /// Makes, publishes and activates a workflow with one webhook.
    pub(crate) fn make_workflow(&self, name: &str, definition: &Value) -> Result<Hook, Failure> {
        let made = self.api("POST", "/workflows", &json!({ "name": name, "definition": definition }))?;
        let id = made["id"].as_str().ok_or("no id")?;
        self.api("POST", &format!("/workflows/{id}/publish"), &Value::Null)?;
        self.api("POST", &format!("/workflows/{id}/activate"), &Value::Null)?;
        let hooks = self.api("GET", &format!("/workflows/{id}/webhooks"), &Value::Null)?;
        let url = hooks["items"][0]["url"].as_str().ok_or("no webhook")?;
        let path = url.find("/hooks/").map(|start| url[start..].to_owned()).ok_or("no path")?;
        Ok(Hook { name: name.to_owned(), workflow: id.to_owned(), path })
    }

    /// Waits until no run is queued, running or waiting; whether that happened in time.
    pub(crate) fn is_idle_within(&self, patience: Duration) -> Result<bool, Failure> {
        let begin = Instant::now();
        while begin.elapsed() < patience {
            let counts = self.api("GET", "/stats", &Value::Null)?;
            if ["queued", "running", "waiting"].iter().all(|status| counts["runs"][status] == 0) {
                return Ok(true);
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        Ok(false)
    }

    fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stellwerk"));
        command.env_clear().envs(&self.variables).env("STELLWERK_DATA_DIR", &self.data).stdin(Stdio::null());
        command.current_dir(self.directory.path()).stdout(Stdio::piped());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
