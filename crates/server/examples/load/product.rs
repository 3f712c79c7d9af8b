//! The binary under test, with a data directory of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;
use crate::connection::Connection;

/// A running server.
pub(crate) struct Product {
    directory: TempDir,
    process: Child,
    address: SocketAddr,
    start_took: Duration,
    token: String,
}

impl Product {
    /// Starts the binary that was built beside this program.
    pub(crate) fn start() -> Result<Self, Failure> {
        // Beside the build, because the system's folder for temporary files may be in memory, where syncing costs nothing.
        let directory = tempfile::tempdir_in(binary()?.parent().ok_or("no folder")?)?;
        let begin = Instant::now();
        let mut process = command(&directory)?.arg("serve").stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stderr.take().ok_or("no output")?).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens at http://")?.1.trim_end_matches('/').parse().ok())
            .ok_or("the server did not start")?;
        let start_took = begin.elapsed();
        std::thread::spawn(move || lines.for_each(drop));
        let mut product = Self { directory, process, address, start_took, token: String::new() };
        let made = command(&product.directory)?.args(["token", "create", "--name", "load"]).output()?;
        String::from_utf8(made.stdout)?.trim().clone_into(&mut product.token);
        Ok(product)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process until it listens.
    pub(crate) fn start_took(&self) -> Duration {
        self.start_took
    }

    /// Makes, publishes and activates a workflow; the path of its webhook.
    pub(crate) fn ready_workflow(&self, definition: &Value) -> Result<String, Failure> {
        let body = json!({ "name": "Load", "definition": definition }).to_string();
        let made = self.call("POST", "/workflows", &body)?;
        let id = made["id"].as_str().ok_or("no id")?;
        self.call("POST", &format!("/workflows/{id}/publish"), "")?;
        self.call("POST", &format!("/workflows/{id}/activate"), "")?;
        let webhooks = self.call("GET", &format!("/workflows/{id}/webhooks"), "")?;
        let url = webhooks["items"][0]["url"].as_str().ok_or("no webhook")?;
        let start = url.find("/hooks/").ok_or("no path")?;
        Ok(url[start..].to_owned())
    }

    /// Waits until no run is unfinished; how many ended well.
    pub(crate) fn wait_until_done(&self) -> Result<usize, Failure> {
        loop {
            let counts = self.call("GET", "/stats", "")?;
            let count = |status: &str| counts["runs"][status].as_u64().unwrap_or_default();
            if ["queued", "running", "waiting"].iter().all(|status| count(status) == 0) {
                return Ok(usize::try_from(count("succeeded"))?);
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }

    /// The memory that the server holds; 0 where the system does not tell.
    pub(crate) fn memory_bytes(&self) -> Result<u64, Failure> {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())) else { return Ok(0) };
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kibibytes: u64 = line.split_whitespace().next().unwrap_or("0").parse()?;
        Ok(kibibytes * 1024)
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        Connection::open(self.address)?.call(method, &format!("/api/v1{path}"), &self.token, body)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Examples lie in a folder beside the binaries.
fn binary() -> Result<PathBuf, Failure> {
    let example = std::env::current_exe()?;
    let folder = example.parent().and_then(std::path::Path::parent).ok_or("no folder")?;
    Ok(folder.join("stellwerk"))
}

fn command(directory: &TempDir) -> Result<Command, Failure> {
    let mut command = Command::new(binary()?);
    command
        .env("STELLWERK_DATA_DIR", directory.path())
        .env("STELLWERK_LISTEN", "127.0.0.1:0")
        .env("STELLWERK_OWNER_EMAIL", "owner@example.com")
        .env("STELLWERK_OWNER_PASSWORD", "correct horse battery")
        .env("STELLWERK_LOG", "warn")
        .stdin(Stdio::null());
    Ok(command)
}
