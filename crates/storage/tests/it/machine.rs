//! Random stories of runs, told to the queue on a real file and to a simple model of it; both must always agree.
//!
//! The stories end the process, too: what is on the disk is copied as it lies there, and opened again.

mod model;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::model::{NodeId, RunId, RunStatus};
use proptest::test_runner::Config;
use proptest_state_machine::{StateMachineTest, prop_state_machine};
use serde_json::json;
use storage::queue::{Disposition, Ending, Lease, NewEvent, Next, ParentLink, Progress, Revival, RunMode};
use storage::{DeadLetterReason, NewDeadLetter, Role, RunFilter, Storage, StorageError};
use tokio::runtime::Runtime;

use self::model::{Expected, Move, Story, World};
use crate::support::{Bench, Open, bench, settings};

prop_state_machine! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, max_shrink_iters: 400, ..Config::default() })]
    #[test]
    fn the_queue_does_what_its_model_does_whatever_happens(sequential 1..60 => Machine);
}

/// The queue under test and what its users know.
struct Machine {
    runtime: Runtime,
    bench: Option<Bench>,
    runs: Vec<Known>,
}

/// What users know of a run.
struct Known {
    id: RunId,
    lease: Option<Lease>,
    outdated: Option<Lease>,
}

impl Known {
    fn lose(&mut self) {
        self.outdated = self.lease.take().or(self.outdated);
    }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Self;
    type Reference = Story;

    fn init_test(_: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bench = Some(runtime.block_on(bench()));
        Self { runtime, bench, runs: Vec::new() }
    }

    fn apply(mut machine: Self, world: &World, next: Move) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let runtime = std::mem::replace(&mut machine.runtime, runtime);
        runtime.block_on(machine.make(world, next));
        machine.runtime = runtime;
        machine
    }

    fn check_invariants(machine: &Self, world: &World) {
        let storage = &machine.bench().storage;
        assert_eq!(storage.queue().len(), world.unfinished());
        let filter = RunFilter { limit: 500, ..RunFilter::default() };
        let stored = machine.runtime.block_on(storage.runs(&filter)).unwrap();
        let stored: BTreeMap<RunId, RunStatus> = stored.into_iter().map(|run| (run.id, run.status)).collect();
        let wanted = machine.runs.iter().zip(&world.runs).map(|(known, run)| (known.id, run.status)).collect();
        assert_eq!((stored, machine.runs.len()), (wanted, world.runs.len()));
    }
}

impl Machine {
    fn bench(&self) -> &Bench {
        self.bench.as_ref().unwrap()
    }

    async fn make(&mut self, world: &World, next: Move) {
        match next {
            Move::Accept { order, delivery } => self.accept(world, order, delivery).await,
            Move::Derive { wish } => {
                let run = RunId::derived(&["wish", &wish.to_string()]);
                let event = self.event(world, |start| start.run = run);
                self.enter(world, event).await;
            }
            Move::Replay { run } => self.replay(world, run).await,
            Move::Claim => self.claim(world).await,
            Move::Record { run, step } => {
                let progress = self.bench().progress(&format!("s{step}"), json!(world.moves));
                self.record(run, progress, Next::Continue).await.unwrap();
            }
            Move::Call { run } => self.call(world, run).await,
            Move::Park { run, after_ms } => {
                let until = after_ms.map(|after_ms| self.bench().storage.now().plus_ms(after_ms.unsigned_abs()));
                self.record(run, Progress::default(), Next::Park { until }).await.unwrap();
                self.runs[run].lose();
            }
            Move::Release { run } => {
                let lease = self.runs[run].lease.take().unwrap();
                self.bench().storage.queue().release(lease).await;
            }
            Move::End { run, well } => {
                let ending = self.ending(well);
                self.record(run, Progress::default(), Next::End(ending)).await.unwrap();
                self.runs[run].lose();
            }
            Move::Cancel { run } => self.cancel(world, run).await,
            Move::Signal { run, node } => {
                let node = NodeId::from(format!("wait{node}").as_str());
                let queue = self.bench().storage.queue();
                let outcome = queue.signal(self.runs[run].id, &node, "", json!(world.moves)).await.unwrap();
                assert_eq!(Expected::Signal(outcome), world.expected);
            }
            Move::Revive { run } => {
                let queue = self.bench().storage.queue();
                let order_key = world.runs[run].order.map(|order| order.to_string());
                let revival = Revival { order_key, ..Revival::default() };
                let revived = queue.revive(self.runs[run].id, revival).await.unwrap();
                assert_eq!(Expected::Revived(revived), world.expected);
            }
            Move::WriteLate { run } => self.write_late(world, run).await,
            Move::Pass { ms } => self.bench().clock.advance_ms(ms),
            Move::Crash => self.crash().await,
        }
    }

    fn event(&self, world: &World, change: impl FnOnce(&mut storage::queue::StartRun)) -> NewEvent {
        let mut event = self.bench().event(json!({ "move": world.moves }));
        if let Disposition::Start(start) = &mut event.disposition {
            change(start);
        }
        event
    }

    async fn accept(&mut self, world: &World, order: Option<u8>, delivery: Option<u8>) {
        let event = self.event(world, |start| start.order_key = order.map(|order| order.to_string()));
        let dedup_key = delivery.map(|delivery| format!("delivery {delivery}"));
        self.enter(world, NewEvent { dedup_key, ..event }).await;
    }

    /// Accepts an event; its run is a new one, or the one of the first event of its kind.
    async fn enter(&mut self, world: &World, event: NewEvent) {
        let accepted = self.bench().storage.queue().accept(event).await.unwrap();
        let Expected::Run(index) = world.expected else { panic!("{:?}", world.expected) };
        let id = accepted.run.unwrap();
        if index == self.runs.len() {
            self.runs.push(Known { id, lease: None, outdated: None });
        }
        assert_eq!(self.runs[index].id, id);
    }

    async fn replay(&mut self, world: &World, run: usize) {
        let storage = &self.bench().storage;
        let key = storage.run(self.runs[run].id).await.unwrap().key;
        let copied = storage.run_steps(key).await.unwrap();
        let event = self.event(world, |start| {
            (start.mode, start.replay_of, start.copied) = (RunMode::Replay, Some(key), copied);
        });
        self.enter(world, event).await;
    }

    async fn claim(&mut self, world: &World) {
        let claims = self.bench().storage.queue().claim(1_000, &Open).await.unwrap();
        let mut taken = Vec::new();
        for claim in claims {
            let index = self.runs.iter().position(|known| known.id == claim.run).unwrap();
            let steps = claim.steps.iter().map(|step| (step.node.to_string(), step.output.clone().unwrap()));
            let wanted = world.runs[index].steps.iter().map(|(step, value)| (format!("s{step}"), json!(value)));
            assert_eq!(steps.collect::<BTreeMap<_, _>>(), wanted.collect::<BTreeMap<_, _>>(), "steps of run {index}");
            let mut signals: Vec<_> = claim.signals.iter().map(|signal| signal.node.to_string()).collect();
            signals.sort();
            assert_eq!(
                signals,
                world.runs[index].signals.iter().cloned().collect::<Vec<_>>(),
                "signals of run {index}"
            );
            self.runs[index].lease = Some(claim.lease);
            taken.push(index);
        }
        taken.sort_unstable();
        assert_eq!(Expected::Claimed(taken), world.expected);
    }

    async fn call(&mut self, world: &World, run: usize) {
        let parent = &self.runs[run];
        let run_key = parent.lease.unwrap().run_key;
        let child = RunId::derived(&[&parent.id.to_string(), "call"]);
        let start = self.event(world, |start| {
            (start.run, start.mode) = (child, RunMode::Call);
            start.parent = Some(ParentLink { run_key, node: NodeId::from("call"), iteration: String::new() });
        });
        let progress = Progress { starts: vec![start], ..Progress::default() };
        self.record(run, progress, Next::Continue).await.unwrap();
        if matches!(world.expected, Expected::Run(_)) {
            self.runs.push(Known { id: child, lease: None, outdated: None });
        }
    }

    async fn record(&self, run: usize, progress: Progress, next: Next) -> Result<(), StorageError> {
        let lease = self.runs[run].lease.unwrap();
        self.bench().storage.queue().record(lease, progress, next).await
    }

    fn ending(&self, well: bool) -> Ending {
        let now = self.bench().storage.now();
        if well {
            return Ending::new(RunStatus::Succeeded, now);
        }
        let letter = NewDeadLetter {
            reason: DeadLetterReason::Failed,
            fingerprint: "same".to_owned(),
            node: None,
            iteration: String::new(),
            message: "It failed.".to_owned(),
        };
        Ending { dead_letter: Some(letter), ..Ending::new(RunStatus::Dead, now) }
    }

    async fn cancel(&mut self, world: &World, run: usize) {
        let cancelled = self.bench().storage.queue().cancel(self.runs[run].id).await.unwrap();
        let index = |id: &RunId| self.runs.iter().position(|known| known.id == *id).unwrap();
        let mut ended: Vec<usize> = cancelled.iter().map(index).collect();
        ended.sort_unstable();
        assert_eq!(Expected::Cancelled(ended.clone()), world.expected);
        for run in ended {
            self.runs[run].lose();
        }
    }

    /// Whatever a worker writes under an outdated lease is refused, whoever has the run now.
    async fn write_late(&self, world: &World, run: usize) {
        let Some(lease) = self.runs[run].outdated else { return };
        let progress = self.bench().progress("late", json!(world.moves));
        let written = self.bench().storage.queue().record(lease, progress, Next::Continue).await;
        assert!(matches!(written, Err(StorageError::LeaseLost)), "{written:?}");
    }

    /// Copies the files as they lie there, as a process that dies leaves them, and goes on with the copies.
    async fn crash(&mut self) {
        let Bench { storage, clock, workflow, endpoint_key, definition_key, folder } = self.bench.take().unwrap();
        let next = tempfile::tempdir().unwrap();
        for name in ["stellwerk.sqlite", "stellwerk.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), next.path().join(name)).unwrap();
        }
        storage.close().await;
        drop(storage);
        let storage = Storage::open(settings(&next), Role::Server, Arc::new(clock.clone())).await.unwrap();
        self.bench = Some(Bench { storage, clock, workflow, endpoint_key, definition_key, folder: next });
        self.runs.iter_mut().for_each(Known::lose);
    }
}
