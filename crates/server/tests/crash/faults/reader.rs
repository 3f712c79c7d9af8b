//! A reader that does not end: as long as it looks at its old state of the database, no later state can be moved from the log
//! into the file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Told, happens_within, quick, unless};
use crate::database::Eyes;
use crate::report::Report;
use crate::server::{Hook, Server};
use crate::{Failure, Wishes};

const SENDERS: usize = 6;

/// Beyond 1 GiB of log (`storage.max_log_bytes`) events are turned away; what came in before that was noticed may come on top.
const MOST_LOG_BYTES: u64 = (1_024 + 64) * 1024 * 1024;

/// What the log is cut to when it begins anew, and as much again before that happens, in bytes.
const LARGEST_LOG_BYTES: u64 = 2 * 64 * 1024 * 1024;

pub(crate) fn run(wishes: &Wishes, report: &mut Report) -> Result<(), Failure> {
    let reads = Duration::from_secs(if wishes.long { 60 } else { 5 });
    let mut server = Server::new(&[])?;
    server.start(&[])?;
    let hook = server.make_workflow("Read", &quick())?;
    let log = server.database_file().with_extension("sqlite-wal");
    let log_bytes = || std::fs::metadata(&log).map_or(0, |log| log.len());
    let eyes = Eyes::open(&server.database_file())?;
    let stop = AtomicBool::new(false);
    let (told, largest, back) = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(|| post_until(&stop, &server, &hook))).collect();
        let watch = || -> Result<(u64, bool), Failure> {
            eyes.execute("BEGIN")?;
            let seen = eyes.one("SELECT COUNT(*) || '' FROM runs")?;
            let begin = Instant::now();
            let mut largest = 0;
            while begin.elapsed() < reads {
                largest = largest.max(log_bytes());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            if eyes.one("SELECT COUNT(*) || '' FROM runs")? != seen {
                return Err("the reader did not keep its state".into());
            }
            eyes.execute("COMMIT")?;
            Ok((largest, happens_within(Duration::from_secs(20), || Ok(log_bytes() <= LARGEST_LOG_BYTES))?))
        };
        let watched = watch();
        stop.store(true, Ordering::SeqCst);
        let mut all = Told::default();
        for sender in senders {
            let told = sender.join().map_err(|_| "a sender panicked")??;
            all.runs.extend(told.runs);
            all.turned_away += told.turned_away;
            all.strange.extend(told.strange);
        }
        let (largest, back) = watched?;
        Ok::<_, Failure>((all, largest, back))
    })?;
    report.holds(
        "events while a reader held its state: answered 202 or 503",
        told.runs.len() + told.turned_away,
        &told.strange,
    );
    report.count("seconds that it read", reads.as_secs());
    let is_bounded = largest <= MOST_LOG_BYTES;
    report.holds("MiB of log at most meanwhile", largest / 1024 / 1024, &unless(is_bounded, "it grew without bound"));
    report.holds("MiB of log after it ended, under load", log_bytes() / 1024 / 1024, &unless(back, "it stays large"));
    told.check(&mut server, report)?;
    Ok(())
}

fn post_until(stop: &AtomicBool, server: &Server, hook: &Hook) -> Result<Told, Failure> {
    let mut told = Told::default();
    let pad = "x".repeat(1_000);
    while !stop.load(Ordering::SeqCst) {
        let number = told.runs.len();
        told.post(server, hook, &json!({ "number": number, "pad": pad }))?;
    }
    Ok(told)
}
