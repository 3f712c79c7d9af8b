//! A disk that takes no more: a small file system in memory that is filled up, and then grows.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::{Told, happens_within, quick, unless};
use crate::report::Report;
use crate::server::Server;
use crate::{Failure, Wishes};

/// More than enough for the size of the disk.
const MOST_EVENTS: u64 = 3_000;

/// How many events are tried on the full disk.
const REFUSALS: usize = 30;

pub(crate) fn run(_: &Wishes, report: &mut Report) -> Result<(), Failure> {
    // The floor is far above the size of this disk, and here the disk itself is to refuse.
    let has_floor = ::server::config::DEFAULTS.contains("\nmin_free_bytes");
    let no_floor: &[_] = if has_floor { &[("STELLWERK_STORAGE__MIN_FREE_BYTES", "0")] } else { &[] };
    let mut server = Server::new(no_floor)?;
    let Some(disk) = SmallDisk::mount(server.folder().join("disk"))? else {
        report
            .skipped("only root may mount the small disk; the test with a limit on the size of files covers the same");
        return Ok(());
    };
    server.keep_data_in(disk.0.join("data"));
    server.start(&[])?;
    let hook = server.make_workflow("Fill the disk", &quick())?;
    let mut told = Told::default();
    let mut number = 0;
    while told.turned_away < REFUSALS && number < MOST_EVENTS {
        told.post(&server, &hook, &json!({ "number": number, "pad": "x".repeat(9_000) }))?;
        number += 1;
    }
    report.holds("events on a disk that fills up: answered 202 or 503", number, &told.strange);
    report.holds(
        "  of them 503 with Retry-After",
        told.turned_away,
        &unless(told.turned_away >= REFUSALS, "it was never full"),
    );
    disk.grow()?;
    let recovers =
        happens_within(Duration::from_secs(20), || told.post(&server, &hook, &json!({ "number": "after" })))?;
    report.holds("room again: events are taken, without a restart", 1, &unless(recovers, "no event was taken"));
    told.check(&mut server, report)?;
    drop(server);
    Ok(())
}

/// A file system of a few megabytes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where it is not permitted.
    fn mount(folder: PathBuf) -> Result<Option<Self>, Failure> {
        std::fs::create_dir(&folder)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&folder).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        Ok(mounted.then_some(Self(folder)))
    }

    fn grow(&self) -> Result<(), Failure> {
        let done = Command::new("mount").args(["-o", "remount,size=256m"]).arg(&self.0).status()?;
        if done.success() { Ok(()) } else { Err("the small disk does not grow".into()) }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
