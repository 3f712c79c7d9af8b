//! Says which run this process computes for right now, in a place that outlives the process: a run that takes it down again and
//! again must not be taken up for ever.
//!
//! Whoever computes for a run, reads what came in for it or packs what it achieved says so with [`busy`]; the mark stays until
//! the run waits for others, for whatever that is. So who only waits is never to blame, and most runs cost two writes in all.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use storage::{AtWork, CrashMarks};

tokio::task_local! {
    static MARKER: Marker;
}

struct Marker {
    marks: CrashMarks,
    run_key: i64,
    mark: Mutex<Option<AtWork>>,
}

/// Works for a run, so that it can be said when it is busy.
pub(crate) async fn for_run<T>(marks: &CrashMarks, run_key: i64, work: impl Future<Output = T>) -> T {
    let marker = Marker { marks: marks.clone(), run_key, mark: Mutex::default() };
    let until_it_waits = async {
        let mut work = pin!(work);
        poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            with_mark(|_, mark| *mark = None);
            polled
        })
        .await
    };
    MARKER.scope(marker, until_it_waits).await
}

/// From now on, until it waits again, the run computes. Outside of any run this says nothing.
pub(crate) fn busy() {
    with_mark(|marker, mark| {
        mark.get_or_insert_with(|| marker.marks.enter(marker.run_key));
    });
}

fn with_mark(change: impl FnOnce(&Marker, &mut Option<AtWork>)) {
    let _ = MARKER.try_with(|marker| {
        change(marker, &mut marker.mark.lock().unwrap_or_else(PoisonError::into_inner));
    });
}
