//! Senders that deliver events until they are told to stop, or until the server is gone.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::http::Connection;
use crate::ledger::{Pen, Receipt};
use crate::server::Hook;
use crate::workflows::{self, ALL};

const SENDERS: usize = 6;

/// How long a sender rests between two events.
const REST: Duration = Duration::from_millis(2);

/// What is sent, over all lives of the server.
pub(crate) struct Load {
    hooks: Vec<Hook>,
    next: AtomicU64,
    /// Events whose answer did not come; they are delivered again where the trigger recognises deliveries.
    unsure: Mutex<Vec<u64>>,
    counts: Counts,
}

/// What senders saw.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) acknowledged: AtomicU64,
    /// Answers 503 with `Retry-After`.
    pub(crate) turned_away: AtomicU64,
    /// Requests that ended without an answer because the server ended.
    pub(crate) unanswered: AtomicU64,
    /// Requests whose sender hung up.
    pub(crate) broken_off: AtomicU64,
}

impl Load {
    pub(crate) fn new(hooks: Vec<Hook>) -> Self {
        Self { hooks, next: AtomicU64::new(1), unsure: Mutex::default(), counts: Counts::default() }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Delivers at most so many new events, beginning with what is unsure, until `stop` is set or the server is gone; `watch`
    /// runs meanwhile and decides when that is.
    pub(crate) fn drive<T>(
        &self,
        address: SocketAddr,
        pen: &Pen,
        quota: u64,
        watch: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let stop = AtomicBool::new(false);
        let last = self.next.load(Ordering::SeqCst) + quota;
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                let (stop, pen) = (&stop, pen.clone());
                scope.spawn(move || self.send_until(address, &pen, last, stop));
            }
            scope.spawn(|| self.hang_up_until(address, last, &stop));
            let seen = watch();
            stop.store(true, Ordering::SeqCst);
            seen
        })
    }

    /// Delivers what is unsure until all of it was answered.
    pub(crate) fn settle(&self, address: SocketAddr, pen: &Pen) -> Result<(), Failure> {
        let mut connection = Connection::open(address)?;
        while let Some(number) = self.take_unsure() {
            self.deliver(&mut connection, number, pen)?;
        }
        Ok(())
    }

    fn send_until(&self, address: SocketAddr, pen: &Pen, last: u64, stop: &AtomicBool) {
        let Ok(mut connection) = Connection::open(address) else { return };
        while !stop.load(Ordering::SeqCst) {
            let Some(number) = self.take_unsure().or_else(|| self.take_new(last)) else {
                std::thread::park_timeout(REST);
                continue;
            };
            if self.deliver(&mut connection, number, pen).is_err() {
                self.counts.unanswered.fetch_add(1, Ordering::SeqCst);
                if ALL[workflows::of(number)].knows_deliveries {
                    self.lock_unsure().push(number);
                }
                // Only the end of the server breaks a connection off.
                return;
            }
            std::thread::park_timeout(REST);
        }
    }

    /// Sends requests and hangs up at some byte of them, or before the answer.
    fn hang_up_until(&self, address: SocketAddr, last: u64, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            let Some(number) = self.take_new(last) else { return };
            let hook = &self.hooks[workflows::of(number)];
            let Ok(connection) = Connection::open(address) else { return };
            let most = usize::try_from(number % 400).unwrap_or_default();
            if connection.break_off(&hook.path, &workflows::body(number).to_string(), most).is_ok() {
                self.counts.broken_off.fetch_add(1, Ordering::SeqCst);
            }
            std::thread::park_timeout(REST * 8);
        }
    }

    /// Delivers one event. Fails when no answer came.
    fn deliver(&self, connection: &mut Connection, number: u64, pen: &Pen) -> Result<(), Failure> {
        let workload = workflows::of(number);
        let hook = &self.hooks[workload];
        let delivery = format!("X-Delivery-Id: {number}\r\n");
        let answer = connection.exchange("POST", &hook.path, &delivery, &workflows::body(number).to_string())?;
        match answer.status {
            202 => {
                pen.note(&receipt(&hook.name, number, &answer.json()?)?);
                self.counts.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            503 if answer.retry_after.is_some() => {
                self.counts.turned_away.fetch_add(1, Ordering::SeqCst);
                if ALL[workload].knows_deliveries {
                    self.lock_unsure().push(number);
                }
            }
            other => return Err(format!("event {number} was answered with {other}").into()),
        }
        Ok(())
    }

    fn take_new(&self, last: u64) -> Option<u64> {
        let take = |next| (next < last).then_some(next + 1);
        self.next.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).ok()
    }

    fn take_unsure(&self) -> Option<u64> {
        self.lock_unsure().pop()
    }

    fn lock_unsure(&self) -> MutexGuard<'_, Vec<u64>> {
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn receipt(workflow: &str, number: u64, said: &Value) -> Result<Receipt, Failure> {
    let id = |name: &str| said[name].as_str().map(|id| id.replace('-', "")).ok_or(format!("no {name} in {said}"));
    Ok(Receipt { workflow: workflow.to_owned(), number, event: id("event")?, run: id("run")? })
}
