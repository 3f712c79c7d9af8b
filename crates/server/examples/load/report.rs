//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::wrk::Driven;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) connections: u32,
    pub(crate) driven: Driven,
    /// Acknowledged a second, as a part of what the floor reaches; none where there is no floor.
    pub(crate) ratio: Option<f64>,
    /// What became of the runs; none for the floor, which has none.
    pub(crate) runs: Option<Finished>,
    /// Processor time of the server for one event, accepted and finished, in microseconds.
    pub(crate) processor_us: f64,
    pub(crate) largest_bytes: u64,
}

/// How runs kept up with the load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    /// Runs (or turns of a loop) that finished each second while the load went on.
    pub(crate) per_s: f64,
    /// Runs that were still unfinished when the load ended, and how long they took.
    pub(crate) backlog: u64,
    pub(crate) backlog_took_s: f64,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) figures: Vec<Figure>,
}

/// A figure with the value that it should reach.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) wanted: Wanted,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

impl Wanted {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Row {
    fn to_json(&self) -> Value {
        let (driven, runs) = (&self.driven, self.runs.as_ref());
        json!({
            "scenario": self.scenario, "connections": self.connections, "ratio": self.ratio,
            "acknowledged": driven.acknowledged, "failed": driven.failed, "acknowledged_per_s": driven.rate(),
            "p50_ms": driven.p50_ms, "p95_ms": driven.p95_ms, "p99_ms": driven.p99_ms,
            "finished_per_s": runs.map(|runs| runs.per_s), "backlog": runs.map(|runs| runs.backlog),
            "backlog_took_s": runs.map(|runs| runs.backlog_took_s), "processor_us_per_event": self.processor_us,
            "largest_bytes": self.largest_bytes,
        })
    }
}

impl Report {
    /// As Markdown.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from(
            "| scenario | conn. | ack./s | of floor | p50 ms | p95 ms | p99 ms | finished/s | backlog | CPU µs | MiB |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for row in &self.rows {
            let driven = &row.driven;
            let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let (finished, backlog) = row.runs.map_or_else(Default::default, |runs| {
                (format!("{:.0}", runs.per_s), format!("{} ({:.1} s)", runs.backlog, runs.backlog_took_s))
            });
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {ratio} | {:.1} | {:.1} | {:.1} | {finished} | {backlog} | {:.0} | {} |",
                row.scenario,
                row.connections,
                driven.rate(),
                driven.p50_ms,
                driven.p95_ms,
                driven.p99_ms,
                row.processor_us,
                row.largest_bytes / 1024 / 1024,
            );
        }
        text.push_str("\n| figure | measured | wanted | |\n|---|---:|---:|---|\n");
        for figure in &self.figures {
            let (sign, bound) = match figure.wanted {
                Wanted::AtLeast(bound) => ("≥", bound),
                Wanted::AtMost(bound) => ("≤", bound),
            };
            let verdict = if figure.wanted.is_met(figure.value) { "yes" } else { "no" };
            let _ = writeln!(
                text,
                "| {} | {:.2} {unit} | {sign} {bound} {unit} | {verdict} |",
                figure.name,
                figure.value,
                unit = figure.unit
            );
        }
        text
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        let figure = |figure: &Figure| {
            json!({ "name": figure.name, "value": figure.value, "unit": figure.unit,
                "is_met": figure.wanted.is_met(figure.value) })
        };
        json!({
            "rows": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
            "figures": self.figures.iter().map(figure).collect::<Vec<_>>(),
        })
    }
}
