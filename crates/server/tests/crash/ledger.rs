//! The harness's own log of everything that was acknowledged, on disk before anything else is believed.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::Failure;

/// What the server said yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The name of the workflow.
    pub(crate) workflow: String,
    /// The number in the event's body.
    pub(crate) number: u64,
    /// The event's id, as 32 hexadecimal digits.
    pub(crate) event: String,
    /// The run's.
    pub(crate) run: String,
}

/// The log. What was noted is on disk when [`Self::close`] returns.
pub(crate) struct Ledger {
    file: PathBuf,
    lines: Sender<String>,
    writer: JoinHandle<std::io::Result<()>>,
}

impl Ledger {
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let (lines, waiting) = channel();
        let open = File::create(file)?;
        let writer = std::thread::spawn(move || write(open, &waiting));
        Ok(Self { file: file.to_owned(), lines, writer })
    }

    /// Where to note receipts; one for each sender.
    pub(crate) fn pen(&self) -> Pen {
        Pen(self.lines.clone())
    }

    /// Ends the log; what stands in it. All pens must be gone.
    pub(crate) fn close(self) -> Result<Vec<Receipt>, Failure> {
        drop(self.lines);
        self.writer.join().map_err(|_| "the log's writer panicked")??;
        let text = std::fs::read_to_string(&self.file)?;
        text.lines().map(|line| read(line).ok_or_else(|| format!("the log cannot be read: {line}").into())).collect()
    }
}

/// Notes receipts.
#[derive(Clone)]
pub(crate) struct Pen(Sender<String>);

impl Pen {
    pub(crate) fn note(&self, receipt: &Receipt) {
        let Receipt { workflow, number, event, run } = receipt;
        // The writer ends only after all pens.
        let _ = self.0.send(format!("{workflow} {number} {event} {run}\n"));
    }
}

/// Writes what has come in meanwhile and syncs once for all of it.
fn write(mut file: File, lines: &Receiver<String>) -> std::io::Result<()> {
    while let Ok(mut text) = lines.recv() {
        text.extend(lines.try_iter());
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
    }
    Ok(())
}

fn read(line: &str) -> Option<Receipt> {
    let mut words = line.split(' ').map(str::to_owned);
    let (workflow, number) = (words.next()?, words.next()?.parse().ok()?);
    Some(Receipt { workflow, number, event: words.next()?, run: words.next()? })
}
