//! The real binary in a process of its own, and what stands around it: senders, other systems, an operator.

pub(crate) mod http;
pub(crate) mod post_office;
pub(crate) mod product;
pub(crate) mod sink;
pub(crate) mod tryton;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, for what happens in another process at its own time.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_mins(1), "this did not happen within a minute: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The folder with the installed programs to test against. `file` must be in it.
fn counterparts(file: &str) -> PathBuf {
    let inside_target = std::env::current_exe().unwrap();
    let folders = inside_target.ancestors().map(|folder| folder.join("counterparts"));
    folders.into_iter().find(|folder| folder.join(file).exists()).unwrap_or_else(|| {
        panic!("{file} is not installed among the programs to test against: run `make counterparts`")
    })
}
