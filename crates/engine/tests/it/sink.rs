//! The other side of HTTP steps: a server that a test scripts, counts and can make wait.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

pub(crate) use crate::effects::server::Received;
use crate::effects::server::{Answer, read_request, write_answer};

/// What the sink does with a request.
pub(crate) enum Reaction {
    /// Answers at once.
    Answer(Answer),
    /// Answers once [`Sink::release`] lets it.
    Hold(Answer),
    /// Never answers.
    Never,
    /// Breaks the connection off without an answer.
    Break,
}

impl Reaction {
    /// Answers at once with a status and JSON.
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Answer(Answer::of(status, &[("Content-Type", "application/json")], body.to_string()))
    }

    /// Answers at once that all is well.
    pub(crate) fn fine() -> Self {
        Self::json(200, &serde_json::json!({"ok": true}))
    }

    /// Answers once it may that all is well.
    pub(crate) fn fine_later() -> Self {
        Self::Hold(Answer::of(200, &[("Content-Type", "application/json")], r#"{"ok":true}"#))
    }
}

/// A running server; it ends with the test.
pub(crate) struct Sink {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

struct Seen {
    requests: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    /// How many requests are held right now, and how many were at the most.
    held: Mutex<(usize, usize)>,
    released: Semaphore,
}

impl Sink {
    /// A server that reacts to each request as told.
    pub(crate) async fn start(react: impl Fn(&Received) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen {
            requests: Mutex::default(),
            count: watch::channel(0).0,
            held: Mutex::default(),
            released: Semaphore::new(0),
        });
        let (react, shared) = (Arc::new(react), seen.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, react.clone(), shared.clone()));
            }
        });
        Self { address, seen, task }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// The paths of every request so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.received().iter().map(|received| received.path().to_owned()).collect()
    }

    /// How many requests were held at the same time, at the most.
    pub(crate) fn most_held(&self) -> usize {
        self.seen.held.lock().unwrap().1
    }

    /// Waits until this many requests have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        self.seen.count.subscribe().wait_for(|seen| *seen >= count).await.unwrap();
    }

    /// Lets this many held requests be answered, those that are still to come included.
    pub(crate) fn release(&self, count: usize) {
        self.seen.released.add_permits(count);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, react: Arc<impl Fn(&Received) -> Reaction>, seen: Arc<Seen>) {
    let Some(received) = read_request(&mut stream).await else { return };
    let reaction = react(&received);
    if matches!(reaction, Reaction::Hold(_)) {
        let mut held = seen.held.lock().unwrap();
        held.0 += 1;
        held.1 = held.1.max(held.0);
    }
    seen.requests.lock().unwrap().push(received);
    seen.count.send_modify(|count| *count += 1);
    match reaction {
        Reaction::Answer(answer) => write_answer(&mut stream, answer).await,
        Reaction::Hold(answer) => {
            seen.released.acquire().await.unwrap().forget();
            seen.held.lock().unwrap().0 -= 1;
            write_answer(&mut stream, answer).await;
        }
        Reaction::Never => std::future::pending().await,
        Reaction::Break => {}
    }
}
