//! A program under test, and what the system knows about it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Failure;

/// A running server, ended when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start until it listens.
    pub(crate) start_took: Duration,
}

impl Process {
    /// Starts a server and waits until it says at which address it listens.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let begin = Instant::now();
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no output")?).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens at http://")?.1.trim_end_matches('/').parse().ok());
        let start_took = begin.elapsed();
        let Some(address) = address else {
            let _ = child.kill();
            return Err("the server did not start".into());
        };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address, start_took })
    }

    /// The memory that it holds, in bytes; 0 where the system does not tell.
    pub(crate) fn memory_bytes(&self) -> u64 {
        memory_bytes(self.child.id())
    }

    /// The processor time that it has used; zero where the system does not tell.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name of the program may hold spaces, so counting begins behind it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        // Linux counts these in hundredths of a second on every platform that we know.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// Begins to watch how much memory it holds.
    pub(crate) fn watch_memory(&self) -> MemoryWatch {
        let (largest, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (id, largest, is_over) = (self.child.id(), largest.clone(), is_over.clone());
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    largest.fetch_max(memory_bytes(id), Ordering::Relaxed);
                    std::thread::park_timeout(Duration::from_millis(100));
                }
            }
        });
        MemoryWatch { largest, is_over, thread: Some(thread) }
    }

    /// Asks it to stop in good order and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Watches the memory of a process until this is dropped.
pub(crate) struct MemoryWatch {
    largest: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MemoryWatch {
    /// The most that it held so far, in bytes.
    pub(crate) fn largest_bytes(&self) -> u64 {
        self.largest.load(Ordering::Relaxed)
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn memory_bytes(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kibibytes: u64 = line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
    kibibytes * 1024
}

/// A program that was built beside this one, or among the examples.
pub(crate) fn built(name: &str) -> Result<PathBuf, Failure> {
    let examples = std::env::current_exe()?.parent().ok_or("no folder")?.to_owned();
    let example = examples.join(name);
    if example.exists() {
        return Ok(example);
    }
    Ok(examples.parent().ok_or("no folder")?.join(name))
}
