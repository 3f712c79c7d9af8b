//! Measures the built binary under load, beside a floor that does only what a durable webhook cannot do without:
//! `load [seconds] [part]`, how long each of about forty measurements takes (10 when left out), and which part alone is
//! measured: `accept`, `calls`, `loops` or `history`.
//!
//! Both get the same load from `wrk` in the same run, one after the other, so that the ratios say something on any machine.
//! Whatever was acknowledged must have its finished run afterwards; otherwise this fails. The figures go to standard output
//! as Markdown, and to `bench/result.json` beside the build.

mod connection;
mod definitions;
mod history;
mod process;
mod product;
mod report;
mod scenarios;
mod sink;
mod wrk;

use std::io::Write as _;

use crate::report::Report;
use crate::scenarios::Bench;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let only = arguments.next();
    let build = process::built("stellwerk")?.parent().and_then(std::path::Path::parent).ok_or("no folder")?.to_owned();
    let folder = build.join("bench");
    std::fs::create_dir_all(&folder)?;
    let mut bench = Bench { folder: &folder, seconds, report: Report::default() };
    let is_wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if is_wanted("accept") {
        bench.accepting()?;
    }
    if is_wanted("calls") {
        bench.calls()?;
    }
    if is_wanted("loops") {
        bench.loops()?;
    }
    if is_wanted("history") {
        bench.with_history()?;
    }
    let result = folder.join("result.json");
    std::fs::write(&result, serde_json::to_string_pretty(&bench.report.to_json())?)?;
    write!(std::io::stdout(), "{}", bench.report.to_text())?;
    Ok(())
}
