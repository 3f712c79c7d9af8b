//! The clock of the machine jumps by an hour, forwards and back, while runs wait for their next attempt.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Told, happens_within};
use crate::report::Report;
use crate::server::{Hook, Server};
use crate::sink::Sink;
use crate::{Failure, Wishes};

const RUNS: u64 = 25;
const HOUR_S: i64 = 3_600;

/// How long a worker sleeps at most before it looks at the clock again, and some time to do what is due.
const LOOKS_AGAIN: Duration = Duration::from_secs(15);

pub(crate) fn run(_: &Wishes, report: &mut Report) -> Result<(), Failure> {
    let mut server = Server::new(&[])?;
    let clock = Clock { file: server.folder().join("clock") };
    clock.set(0)?;
    let library = faketime()?;
    let moved = [
        ("LD_PRELOAD", library.to_str().unwrap_or_default()),
        ("FAKETIME_TIMESTAMP_FILE", clock.file.to_str().unwrap_or_default()),
        ("FAKETIME_NO_CACHE", "1"),
        // Only the time of day jumps; how long things take is measured by a clock that never does.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let sink = Sink::open()?;
    server.start(&moved)?;
    let hook = server.make_workflow("Wait", &waits(&sink))?;
    let mut timers = Timers { server, hook, sink, told: Told::default(), set: 0 };

    timers.set()?;
    clock.set(HOUR_S)?;
    timers.ring(LOOKS_AGAIN, "timers after a jump of an hour forwards: each rang, once", report)?;

    timers.set()?;
    clock.set(0)?;
    timers.server.kill()?;
    timers.server.start(&moved)?;
    timers.stay_silent(report)?;
    clock.set(HOUR_S + 60)?;
    timers.ring(
        LOOKS_AGAIN,
        "timers after a jump back, a restart, and the hour over again: each rang, once",
        report,
    )?;

    clock.set(-HOUR_S)?;
    timers.set()?;
    clock.set(0)?;
    timers.ring(LOOKS_AGAIN, "timers that were set an hour ago by the clock: each rang, once", report)?;
    let Timers { mut server, told, .. } = timers;
    told.check(&mut server, report)?;
    Ok(())
}

/// Runs that wait for their second attempt, about half a minute later.
struct Timers {
    server: Server,
    hook: Hook,
    sink: Sink,
    told: Told,
    set: u64,
}

impl Timers {
    /// Starts runs and waits until their first attempt is over.
    fn set(&mut self) -> Result<(), Failure> {
        for _ in 0..RUNS {
            self.told.post(&self.server, &self.hook, &json!({ "number": self.set }))?;
            self.set += 1;
        }
        let wait = || Ok(self.server.api("GET", "/stats", &Value::Null)?["runs"]["waiting"] == RUNS);
        if happens_within(Duration::from_secs(20), wait)? { Ok(()) } else { Err("the runs do not wait".into()) }
    }

    fn ring(&mut self, patience: Duration, what: &str, report: &mut Report) -> Result<(), Failure> {
        self.server.is_idle_within(patience)?;
        let mut times: BTreeMap<u64, usize> = (0..self.set).map(|number| (number, 0)).collect();
        for request in self.sink.received() {
            *times.entry(request.number).or_default() += 1;
        }
        let broken = times.iter().filter(|(_, times)| **times != 1);
        let broken: Vec<String> = broken.map(|(number, times)| format!("{number} rang {times} times")).collect();
        report.holds(what, RUNS, &broken);
        Ok(())
    }

    fn stay_silent(&mut self, report: &mut Report) -> Result<(), Failure> {
        let early = || Ok(u64::try_from(self.sink.received().len())? > self.set - RUNS);
        let rang = happens_within(Duration::from_secs(1), early)?;
        report.holds("timers after a jump back: none rang early", RUNS, &super::unless(!rang, "some did"));
        Ok(())
    }
}

/// What the server believes the time to be, in seconds from the truth.
struct Clock {
    file: PathBuf,
}

impl Clock {
    fn set(&self, offset_s: i64) -> Result<(), Failure> {
        // Replaced as a whole, so that nobody reads half of it.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{offset_s:+}\n"))?;
        Ok(std::fs::rename(next, &self.file)?)
    }
}

fn waits(sink: &Sink) -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook" },
            { "id": "book", "type": "http.request", "safe_to_repeat": true,
              "retry": { "attempts": 5, "backoff": "fixed", "first_delay_ms": 30_000, "max_delay_ms": 30_000 },
              "params": { "method": "POST", "url": sink.url("flaky"), "body": { "number": "{{ $.trigger.body.number }}" } } }
        ],
        "edges": [{ "from": "order", "to": "book" }],
        // A limit on the time of a run is a moment, too, and an hour is over after a jump of an hour.
        "settings": { "max_parallel_runs": 100, "run_timeout_ms": 86_400_000 }
    })
}

/// Where Debian keeps the library, on any processor.
fn faketime() -> Result<PathBuf, Failure> {
    let libraries = std::fs::read_dir(Path::new("/usr/lib"))?.filter_map(Result::ok);
    let mut found =
        libraries.map(|folder| folder.path().join("faketime/libfaketime.so.1")).filter(|file| file.exists());
    found.next().ok_or_else(|| "libfaketime is missing: `make counterparts` installs it".into())
}
