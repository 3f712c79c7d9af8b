//! A real mail server that wants STARTTLS and a sign-in.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

use super::counterparts;

pub(crate) const USER: &str = "post";
pub(crate) const PASSWORD: &str = "s3cr3t pass/word";

/// The mail server, in a process of its own.
pub(crate) struct PostOffice {
    process: Child,
    said: Receiver<Value>,
    pub(crate) port: u64,
    directory: TempDir,
}

impl PostOffice {
    pub(crate) fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "The tests' post office");
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(directory.path().join("certificate.pem"), certificate.pem()).unwrap();

        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/counterparts/smtp.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .env("COUNTERPARTS", counterparts("node_modules/smtp-server"))
            .env("SECURITY", "starttls")
            .env("SIGN_IN", format!("{USER}:{PASSWORD}"))
            .env("KEY", directory.path().join("key.pem"))
            .env("CERTIFICATE", directory.path().join("certificate.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`node` is missing: install Node.js 20 or newer");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        let mut office = Self { process, said, port: 0, directory };
        office.port = office.next()["port"].as_u64().unwrap();
        office
    }

    /// The file with the certificate that a sender has to trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    /// The next mail that it took: `from`, `to`, `user`, `secure`, `message`.
    pub(crate) fn next(&self) -> Value {
        self.said.recv_timeout(Duration::from_mins(1)).expect("no mail arrived")
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        // Closing its input lets the process end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
