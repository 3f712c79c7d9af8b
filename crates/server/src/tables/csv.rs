//! Tables as text: comma-separated values (RFC 4180), as spreadsheets of any country write them.

/// A text that is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvFault {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) what: CsvFaultKind,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CsvFaultKind {
    /// A quotation mark is opened and never closed.
    OpenQuote,
    /// Something follows a closed quotation mark.
    AfterQuote,
    /// It has more cells than the first line.
    TooManyCells,
}

/// A line of cells with its number in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvLine {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// Its cells.
    pub(super) cells: Vec<String>,
}

/// Characters with which a spreadsheet begins to compute. A text that begins with one is written with an apostrophe before it,
/// and read without.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Reads a text. Commas, semicolons and tabs separate cells, whichever the first line has most of; empty lines are passed over.
pub(super) fn read(text: &str) -> Result<Vec<CsvLine>, CsvFault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let separator = separator_of(text);
    let mut reading = Reading { line: 1, ..Reading::default() };
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if reading.in_quotes {
            match character {
                '"' if characters.peek() == Some(&'"') => {
                    characters.next();
                    reading.cell.push('"');
                }
                '"' => (reading.in_quotes, reading.was_quoted) = (false, true),
                other => reading.push(other),
            }
            continue;
        }
        match character {
            '"' if reading.cell.is_empty() && !reading.was_quoted => {
                (reading.in_quotes, reading.quote_line) = (true, reading.line);
            }
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => reading.end_line()?,
            other if other == separator => reading.end_cell(),
            _ if reading.was_quoted => {
                return Err(CsvFault { line: reading.line, what: CsvFaultKind::AfterQuote });
            }
            other => reading.push(other),
        }
    }
    if reading.in_quotes {
        return Err(CsvFault { line: reading.quote_line, what: CsvFaultKind::OpenQuote });
    }
    reading.end_line()?;
    Ok(reading.lines)
}

/// Writes one line, with a line break at its end.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut written = cells.into_iter().map(quoted).collect::<Vec<_>>().join(",");
    written.push_str("\r\n");
    written
}

/// A text so that no spreadsheet takes it for a formula.
pub(super) fn harmless(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// A text as it was before [`harmless`].
pub(super) fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

fn quoted(cell: &str) -> String {
    let is_plain = !cell.contains(['"', ',', ';', '\t', '\n', '\r']) && cell.trim() == cell;
    if is_plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
}

fn separator_of(text: &str) -> char {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: &char| first.matches(*separator).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(count).filter(|best| count(best) > 0).unwrap_or(',')
}

#[derive(Default)]
struct Reading {
    lines: Vec<CsvLine>,
    cells: Vec<String>,
    cell: String,
    line: usize,
    /// The line on which the open quotation mark stands.
    quote_line: usize,
    /// The line on which the present row began.
    row_line: usize,
    in_quotes: bool,
    was_quoted: bool,
}

impl Reading {
    fn push(&mut self, character: char) {
        if character == '\n' {
            self.line += 1;
        }
        self.cell.push(character);
    }

    fn end_cell(&mut self) {
        if self.cells.is_empty() {
            self.row_line = self.line - self.cell.matches('\n').count();
        }
        self.cells.push(std::mem::take(&mut self.cell));
        self.was_quoted = false;
    }

    fn end_line(&mut self) -> Result<(), CsvFault> {
        let is_empty = self.cells.is_empty() && self.cell.trim().is_empty() && !self.was_quoted;
        if is_empty {
            self.cell.clear();
        } else {
            self.end_cell();
            let line = CsvLine { line: self.row_line, cells: std::mem::take(&mut self.cells) };
            if self.lines.first().is_some_and(|first| first.cells.len() < line.cells.len()) {
                return Err(CsvFault { line: line.line, what: CsvFaultKind::TooManyCells });
            }
            self.lines.push(line);
        }
        self.line += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text).unwrap().into_iter().map(|line| line.cells).collect()
    }

    #[test]
    fn what_spreadsheets_of_any_country_write_is_read() {
        assert_eq!(cells("a,b\r\n1,2\r\n"), [["a", "b"], ["1", "2"]]);
        assert_eq!(cells("\u{feff}a;b\n\"1,5\";\"x\"\"y\"\n"), [["a", "b"], ["1,5", "x\"y"]]);
        assert_eq!(cells("a\tb\n\n1\t"), [["a", "b"], ["1", ""]]);
        assert_eq!(cells("a,b\n\"two\nlines\",2"), [["a", "b"], ["two\nlines", "2"]]);
        assert_eq!(cells(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_fault_names_its_line() {
        let fault = |text: &str| read(text).unwrap_err();
        assert_eq!(fault("a,b\n1,\"2\n3\n"), CsvFault { line: 2, what: CsvFaultKind::OpenQuote });
        assert_eq!(fault("a,b\n\"1\"x,2"), CsvFault { line: 2, what: CsvFaultKind::AfterQuote });
        assert_eq!(fault("a,b\n\"x\ny\",2\n1,2,3"), CsvFault { line: 4, what: CsvFaultKind::TooManyCells });
        assert_eq!(read("a,b\n\"x\ny\",2\n1,2").unwrap()[2].line, 4);
    }

    #[test]
    fn what_was_written_is_read_back_and_computes_nothing() {
        let row = ["=1+1", "a,b", "say \"hi\"", "two\nlines", "'quoted", " spaced ", "'=x"];
        let written = line(row.map(harmless).iter().map(String::as_str));
        assert!(written.starts_with("'=1+1,"), "{written}");
        let read = &cells(&written)[0];
        assert_eq!(read.iter().map(|cell| plain(cell)).collect::<Vec<_>>(), row);
    }
}
