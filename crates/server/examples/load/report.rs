//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::wrk::Driven;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) connections: u32,
    /// The same load on the floor, if there is such a thing.
    pub(crate) floor: Option<Driven>,
    pub(crate) product: Driven,
    /// Runs (or turns of a loop) that finished each second while the load went on.
    pub(crate) finished_per_s: f64,
    /// Runs that were still unfinished when the load ended, and how long they took.
    pub(crate) backlog: u64,
    pub(crate) backlog_took_s: f64,
    /// Processor time of the server for one event, accepted and finished, in microseconds.
    pub(crate) processor_us: f64,
    pub(crate) largest_bytes: u64,
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
    /// Acknowledged a second, as a part of what the floor reaches.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.product.rate() / floor.rate())
    }

    fn to_json(&self) -> Value {
        let driven = |driven: &Driven| {
            json!({
                "acknowledged": driven.acknowledged, "failed": driven.failed, "acknowledged_per_s": driven.rate(),
                "p50_ms": driven.p50_ms, "p95_ms": driven.p95_ms, "p99_ms": driven.p99_ms,
            })
        };
        json!({
            "scenario": self.scenario, "connections": self.connections, "floor": self.floor.as_ref().map(driven),
            "product": driven(&self.product), "ratio": self.ratio(), "finished_per_s": self.finished_per_s,
            "backlog": self.backlog, "backlog_took_s": self.backlog_took_s, "processor_us_per_event": self.processor_us,
            "largest_bytes": self.largest_bytes,
        })
    }
}

impl Report {
    /// As Markdown.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from(
            "| scenario | conn. | floor/s | ack./s | ratio | p50 ms | p95 ms | p99 ms | floor p99 | finished/s | backlog | CPU µs | MiB |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for row in &self.rows {
            let floor = |show: &dyn Fn(&Driven) -> String| row.floor.as_ref().map_or_else(String::new, show);
            let (product, ratio) = (&row.product, row.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}")));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.0} | {ratio} | {:.1} | {:.1} | {:.1} | {} | {:.0} | {} ({:.1} s) | {:.0} | {} |",
                row.scenario,
                row.connections,
                floor(&|floor| format!("{:.0}", floor.rate())),
                product.rate(),
                product.p50_ms,
                product.p95_ms,
                product.p99_ms,
                floor(&|floor| format!("{:.1}", floor.p99_ms)),
                row.finished_per_s,
                row.backlog,
                row.backlog_took_s,
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
