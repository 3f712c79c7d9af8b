//! What is measured, one after the other.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Process, built};
use crate::product::{Product, Runs};
use crate::report::{Figure, Finished, Report, Row, Wanted};
use crate::sink::Sink;
use crate::wrk::{LONG_ORDER, ORDER, drive, per_second};
use crate::{Failure, definitions, history};

/// How long the server is left alone before its memory counts as that of an idle one.
const IDLE: Duration = Duration::from_secs(2);

/// Measures everything.
pub(crate) struct Bench<'a> {
    /// Where databases lie: not in memory, where syncing costs nothing.
    pub(crate) folder: &'a Path,
    /// How long each measurement takes.
    pub(crate) seconds: u64,
    pub(crate) report: Report,
}

/// How many senders are there at the same time.
const CONNECTIONS: [u32; 4] = [1, 16, 64, 256];

/// The number of senders for which figures are wanted.
const JUDGED: u32 = 64;

impl Bench<'_> {
    /// Runs that only compute, beside the floor, and with their result as answer.
    pub(crate) fn accepting(&mut self) -> Result<(), Failure> {
        let (floor_directory, directory) = (self.directory()?, self.directory()?);
        let floor = Process::start(Command::new(built("floor")?).arg(floor_directory.path()))?;
        let product = Product::start(directory.path())?;
        let path = product.ready_workflow("Load", &definitions::pure(None))?;
        std::thread::park_timeout(IDLE);
        self.figure("memory, idle", mebibytes(product.process.memory_bytes()), "MiB", Wanted::AtMost(40.0));
        for connections in CONNECTIONS {
            let beneath = self.measure_floor(&floor, connections)?;
            let mut row = self.measure(&product, "filter, set fields", (&path, ORDER), connections)?;
            row.ratio = Some(row.driven.rate() / beneath.driven.rate());
            if connections == JUDGED {
                self.judge(&row)?;
            }
            self.report.rows.extend([beneath, row]);
        }
        drop(floor);
        let path = product.ready_workflow("Synchronous", &definitions::pure(Some("finished")))?;
        for connections in CONNECTIONS {
            let row = self.measure(&product, "the run's result as answer", (&path, ORDER), connections)?;
            if connections == 1 {
                self.figure("synchronous answer, median", row.driven.p50_ms, "ms", Wanted::AtMost(3.0));
            }
            self.report.rows.push(row);
        }
        Ok(())
    }

    /// The same load with and without a million finished runs.
    pub(crate) fn with_history(&mut self) -> Result<(), Failure> {
        let (without, with) = (self.directory()?, self.directory()?);
        history::place(self.folder, with.path())?;
        let mut starts = Vec::new();
        for _ in 0..3 {
            let product = Product::start(with.path())?;
            starts.push(product.process.start_took.as_secs_f64() * 1e3);
            product.process.stop()?;
        }
        starts.sort_by(f64::total_cmp);
        self.figure("start with 1,000,000 runs, median of three", starts[1], "ms", Wanted::AtMost(300.0));
        let product = Product::start(without.path())?;
        let path = product.ready_workflow("Load", &definitions::pure(None))?;
        let old = Product::start(with.path())?;
        let old_path = old.first_webhook()?;
        for connections in CONNECTIONS {
            let row_without = self.measure(&product, "without history", (&path, ORDER), connections)?;
            let row_with = self.measure(&old, "with 1,000,000 runs", (&old_path, ORDER), connections)?;
            if connections == JUDGED {
                let ratio = row_with.driven.rate() / row_without.driven.rate();
                self.figure("acknowledged with history / without", ratio, "", Wanted::AtLeast(0.9));
            }
            self.report.rows.extend([row_without, row_with]);
        }
        Ok(())
    }

    /// Runs that call a server beside them: as fast as their senders deliver, and as fast as they end when each sender waits for
    /// the end of its run, so that none are left over.
    pub(crate) fn calls(&mut self) -> Result<(), Failure> {
        let directory = self.directory()?;
        let product = Product::start(directory.path())?;
        let sink = Sink::start()?;
        for method in ["PUT", "POST"] {
            let (scenario, waited) = match method {
                "PUT" => ("one HTTP call, PUT", "one HTTP call, PUT, awaited"),
                _ => ("one HTTP call, POST", "one HTTP call, POST, awaited"),
            };
            let path = product.ready_workflow(scenario, &definitions::calling(sink.address, method, None))?;
            let row = self.measure_calls(&product, &sink, scenario, &path, JUDGED)?;
            if method == "PUT" {
                let finished = row.runs.map_or(0.0, |runs| runs.per_s);
                self.figure("runs with an HTTP call finished", finished, "/s", Wanted::AtLeast(2_500.0));
            }
            self.report.rows.push(row);
            let path = product.ready_workflow(waited, &definitions::calling(sink.address, method, Some("finished")))?;
            for connections in CONNECTIONS {
                let row = self.measure_calls(&product, &sink, waited, &path, connections)?;
                if (method, connections) == ("PUT", JUDGED) {
                    let finished = row.runs.map_or(0.0, |runs| runs.per_s);
                    let name = "runs with an HTTP call finished, none left over";
                    self.figure(name, finished, "/s", Wanted::AtLeast(2_500.0));
                }
                self.report.rows.push(row);
            }
        }
        Ok(())
    }

    /// Runs with a box of a thousand turns, whose senders wait for the end. (Nobody would wait for what 256 senders start.)
    pub(crate) fn loops(&mut self) -> Result<(), Failure> {
        let directory = self.directory()?;
        let product = Product::start(directory.path())?;
        let path = product.ready_workflow("Each", &definitions::walking())?;
        for connections in [1, 16, JUDGED] {
            let mut row = self.measure(&product, "for each of 1,000 (turns)", (&path, LONG_ORDER), connections)?;
            if let Some(runs) = &mut row.runs {
                runs.per_s *= 1_000.0;
            }
            if connections == JUDGED {
                self.figure("memory with loops", mebibytes(row.largest_bytes), "MiB", Wanted::AtMost(250.0));
            }
            self.report.rows.push(row);
        }
        Ok(())
    }

    fn measure_calls(
        &self,
        product: &Product,
        sink: &Sink,
        scenario: &'static str,
        path: &str,
        connections: u32,
    ) -> Result<Row, Failure> {
        let before = sink.received();
        let row = self.measure(product, scenario, (path, ORDER), connections)?;
        let (received, acknowledged) = (sink.received() - before, row.driven.acknowledged);
        if received < acknowledged {
            return Err(format!("{acknowledged} events were acknowledged but only {received} calls arrived").into());
        }
        Ok(row)
    }

    fn measure_floor(&self, floor: &Process, connections: u32) -> Result<Row, Failure> {
        let processor_time = floor.processor_time();
        let memory = floor.watch_memory();
        let driven = drive(self.folder, floor.address, "/", ORDER, connections, self.seconds)?;
        let processor_time = floor.processor_time().saturating_sub(processor_time);
        Ok(Row {
            scenario: "the floor",
            connections,
            driven,
            ratio: None,
            runs: None,
            processor_us: micros_for_each(driven.acknowledged, processor_time),
            largest_bytes: memory.largest_bytes(),
        })
    }

    /// Loads the product, lets it finish what it has acknowledged, and checks that it has.
    fn measure(
        &self,
        product: &Product,
        scenario: &'static str,
        (path, body): (&str, &str),
        connections: u32,
    ) -> Result<Row, Failure> {
        let before = product.runs()?;
        let processor_time = product.process.processor_time();
        let memory = product.process.watch_memory();
        let driven = drive(self.folder, product.process.address, path, body, connections, self.seconds)?;
        let at_end = product.runs()?;
        let begin = Instant::now();
        let after = product.wait_until_done()?;
        let backlog_took = begin.elapsed();
        let processor_time = product.process.processor_time().saturating_sub(processor_time);
        check(&before, &after, driven.acknowledged)?;
        let runs = Finished {
            per_s: per_second(at_end.succeeded - before.succeeded, driven.seconds),
            backlog: at_end.unfinished,
            backlog_took_s: backlog_took.as_secs_f64(),
        };
        Ok(Row {
            scenario,
            connections,
            driven,
            ratio: None,
            runs: Some(runs),
            processor_us: micros_for_each(after.succeeded - before.succeeded, processor_time),
            largest_bytes: memory.largest_bytes(),
        })
    }

    fn judge(&mut self, row: &Row) -> Result<(), Failure> {
        let ratio = row.ratio.unwrap_or_default();
        self.figure("acknowledged at 64 connections / floor", ratio, "", Wanted::AtLeast(0.6));
        self.figure("acknowledged at 64 connections", row.driven.rate(), "/s", Wanted::AtLeast(12_000.0));
        self.figure("p99 at 64 connections", row.driven.p99_ms, "ms", Wanted::AtMost(30.0));
        if let Some(runs) = row.runs {
            self.figure("three-step runs finished under that load", runs.per_s, "/s", Wanted::AtLeast(5_000.0));
            // As many as there are senders may be under way in the moment in which the load ends.
            let name = "runs left over when it ended";
            self.figure(name, f64::from(u32::try_from(runs.backlog)?), "", Wanted::AtMost(f64::from(JUDGED)));
        }
        self.figure("memory under that load", mebibytes(row.largest_bytes), "MiB", Wanted::AtMost(250.0));
        Ok(())
    }

    fn figure(&mut self, name: &'static str, value: f64, unit: &'static str, wanted: Wanted) {
        self.report.figures.push(Figure { name, value, unit, wanted });
    }

    fn directory(&self) -> Result<TempDir, Failure> {
        Ok(tempfile::tempdir_in(self.folder)?)
    }
}

/// A load that ends breaks off its last requests; their events may be stored although no answer was read.
fn check(before: &Runs, after: &Runs, acknowledged: u64) -> Result<(), Failure> {
    let finished = after.succeeded - before.succeeded;
    if after.lost > before.lost || finished < acknowledged {
        let lost = after.lost - before.lost;
        return Err(format!("{acknowledged} events were acknowledged, {finished} runs finished, {lost} failed").into());
    }
    Ok(())
}

/// Processor time for each of so many, in microseconds.
fn micros_for_each(count: u64, processor_time: Duration) -> f64 {
    1e6 / per_second(count, processor_time.as_secs_f64()).max(1e-9)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
