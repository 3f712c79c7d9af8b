//! A small HTTP client on one connection, which says honestly when an answer did not come.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that stays open from request to request.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What `Retry-After` said.
    pub(crate) retry_after: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&self.body)?) }
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request with these header lines, each ending in `\r\n`, and reads the answer.
    pub(crate) fn exchange(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer, Failure> {
        self.stream.get_mut().write_all(request(method, path, headers, body).as_bytes())?;
        let status = self.line()?.split(' ').nth(1).ok_or("the connection ended without an answer")?.parse()?;
        let (mut length, mut retry_after) = (0, None);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "retry-after" => retry_after = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, retry_after, body })
    }

    /// Sends a part of a request and hangs up.
    pub(crate) fn break_off(mut self, path: &str, body: &str, sent_bytes: usize) -> Result<(), Failure> {
        let request = request("POST", path, "", body);
        Ok(self.stream.get_mut().write_all(&request.as_bytes()[..sent_bytes.min(request.len())])?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
