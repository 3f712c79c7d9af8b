//! Faults below and around the server: a disk that is full or lies, a clock that jumps, a reader that does not end.

pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod reader;
pub(crate) mod sync;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::database::Eyes;
use crate::http::Connection;
use crate::report::Report;
use crate::server::{Hook, Server};

/// A workflow without any effect outside.
fn quick() -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook" },
            { "id": "keep", "type": "set_fields", "params": { "fields": { "number": "{{ $.trigger.body.number }}" } } }
        ],
        "edges": [{ "from": "order", "to": "keep" }],
        "settings": { "max_parallel_runs": 100 }
    })
}

/// What one sender was told, one event after the other.
#[derive(Default)]
struct Told {
    /// The runs of what was acknowledged, as 32 hexadecimal digits.
    runs: Vec<String>,
    /// Answers 503 with `Retry-After`.
    turned_away: usize,
    /// Anything else.
    strange: Vec<String>,
}

impl Told {
    /// Posts one event; whether it was acknowledged.
    fn post(&mut self, server: &Server, hook: &Hook, body: &Value) -> Result<bool, Failure> {
        let answer = Connection::open(server.address()?)?.exchange("POST", &hook.path, "", &body.to_string())?;
        match answer.status {
            202 => self.runs.push(answer.json()?["run"].as_str().unwrap_or_default().replace('-', "")),
            503 if answer.retry_after.is_some() => self.turned_away += 1,
            other => self.strange.push(format!("{other}: {}", answer.json()?)),
        }
        Ok(answer.status == 202)
    }

    /// Ends the server by force, starts it again, and checks that every acknowledged run is there and has succeeded.
    fn check(&self, server: &mut Server, report: &mut Report) -> Result<(), Failure> {
        server.kill()?;
        server.start(&[])?;
        if !server.is_idle_within(Duration::from_mins(1))? {
            report.failed("the runs did not end in time");
        }
        server.stop()?;
        let eyes = Eyes::open(&server.database_file())?;
        let ended = eyes.rows::<1>("SELECT lower(hex(public_id)) FROM runs WHERE status = 'succeeded'")?;
        let ended: BTreeSet<String> = ended.into_iter().map(|[run]| run).collect();
        let lost: Vec<String> = self.runs.iter().filter(|run| !ended.contains(*run)).cloned().collect();
        report.holds("acknowledged events: each has its finished run after kill and restart", self.runs.len(), &lost);
        let said = eyes.one("PRAGMA integrity_check")?;
        let broken: Vec<String> = Some(said).filter(|said| said != "ok").into_iter().collect();
        report.holds("PRAGMA integrity_check is clean", 1, &broken);
        Ok(())
    }
}

/// Asks again until it is so; whether that happened in time.
fn happens_within(patience: Duration, mut asked: impl FnMut() -> Result<bool, Failure>) -> Result<bool, Failure> {
    let begin = Instant::now();
    while begin.elapsed() < patience {
        if asked()? {
            return Ok(true);
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(false)
}

/// What to report when something did not happen.
fn unless(happened: bool, otherwise: &str) -> Vec<String> {
    if happened { Vec::new() } else { vec![otherwise.to_owned()] }
}
