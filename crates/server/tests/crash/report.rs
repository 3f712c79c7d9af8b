//! What was found, line by line, on standard output.

use std::fmt::Display;
use std::io::Write as _;
use std::time::Instant;

/// What one part found.
pub(crate) struct Report {
    lines: Vec<String>,
    broken: usize,
    begin: Instant,
}

impl Report {
    /// A part begins.
    pub(crate) fn of(part: &str) -> Self {
        Self { lines: vec![format!("\n{part}")], broken: 0, begin: Instant::now() }
    }

    /// Something that is worth knowing and cannot be wrong.
    pub(crate) fn count(&mut self, what: &str, count: impl Display) {
        self.lines.push(format!("  {:>9}          {what}", count.to_string()));
    }

    /// Something that must hold, with how often it was seen to hold. `broken` lists the cases in which it did not.
    pub(crate) fn holds(&mut self, what: &str, count: impl Display, broken: &[String]) {
        if broken.is_empty() {
            return self.lines.push(format!("  {:>9}  ok      {what}", count.to_string()));
        }
        self.broken += 1;
        self.lines.push(format!("  {:>9}  BROKEN  {what}: {} cases", count.to_string(), broken.len()));
        self.lines.extend(broken.iter().take(10).map(|case| format!("                     {case}")));
    }

    /// Something could not be tried here, and why.
    pub(crate) fn skipped(&mut self, why: &str) {
        self.count(why, "not tried");
    }

    /// A part ended early.
    pub(crate) fn failed(&mut self, why: &str) {
        self.broken += 1;
        self.lines.push(format!("  {:>9}  BROKEN  {why}", ""));
    }

    /// The part is over.
    pub(crate) fn end(&mut self) {
        self.count("seconds", self.begin.elapsed().as_secs());
    }

    /// Prints everything; whether all of it held.
    pub(crate) fn print(self) -> bool {
        let mut output = std::io::stdout().lock();
        // Who closed the output does not want to read it.
        let _ = writeln!(output, "{}", self.lines.join("\n"));
        let _ = output.flush();
        self.broken == 0
    }
}
