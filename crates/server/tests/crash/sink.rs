//! The other system: takes what it is sent, at its own speed, and remembers every request with its idempotency key.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Failure;

/// How long the slow address takes to answer.
const SLOW: Duration = Duration::from_millis(300);

/// A request that was carried out.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// What was asked for: the first part of the path.
    pub(crate) what: String,
    pub(crate) key: String,
    /// The number of the event, and which item of it.
    pub(crate) number: u64,
    pub(crate) item: u64,
    pub(crate) at: Instant,
}

/// Listens until the process ends.
#[derive(Clone)]
pub(crate) struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    connections: usize,
    turned_away: HashSet<String>,
}

impl Sink {
    pub(crate) fn open() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let sink = Self { address: listener.local_addr()?, state: Arc::default() };
        let serving = sink.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                serving.lock().connections += 1;
                std::thread::spawn(move || {
                    serving.serve(stream);
                    serving.lock().connections -= 1;
                });
            }
        });
        Ok(sink)
    }

    /// The address for one kind of request: `slow` is carried out after a while, `flaky` at the second time, `refuse` never,
    /// any other at once.
    pub(crate) fn url(&self, what: &str) -> String {
        format!("http://{}/{what}", self.address)
    }

    /// Everything that was carried out so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// Waits until everything that was sent over connections that have ended is dealt with, and none is open.
    pub(crate) fn is_left_within(&self, patience: Duration) -> Result<(), Failure> {
        let begin = Instant::now();
        while self.lock().connections > 0 {
            if begin.elapsed() > patience {
                return Err("the other system still has connections of a server that has ended".into());
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream);
        loop {
            let request = read(&mut reader)?;
            if request.what == "slow" {
                std::thread::park_timeout(SLOW);
            }
            let status = self.carry_out(request);
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                BODY.len()
            );
            reader.get_mut().write_all(format!("{head}{BODY}").as_bytes()).ok()?;
        }
    }

    fn carry_out(&self, request: Received) -> &'static str {
        let mut state = self.lock();
        match request.what.as_str() {
            "refuse" => "422 Unprocessable Content",
            "flaky" if state.turned_away.insert(request.key.clone()) => "503 Service Unavailable",
            _ => {
                state.received.push(request);
                "200 OK"
            }
        }
    }
}

const BODY: &str = "{\"ok\":true}";

/// The next request; none when the connection is over or what comes is cut off.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let target = line(reader)?.split(' ').nth(1)?.to_owned();
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let field = line(reader)?;
        let Some((name, value)) = field.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => value.trim().clone_into(&mut key),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (what, query) = target.split_once('?').unwrap_or((&target, ""));
    let in_query = query.strip_prefix("number=").and_then(|text| text.parse().ok());
    Some(Received {
        what: what.trim_start_matches('/').to_owned(),
        key,
        number: body["number"].as_u64().or(in_query).unwrap_or_default(),
        item: body["item"].as_u64().unwrap_or_default(),
        at: Instant::now(),
    })
}

/// A line without its end; none at the end of the connection.
fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
