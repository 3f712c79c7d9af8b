//! A connection that stays open from request to request, as cheap as possible, so that the measured side gets the processor.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::Failure;

/// One connection to the server.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Calls the API; the answer's JSON. Anything but success is a failure.
    pub(crate) fn call(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<Value, Failure> {
        let status = self.exchange(method, path, &format!("Authorization: Bearer {token}\r\n"), body)?;
        if !(200..300).contains(&status) {
            return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&self.body)).into());
        }
        Ok(serde_json::from_slice(&self.body)?)
    }

    fn exchange(&mut self, method: &str, path: &str, header: &str, body: &str) -> Result<u16, Failure> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.read_line()?.split(' ').nth(1).ok_or("no status line")?.parse()?;
        let mut length = 0;
        while let Some((name, value)) = self.read_line()?.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    fn read_line(&mut self) -> Result<&str, Failure> {
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        Ok(self.line.trim_end())
    }
}
