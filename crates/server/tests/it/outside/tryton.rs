//! A real Tryton server with a fresh database.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::Request;
use super::{counterparts, eventually};

pub(crate) const DATABASE: &str = "business";
pub(crate) const USER: &str = "admin";
pub(crate) const PASSWORD: &str = "tryton-admin-pass";

/// The server, in a process of its own.
pub(crate) struct Tryton {
    process: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Tryton {
    /// Starts it over a copy of the prepared database, and waits until it answers.
    pub(crate) fn open() -> Self {
        let installed = counterparts("tryton/template.sqlite");
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join(format!("{DATABASE}.sqlite"));
        std::fs::copy(installed.join("tryton/template.sqlite"), database).unwrap();
        // Tryton cannot choose a port by itself, so a free one is found and given back.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(installed.join("tryton-venv/bin/trytond"))
            .args(["-d", DATABASE])
            .env("TRYTOND_DATABASE__PATH", directory.path())
            .env("TRYTOND_WEB__LISTEN", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let tryton = Self { process, address, _directory: directory };
        eventually("Tryton answers", || {
            tryton.try_call("model.party.party.search_read", &json!([[], 0, 1, null, ["name"], {}]))
        });
        tryton
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The parties whose e-mail address this is, with name and contact mechanisms.
    pub(crate) fn parties(&self, email: &str) -> Vec<Value> {
        let domain = json!([["contact_mechanisms.value", "=", email]]);
        let fields = json!(["name", "contact_mechanisms.type", "contact_mechanisms.value"]);
        let found = self.try_call("model.party.party.search_read", &json!([domain, 0, 10, null, fields, {}]));
        found.expect("Tryton failed").as_array().unwrap().clone()
    }

    fn try_call(&self, method: &str, params: &Value) -> Option<Value> {
        let sign_in = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let request = Request::new("POST", &format!("/{DATABASE}/rpc/"))
            .header("Authorization", &format!("Basic {sign_in}"))
            .json(&json!({ "id": 1, "method": method, "params": params }));
        let answer = request.try_send(self.address).ok()?.json();
        answer.get("result").cloned()
    }
}

impl Drop for Tryton {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
