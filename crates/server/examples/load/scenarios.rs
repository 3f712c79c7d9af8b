//! What is measured, one after the other.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{Process, built};
use crate::product::{Product, Runs};
use crate::report::{Figure, Report, Row, Wanted};
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

impl Bench<'_> {
    /// Runs that only compute, beside the floor, and with their result as answer.
    pub(crate) fn accepting(&mut self) -> Result<(), Failure> {
        let (floor_directory, directory) = (self.directory()?, self.directory()?);
        let floor = Process::start(Command::new(built("floor")?).arg(floor_directory.path()))?;
        let product = Product::start(directory.path())?;
        let path = product.ready_workflow("Load", &definitions::pure(None))?;
        std::thread::park_timeout(IDLE);
        self.figure("memory, idle", mebibytes(product.process.memory_bytes()), "MiB", Wanted::AtMost(40.0));
        for connections in [1, 16, 64, 256] {
            let floor = drive(floor_directory.path(), floor.address, "/", ORDER, connections, self.seconds)?;
            let mut row = self.measure(&product, "filter, set fields", &path, connections)?;
            row.floor = Some(floor);
            if connections == 64 {
                self.judge(&row);
            }
            self.report.rows.push(row);
        }
        drop(floor);
        let path = product.ready_workflow("Synchronous", &definitions::pure(Some("finished")))?;
        for connections in [1, 64] {
            let row = self.measure(&product, "the run's result as answer", &path, connections)?;
            if connections == 1 {
                self.figure("synchronous answer, median", row.product.p50_ms, "ms", Wanted::AtMost(3.0));
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
        let row_without = self.measure(&product, "without history", &path, 64)?;
        drop(product);
        let product = Product::start(with.path())?;
        let path = product.first_webhook()?;
        let row_with = self.measure(&product, "with 1,000,000 runs", &path, 64)?;
        let ratio = row_with.product.rate() / row_without.product.rate();
        self.figure("acknowledged with history / without", ratio, "", Wanted::AtLeast(0.9));
        self.report.rows.extend([row_without, row_with]);
        Ok(())
    }

    /// Runs that call a server beside them.
    pub(crate) fn calls(&mut self) -> Result<(), Failure> {
        let directory = self.directory()?;
        let product = Product::start(directory.path())?;
        let sink = Sink::start()?;
        for (scenario, method) in [("one HTTP call, PUT", "PUT"), ("one HTTP call, POST", "POST")] {
            let path = product.ready_workflow(scenario, &definitions::calling(sink.address, method))?;
            let before = sink.received();
            let row = self.measure(&product, scenario, &path, 64)?;
            let received = sink.received() - before;
            if received < row.product.acknowledged {
                let acknowledged = row.product.acknowledged;
                return Err(format!("{acknowledged} events were acknowledged but only {received} calls arrived").into());
            }
            if method == "PUT" {
                let name = "runs with an HTTP call finished";
                self.figure(name, row.finished_per_s, "/s", Wanted::AtLeast(2_500.0));
            }
            self.report.rows.push(row);
        }
        Ok(())
    }

    /// Runs with a box of a thousand turns.
    pub(crate) fn loops(&mut self) -> Result<(), Failure> {
        let directory = self.directory()?;
        let product = Product::start(directory.path())?;
        let path = product.ready_workflow("Each", &definitions::walking())?;
        let mut row = drive_and_wait(self, &product, "for each of 1,000 (turns)", &path, LONG_ORDER, 2)?;
        row.finished_per_s *= 1_000.0;
        self.report.rows.push(row);
        Ok(())
    }

    fn measure(&self, product: &Product, scenario: &'static str, path: &str, connections: u32) -> Result<Row, Failure> {
        drive_and_wait(self, product, scenario, path, ORDER, connections)
    }

    fn judge(&mut self, row: &Row) {
        let ratio = row.ratio().unwrap_or_default();
        self.figure("acknowledged at 64 connections / floor", ratio, "", Wanted::AtLeast(0.6));
        self.figure("acknowledged at 64 connections", row.product.rate(), "/s", Wanted::AtLeast(12_000.0));
        self.figure("p99 at 64 connections", row.product.p99_ms, "ms", Wanted::AtMost(30.0));
        self.figure("three-step runs finished under that load", row.finished_per_s, "/s", Wanted::AtLeast(5_000.0));
        self.figure("memory under that load", mebibytes(row.largest_bytes), "MiB", Wanted::AtMost(250.0));
    }

    fn figure(&mut self, name: &'static str, value: f64, unit: &'static str, wanted: Wanted) {
        self.report.figures.push(Figure { name, value, unit, wanted });
    }

    fn directory(&self) -> Result<TempDir, Failure> {
        Ok(tempfile::tempdir_in(self.folder)?)
    }
}

/// Loads the product, lets it finish what it has acknowledged, and checks that it has.
fn drive_and_wait(
    bench: &Bench<'_>,
    product: &Product,
    scenario: &'static str,
    path: &str,
    body: &str,
    connections: u32,
) -> Result<Row, Failure> {
    let before = product.runs()?;
    let processor_time = product.process.processor_time();
    let memory = product.process.watch_memory();
    let driven = drive(bench.folder, product.process.address, path, body, connections, bench.seconds)?;
    let at_end = product.runs()?;
    let begin = Instant::now();
    let after = product.wait_until_done()?;
    let backlog_took = begin.elapsed();
    let processor_time = product.process.processor_time().saturating_sub(processor_time);
    check(&before, &after, driven.acknowledged)?;
    let finished = after.succeeded - before.succeeded;
    Ok(Row {
        scenario,
        connections,
        floor: None,
        product: driven,
        finished_per_s: per_second(at_end.succeeded - before.succeeded, driven.seconds),
        backlog: at_end.unfinished,
        backlog_took_s: backlog_took.as_secs_f64(),
        processor_us: 1e6 / per_second(finished, processor_time.as_secs_f64()).max(1e-9),
        largest_bytes: memory.largest_bytes(),
    })
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

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
