//! What commands print: results on standard output, for scripts; hints on standard error, for people.

use std::io::Write;

/// Prints. A reader that went away (`| head`) is no fault, so failures to print are ignored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl Console {
    /// A line of the result.
    pub fn result(self, line: impl AsRef<str>) {
        let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
    }

    /// A line for the person at the keyboard.
    pub fn hint(self, line: impl AsRef<str>) {
        let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
    }

    /// Rows under headings, each column as wide as it needs to be.
    pub fn table(self, headings: &[&str], rows: &[Vec<String>]) {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(headings.get(column).map(|heading| heading.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let line = |cells: Vec<&str>| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.result(line(headings.to_vec()));
        for row in rows {
            self.result(line(row.iter().map(String::as_str).collect()));
        }
    }
}
