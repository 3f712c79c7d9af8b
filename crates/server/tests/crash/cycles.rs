//! Ends the server again and again under load: at random moments, and at each place that is known to be delicate.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use storage::crash_points::CrashPoint;

use crate::database::Eyes;
use crate::invariants::{self, Evidence};
use crate::ledger::{Ledger, Pen};
use crate::load::Load;
use crate::report::Report;
use crate::server::{Hook, Server};
use crate::sink::Sink;
use crate::{Failure, Wishes, workflows};

/// New events in one life of the server.
const EVENTS_PER_LIFE: u64 = 300;

/// A life that is to end at a random moment lasts at most so long under load, in milliseconds.
const LONGEST_LIFE_MS: u64 = 700;

/// How long to wait for a place that may never be reached.
const POINT_PATIENCE: Duration = Duration::from_secs(4);

/// How long everything may take to end after the last start.
const DRAIN: Duration = Duration::from_mins(3);

/// After so many lives everything may end once, so that what is left over does not grow from life to life.
const LIVES_BETWEEN_RESTS: usize = 10;

/// How one life ends.
enum Ending {
    /// SIGKILL after so many milliseconds.
    Kill(u64),
    /// By itself, when it comes to this place for the nth time.
    At(CrashPoint, u64),
}

pub(crate) fn run(wishes: &Wishes, report: &mut Report) -> Result<(), Failure> {
    let sink = Sink::open()?;
    let mut server = Server::new(&[])?;
    server.start(&[])?;
    let mut hooks: Vec<Hook> = Vec::new();
    for workload in workflows::ALL {
        let called = hooks.last().map_or("", |hook| hook.workflow.as_str());
        hooks.push(server.make_workflow(workload.name, &workflows::definition(workload.name, &sink, called))?);
    }
    server.stop()?;

    let ledger = Ledger::open(&server.folder().join("acknowledged.log"))?;
    let load = Load::new(hooks);
    let mut lives = Lives::new(wishes.seed, sink.clone());
    report.count("seed; `--seed` repeats these endings", wishes.seed);
    for cycle in 0..wishes.cycles {
        if cycle > 0 && cycle.is_multiple_of(LIVES_BETWEEN_RESTS) {
            lives.rest(&mut server)?;
        }
        lives.one(cycle, &mut server, &load, &ledger.pen())?;
    }
    lives.starts.push(Instant::now());
    server.start(&[])?;
    load.settle(server.address()?, &ledger.pen())?;
    let all_ended = server.is_idle_within(DRAIN)?;
    server.stop()?;

    lives.tell(report);
    let counts = load.counts();
    report.count("requests without an answer, because the server ended", counts.unanswered.load(Ordering::SeqCst));
    report.count("requests whose sender hung up", counts.broken_off.load(Ordering::SeqCst));
    report.count("requests turned away with 503", counts.turned_away.load(Ordering::SeqCst));
    if !all_ended {
        report.failed("the runs did not end in time");
    }
    let receipts = ledger.close()?;
    let eyes = Eyes::open(&server.database_file())?;
    let evidence = Evidence { receipts: &receipts, received: &sink.received(), starts: &lives.starts };
    invariants::check(&evidence, &eyes, report)?;
    Ok(())
}

/// The lives of the server so far.
struct Lives {
    chance: Chance,
    sink: Sink,
    starts: Vec<Instant>,
    killed: usize,
    /// How often the server ended at each place.
    at_points: BTreeMap<&'static str, usize>,
    not_reached: BTreeMap<&'static str, usize>,
    integrity: Vec<String>,
    checks: usize,
}

impl Lives {
    fn new(seed: u64, sink: Sink) -> Self {
        Self {
            chance: Chance(seed),
            sink,
            starts: Vec::new(),
            killed: 0,
            at_points: BTreeMap::new(),
            not_reached: BTreeMap::new(),
            integrity: Vec::new(),
            checks: 0,
        }
    }

    /// Starts the server, loads it, and sees to it that it ends.
    fn one(&mut self, cycle: usize, server: &mut Server, load: &Load, pen: &Pen) -> Result<(), Failure> {
        let ending = self.ending(cycle);
        self.starts.push(Instant::now());
        let at = match &ending {
            Ending::Kill(_) => None,
            Ending::At(point, nth) => Some(format!("{}:{nth}", point.name())),
        };
        let armed: Vec<(&str, &str)> = at.iter().map(|at| ("STELLWERK_CRASH_AT", at.as_str())).collect();
        if let Err(failure) = server.start(&armed) {
            // What was left over may lead to the place before the server listens.
            return match (&ending, server.ended_within(POINT_PATIENCE)?) {
                (Ending::At(point, _), Some(_)) => self.ended_at(*point, server),
                _ => Err(failure),
            };
        }
        let address = server.address()?;
        match ending {
            Ending::Kill(after_ms) => {
                load.drive(address, pen, EVENTS_PER_LIFE, || {
                    std::thread::park_timeout(Duration::from_millis(after_ms));
                    server.kill()
                })?;
                self.killed += 1;
            }
            Ending::At(point, _) => {
                let ended = load.drive(address, pen, EVENTS_PER_LIFE, || {
                    let ended = server.ended_within(POINT_PATIENCE)?;
                    server.kill()?;
                    Ok(ended)
                })?;
                if ended.is_some() {
                    return self.ended_at(point, server);
                }
                *self.not_reached.entry(point.name()).or_default() += 1;
            }
        }
        self.look(server)
    }

    /// A life without load, in which every run ends.
    fn rest(&mut self, server: &mut Server) -> Result<(), Failure> {
        self.starts.push(Instant::now());
        server.start(&[])?;
        if !server.is_idle_within(DRAIN)? {
            return Err("the runs did not end in time".into());
        }
        server.kill()
    }

    fn ended_at(&mut self, point: CrashPoint, server: &Server) -> Result<(), Failure> {
        *self.at_points.entry(point.name()).or_default() += 1;
        self.look(server)
    }

    /// Whether the file is sound right after the end.
    fn look(&mut self, server: &Server) -> Result<(), Failure> {
        // What the dead server had still sent must not count as sent by the next one.
        self.sink.is_left_within(POINT_PATIENCE)?;
        let said = Eyes::open(&server.database_file())?.one("PRAGMA integrity_check")?;
        self.checks += 1;
        if said != "ok" {
            self.integrity.push(said);
        }
        Ok(())
    }

    /// Three lives of five end at a place, in turn: so the short form comes to each of the twelve.
    fn ending(&mut self, cycle: usize) -> Ending {
        let Some(place) = [None, Some(0), None, Some(1), Some(2)][cycle % 5] else {
            return Ending::Kill(20 + self.chance.below(LONGEST_LIFE_MS));
        };
        let point = CrashPoint::ALL[(cycle / 5 * 3 + place) % CrashPoint::ALL.len()];
        Ending::At(point, 1 + self.chance.below(12))
    }

    fn tell(&self, report: &mut Report) {
        report.count("times the server was killed at a random moment", self.killed);
        report.count("times it ended at a chosen place", self.at_points.values().sum::<usize>());
        for (point, times) in &self.at_points {
            report.count(&format!("  at {point}"), times);
        }
        for (point, times) in &self.not_reached {
            report.count(&format!("  killed instead, because it did not come to {point}"), times);
        }
        report.holds(
            "looks at the database file after an end: PRAGMA integrity_check is clean",
            self.checks,
            &self.integrity,
        );
    }
}

/// Numbers that look random and come again with the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
