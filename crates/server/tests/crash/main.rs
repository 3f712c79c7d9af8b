//! Proves from outside that nothing acknowledged is lost: starts the real server, loads it, ends it in the worst moments, causes
//! faults below it, and compares what it kept with a log of its own.
//!
//! `cargo test -p server --test crash -- [--cycles <n>] [--seed <n>] [--long] [part …]`; `make crash` is the long form with the release
//! build. Every invariant is printed with its count; one that does not hold fails the whole.

mod cycles;
mod database;
mod faults;
mod http;
mod invariants;
mod ledger;
mod load;
mod report;
mod server;
mod sink;
mod workflows;

use std::process::ExitCode;

use crate::report::Report;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What this run of the harness is to do.
struct Wishes {
    /// How often the server is ended.
    cycles: usize,
    /// Decides about the moments at which it is ended.
    seed: u64,
    /// Whether the faults take their long form, and everything happens one after the other.
    long: bool,
    /// The parts that were asked for; all when empty.
    parts: Vec<String>,
}

/// A part of the harness: its name and what it does.
type Part = (&'static str, fn(&Wishes, &mut Report) -> Result<(), Failure>);

const PARTS: &[Part] = &[
    ("cycles", cycles::run),
    ("disk", faults::disk::run),
    ("sync", faults::sync::run),
    ("clock", faults::clock::run),
    ("reader", faults::reader::run),
];

fn main() -> ExitCode {
    let wishes = wishes(std::env::args().skip(1));
    let wanted =
        |name: &str| wishes.parts.is_empty() || wishes.parts.iter().any(|wanted| name.contains(wanted.as_str()));
    let wanted: Vec<&Part> = PARTS.iter().filter(|(name, _)| wanted(name)).collect();
    let held: Vec<bool> = if wishes.long {
        wanted.into_iter().map(|part| work_on(part, &wishes).print()).collect()
    } else {
        // Most of them wait most of the time.
        std::thread::scope(|scope| {
            let parts: Vec<_> = wanted.into_iter().map(|part| scope.spawn(|| work_on(part, &wishes))).collect();
            parts.into_iter().map(|part| part.join().is_ok_and(Report::print)).collect()
        })
    };
    if held.into_iter().all(|held| held) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn work_on((name, part): &Part, wishes: &Wishes) -> Report {
    let mut report = Report::of(name);
    if let Err(failure) = part(wishes, &mut report) {
        report.failed(&failure.to_string());
    }
    report.end();
    report
}

/// Understands what a test runner passes along, too: options that it does not know are not for it.
fn wishes(arguments: impl Iterator<Item = String>) -> Wishes {
    let mut wishes = Wishes { cycles: 20, seed: getrandom::u64().unwrap_or(1), long: false, parts: Vec::new() };
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--cycles" => wishes.cycles = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(wishes.cycles),
            "--seed" => wishes.seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(wishes.seed),
            "--long" => wishes.long = true,
            option if option.starts_with('-') => {}
            part => wishes.parts.push(part.to_owned()),
        }
    }
    wishes
}
