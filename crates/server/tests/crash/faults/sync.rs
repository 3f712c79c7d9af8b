//! The disk refuses to sync: what was written may be lost in a power cut, so nothing may be acknowledged.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::{Told, happens_within, quick, unless};
use crate::report::Report;
use crate::server::Server;
use crate::{Failure, Wishes};

pub(crate) fn run(_: &Wishes, report: &mut Report) -> Result<(), Failure> {
    let mut server = Server::new(&[])?;
    server.start(&[])?;
    let hook = server.make_workflow("Sync", &quick())?;
    let mut healthy = Told::default();
    for number in 0..50 {
        healthy.post(&server, &hook, &json!({ "number": number }))?;
    }
    report.holds(
        "events before the fault: all acknowledged",
        healthy.runs.len(),
        &unless(healthy.runs.len() == 50, "some were not"),
    );

    let fault = Fault::attach(server.process_id()?, "error=EIO")?;
    let mut failing = Told::default();
    for number in 50..100 {
        failing.post(&server, &hook, &json!({ "number": number }))?;
    }
    fault.detach()?;
    report.holds("events while no sync succeeds: all answered 503", failing.turned_away, &failing.strange);
    report.holds("  and none acknowledged", failing.runs.len(), &failing.runs);

    let recovers = happens_within(Duration::from_secs(20), || healthy.post(&server, &hook, &json!({ "number": 100 })))?;
    report.holds(
        "syncs succeed again: events are taken, without a restart",
        1,
        &unless(recovers, "no event was taken"),
    );

    // Now and then one fails: each answer must be true by itself.
    let fault = Fault::attach(server.process_id()?, "error=EIO:when=2+3")?;
    let before = healthy.turned_away;
    for number in 101..251 {
        healthy.post(&server, &hook, &json!({ "number": number }))?;
    }
    fault.detach()?;
    report.holds("events while every third sync fails: answered 202 or 503", 150, &healthy.strange);
    report.count("  of them 503", healthy.turned_away - before);
    healthy.check(&mut server, report)?;
    Ok(())
}

/// Makes the syncs of a process fail until it is detached.
struct Fault(Child);

impl Fault {
    fn attach(process: u32, how: &str) -> Result<Self, Failure> {
        let inject = format!("inject=fdatasync,fsync:{how}");
        let mut strace = Command::new("strace")
            .args(["-f", "-p", &process.to_string(), "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", &inject])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("strace cannot be started ({error}): `make counterparts` installs it"))?;
        let mut lines = BufReader::new(strace.stderr.take().ok_or("no output")?).lines();
        let first = lines.by_ref().map_while(Result::ok).find(|line| !line.is_empty()).unwrap_or_default();
        // What else it says, for example about new threads, is read so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        if first.contains("attached") { Ok(Self(strace)) } else { Err(format!("strace said: {first}").into()) }
    }

    fn detach(mut self) -> Result<(), Failure> {
        Command::new("kill").args(["-INT", &self.0.id().to_string()]).status()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
