//! What the running script may know and use: the engine is shared, so the state of one run lies beside it, in the thread.
//!
//! A script runs from its beginning to its end on one thread and never starts another one, which makes that exact.

use std::cell::RefCell;

use rhai::{Dynamic, EvalAltResult, Position, Scope};

use super::weigh::{Scales, weight};
use super::{Limits, ScriptError};
use crate::node::Surroundings;

/// Puts the state of a run in place; it is gone when the returned guard is dropped.
pub(super) fn begin(surroundings: &Surroundings, limits: &Limits) -> Guard {
    let run = Run {
        surroundings: surroundings.clone(),
        limits: *limits,
        globals: Vec::new(),
        operations: 0,
        work_bytes: 0,
        ids_made: 0,
        scales: Scales::default(),
    };
    Guard(RUN.replace(Some(run)))
}

/// Restores what was there before.
pub(super) struct Guard(Option<Run>);

impl Drop for Guard {
    fn drop(&mut self) {
        RUN.set(self.0.take());
    }
}

/// Notes what the script was given. Functions see these values by name too, when `in_functions` says so: Rhai's own
/// functions see nothing of what is around them, and `list.filter(|x| x.price > vars.limit)` should simply work.
pub(super) fn given(variables: &Scope, in_functions: bool) {
    with(|run| {
        let mut total = 0;
        for (name, _, value) in variables.iter_raw() {
            total += weight(value);
            if in_functions {
                run.globals.push((name.to_owned(), value.clone()));
            }
        }
        run.scales = Scales::new(run.limits.live_bytes + 2 * total);
    });
}

/// Notes what a function was called with.
pub(super) fn given_arguments(arguments: &[Dynamic]) {
    with(|run| {
        let total: usize = arguments.iter().map(weight).sum();
        run.scales = Scales::new(run.limits.live_bytes + 2 * total);
    });
}

/// Called for every operation; a text ends the script.
pub(super) fn progress() -> Option<Dynamic> {
    RUN.with_borrow_mut(|run| {
        let run = run.as_mut()?;
        run.operations += 1;
        if run.operations > run.limits.operations {
            return Some(TOO_MANY_STEPS.into());
        }
        let must_stop = run.operations % OPERATIONS_BETWEEN_QUESTIONS == 0 && run.surroundings.interrupt.is_due();
        must_stop.then(|| TOO_SLOW.into())
    })
}

/// Called for every use of a variable: weighs what is alive, and lends functions what the script was given.
pub(super) fn variable(name: &str, scope: &Scope, level: usize) -> Result<Option<Dynamic>, Box<EvalAltResult>> {
    RUN.with_borrow_mut(|run| {
        let Some(run) = run.as_mut() else { return Ok(None) };
        if !run.scales.allow(name, scope, level) {
            return Err(limit_error("The script holds too much data at the same time"));
        }
        let global = run.globals.iter().find(|(known, _)| known == name);
        Ok(global.filter(|_| scope.get(name).is_none()).map(|(_, value)| value.clone()))
    })
}

/// What helper functions may ask of the run.
pub(super) struct Run {
    /// Time, zone, seed and the right to go on.
    pub(super) surroundings: Surroundings,
    /// The limits of the sandbox.
    pub(super) limits: Limits,
    /// How many ids were made so far.
    pub(super) ids_made: u64,
    globals: Vec<(String, Dynamic)>,
    operations: u64,
    work_bytes: usize,
    scales: Scales,
}

/// Reads or changes the state of the run on this thread.
///
/// Without a run, which only a fault of ours can cause, a neutral value is returned.
pub(super) fn with<T: Default>(act: impl FnOnce(&mut Run) -> T) -> T {
    RUN.with_borrow_mut(|run| run.as_mut().map(act)).unwrap_or_default()
}

/// A helper function is about to work through or make this many bytes, in one operation: counts them as operations and
/// asks whether to go on.
pub(super) fn work(bytes: usize) -> Result<(), Box<EvalAltResult>> {
    RUN.with_borrow_mut(|run| {
        let Some(run) = run.as_mut() else { return Ok(()) };
        run.operations += (bytes / BYTES_PER_OPERATION) as u64;
        run.work_bytes += bytes;
        run.scales.grow(bytes);
        if run.operations > run.limits.operations {
            return Err(limit_error(TOO_MANY_STEPS));
        }
        if run.work_bytes > WORK_BETWEEN_QUESTIONS_BYTES {
            run.work_bytes = 0;
            if run.surroundings.interrupt.is_due() {
                return Err(limit_error(TOO_SLOW));
            }
        }
        Ok(())
    })
}

/// Asks whether to go on, in the middle of a helper function.
pub(super) fn ask() -> Result<(), Box<EvalAltResult>> {
    let must_stop = with(|run| {
        run.operations += 1;
        run.surroundings.interrupt.is_due()
    });
    if must_stop { Err(limit_error(TOO_SLOW)) } else { Ok(()) }
}

/// Refuses a text that would be too long, before it is made.
pub(super) fn room_for_text(bytes: usize) -> Result<(), Box<EvalAltResult>> {
    work(bytes)?;
    let longest = with(|run| run.limits.string_bytes);
    if bytes > longest {
        return Err(limit_error(&format!("A text may be at most {longest} bytes long")));
    }
    Ok(())
}

/// Refuses a list that would be too long, before it is made.
pub(super) fn room_for_items(count: usize) -> Result<(), Box<EvalAltResult>> {
    work(count * size_of::<Dynamic>())?;
    let most = with(|run| run.limits.array_items);
    if count > most {
        return Err(limit_error(&format!("A list may have at most {most} items")));
    }
    Ok(())
}

/// An error that says that a limit was reached. A script cannot catch it.
#[expect(clippy::unnecessary_box_returns, reason = "Rhai's functions return their errors in a box")]
pub(super) fn limit_error(message: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(message.into(), Position::NONE).into()
}

impl From<ScriptError> for Box<EvalAltResult> {
    fn from(error: ScriptError) -> Self {
        match error.code {
            model::ErrorCode::ScriptLimit => limit_error(&error.message),
            _ => error.message.into(),
        }
    }
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

const OPERATIONS_BETWEEN_QUESTIONS: u64 = 64;
const WORK_BETWEEN_QUESTIONS_BYTES: usize = 256 * 1024;
const BYTES_PER_OPERATION: usize = 256;
const TOO_MANY_STEPS: &str = "The script takes too many steps. Does a loop never end?";
const TOO_SLOW: &str = "The script takes too long.";
