//! What the queue should do, told as simply as possible: a list of runs in memory, and what each move makes of it.

use std::collections::{BTreeMap, BTreeSet};

use model::RunStatus;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;
use storage::queue::SignalOutcome;

/// The most runs in one story; more would only make it slow.
const MOST_RUNS: usize = 9;

/// One thing that happens. Runs are meant by the order in which they were accepted.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// An event arrives, perhaps with a delivery id, perhaps to be kept in order with others.
    Accept { order: Option<u8>, delivery: Option<u8> },
    /// A run is started whose id follows from why it is started.
    Derive { wish: u8 },
    /// A worker takes everything that it may take.
    Claim,
    /// A worker stores the outcome of a step.
    Record { run: usize, step: u8 },
    /// A step calls another workflow.
    Call { run: usize },
    /// A worker puts a run aside, for a while or until a signal comes.
    Park { run: usize, after_ms: Option<i64> },
    /// A worker gives a run back.
    Release { run: usize },
    /// A run ends, well or as a dead letter.
    End { run: usize, well: bool },
    /// A person ends a run.
    Cancel { run: usize },
    /// Something arrives that a step waits for.
    Signal { run: usize, node: u8 },
    /// A person lets a dead run go on.
    Revive { run: usize },
    /// A person repeats a run with the steps that it had finished.
    Replay { run: usize },
    /// A worker that lost its run tries to write.
    WriteLate { run: usize },
    /// Time passes.
    Pass { ms: i64 },
    /// The process dies and another one opens what is on the disk.
    Crash,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Due,
    /// A worker has it; whether a signal came meanwhile.
    Held {
        signalled: bool,
    },
    /// Nothing to do before this moment, in milliseconds.
    Parked {
        until_ms: Option<i64>,
    },
    Over,
}

/// A run of the model.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) phase: Phase,
    pub(crate) status: RunStatus,
    pub(crate) steps: BTreeMap<u8, u64>,
    pub(crate) signals: BTreeSet<String>,
    pub(crate) order: Option<u8>,
    parent: Option<usize>,
    has_called: bool,
    /// Whether there is an outdated lease on it.
    lost_once: bool,
    /// It was its turn because the run before it ended: it is looked at then, whatever it waits for.
    is_promoted: bool,
}

/// What the last move should have brought about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    Nothing,
    /// An accepted event belongs to this run.
    Run(usize),
    Claimed(Vec<usize>),
    Signal(SignalOutcome),
    /// These runs were ended.
    Cancelled(Vec<usize>),
    Revived(bool),
}

/// The model's whole state.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) runs: Vec<Run>,
    pub(crate) expected: Expected,
    /// How many moves there were; makes every recorded value another one.
    pub(crate) moves: u64,
    now_ms: i64,
    deliveries: BTreeMap<u8, usize>,
    derived: BTreeMap<u8, usize>,
    /// Of the runs that are to be kept in order, those that are on their way; the others stand in line behind them.
    heads: BTreeMap<u8, usize>,
}

impl World {
    /// The runs that are unfinished.
    pub(crate) fn unfinished(&self) -> usize {
        self.runs.iter().filter(|run| run.phase != Phase::Over).count()
    }

    fn those(&self, suits: impl Fn(&Run) -> bool) -> Vec<usize> {
        (0..self.runs.len()).filter(|run| suits(&self.runs[*run])).collect()
    }

    fn enter(&mut self, order: Option<u8>, parent: Option<usize>, steps: BTreeMap<u8, u64>) -> usize {
        self.runs.push(Run {
            phase: Phase::Due,
            status: RunStatus::Queued,
            steps,
            signals: BTreeSet::new(),
            order,
            parent,
            has_called: false,
            lost_once: false,
            is_promoted: false,
        });
        let index = self.runs.len() - 1;
        self.stand_in_line(index);
        index
    }

    /// A run that is to be kept in order goes at once when no other one is on its way.
    fn stand_in_line(&mut self, index: usize) {
        if let Some(order) = self.runs[index].order {
            self.heads.entry(order).or_insert(index);
        }
    }

    /// A run is over: the first of those behind it is on its way now.
    fn leave_line(&mut self, index: usize) {
        let Some(order) = self.runs[index].order.filter(|order| self.heads.get(order) == Some(&index)) else { return };
        self.heads.remove(&order);
        let next = self.those(|run| run.order == Some(order) && run.phase != Phase::Over);
        if let Some(next) = next.first() {
            self.heads.insert(order, *next);
            self.runs[*next].is_promoted = true;
        }
    }

    /// A run may be taken when it is due and, if it is to be kept in order, on its way.
    fn may_be_taken(&self, index: usize) -> bool {
        let run = &self.runs[index];
        let is_due = match run.phase {
            Phase::Due => true,
            Phase::Parked { until_ms } => run.is_promoted || until_ms.is_some_and(|until_ms| until_ms <= self.now_ms),
            Phase::Held { .. } | Phase::Over => false,
        };
        is_due && run.order.is_none_or(|order| self.heads.get(&order) == Some(&index))
    }

    fn signal(&mut self, index: usize, node: String) -> SignalOutcome {
        let run = &mut self.runs[index];
        if run.phase == Phase::Over {
            return SignalOutcome::RunOver;
        }
        if !run.signals.insert(node) {
            return SignalOutcome::AlreadyThere;
        }
        run.phase = match run.phase {
            Phase::Held { .. } => Phase::Held { signalled: true },
            _ => Phase::Due,
        };
        SignalOutcome::Stored
    }

    /// A run is over; the step that called it hears of it.
    fn end(&mut self, index: usize, status: RunStatus) {
        let run = &mut self.runs[index];
        (run.phase, run.status, run.lost_once) = (Phase::Over, status, true);
        self.leave_line(index);
        let run = &self.runs[index];
        if let Some(parent) = run.parent {
            self.signal(parent, "call".to_owned());
        }
    }

    fn cancel(&mut self, index: usize) -> Vec<usize> {
        if self.runs[index].phase == Phase::Over {
            return Vec::new();
        }
        let mut ended = vec![index];
        let mut next = 0;
        while let Some(run) = ended.get(next).copied() {
            ended.extend(self.those(|child| child.parent == Some(run) && child.phase != Phase::Over));
            next += 1;
        }
        // From the outside to the inside, so that nobody hears of an end who is over, too.
        for run in &ended {
            self.end(*run, RunStatus::Cancelled);
        }
        ended.sort_unstable();
        ended
    }

    /// Nobody knows any more whether the worker of a run had seen its signals, so whoever has some looks again. Of the runs
    /// that are to be kept in order the first is on its way afterwards.
    fn crash(&mut self) {
        self.heads.clear();
        for index in self.those(|run| run.phase != Phase::Over) {
            self.stand_in_line(index);
        }
        for run in &mut self.runs {
            run.is_promoted = false;
            match run.phase {
                Phase::Held { .. } => (run.phase, run.lost_once) = (Phase::Due, true),
                Phase::Parked { .. } if !run.signals.is_empty() => run.phase = Phase::Due,
                _ => {}
            }
        }
    }
}

/// The model as the generator of stories.
pub(crate) struct Story;

impl ReferenceStateMachine for Story {
    type State = World;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<World> {
        Just(World {
            runs: Vec::new(),
            expected: Expected::Nothing,
            moves: 0,
            now_ms: 0,
            deliveries: BTreeMap::new(),
            derived: BTreeMap::new(),
            heads: BTreeMap::new(),
        })
        .boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Move> {
        let mut moves = vec![
            (3, Just(Move::Claim).boxed()),
            (1, Just(Move::Crash).boxed()),
            (2, select(vec![400_i64, 1_000]).prop_map(|ms| Move::Pass { ms }).boxed()),
        ];
        if world.runs.len() < MOST_RUNS {
            let accept = (proptest::option::of(0..2_u8), proptest::option::of(0..3_u8));
            moves.push((4, accept.prop_map(|(order, delivery)| Move::Accept { order, delivery }).boxed()));
            moves.push((1, (0..2_u8).prop_map(|wish| Move::Derive { wish }).boxed()));
        }
        let mut add = |weight, runs: Vec<usize>, make: fn(usize, u8) -> Move| {
            if !runs.is_empty() {
                moves.push((weight, (select(runs), 0..4_u8).prop_map(move |(run, chance)| make(run, chance)).boxed()));
            }
        };
        let held = || world.those(|run| matches!(run.phase, Phase::Held { .. }));
        let all = || world.those(|_| true);
        add(3, held(), |run, step| Move::Record { run, step });
        add(3, held(), |run, chance| Move::Park {
            run,
            after_ms: [None, Some(0), Some(500), Some(900)][usize::from(chance)],
        });
        add(1, held(), |run, _| Move::Release { run });
        add(3, held(), |run, chance| Move::End { run, well: chance > 1 });
        add(1, all(), |run, _| Move::Cancel { run });
        add(2, all(), |run, node| Move::Signal { run, node: node % 2 });
        add(2, world.those(|run| run.status == RunStatus::Dead && !run.has_called), |run, _| Move::Revive { run });
        add(1, world.those(|run| run.lost_once), |run, _| Move::WriteLate { run });
        if world.runs.len() < MOST_RUNS {
            add(1, held(), |run, _| Move::Call { run });
            add(1, world.those(|run| run.phase == Phase::Over), |run, _| Move::Replay { run });
        }
        Union::new_weighted(moves).boxed()
    }

    fn preconditions(world: &World, next: &Move) -> bool {
        let held = |run: &usize| world.runs.get(*run).is_some_and(|run| matches!(run.phase, Phase::Held { .. }));
        match next {
            Move::Accept { .. } | Move::Derive { .. } | Move::Claim | Move::Pass { .. } | Move::Crash => true,
            Move::Record { run, .. }
            | Move::Call { run }
            | Move::Park { run, .. }
            | Move::Release { run }
            | Move::End { run, .. } => held(run),
            Move::Cancel { run } | Move::Signal { run, .. } => *run < world.runs.len(),
            Move::Revive { run } => world.runs.get(*run).is_some_and(|run| !run.has_called),
            Move::Replay { run } => world.runs.get(*run).is_some_and(|run| run.phase == Phase::Over),
            Move::WriteLate { run } => world.runs.get(*run).is_some_and(|run| run.lost_once),
        }
    }

    fn apply(mut world: World, next: &Move) -> World {
        world.moves += 1;
        world.expected = Expected::Nothing;
        match next {
            Move::Accept { .. } | Move::Derive { .. } | Move::Call { .. } | Move::Replay { .. } => {
                begin(&mut world, next);
            }
            Move::Claim => {
                let taken: Vec<usize> = (0..world.runs.len()).filter(|run| world.may_be_taken(*run)).collect();
                for run in &taken {
                    world.runs[*run].phase = Phase::Held { signalled: false };
                }
                world.expected = Expected::Claimed(taken);
            }
            Move::Record { run, step } => {
                let value = world.moves;
                let run = &mut world.runs[*run];
                run.steps.entry(*step).or_insert(value);
                run.status = RunStatus::Running;
            }
            Move::Park { run, after_ms } => {
                let until_ms = after_ms.map(|after_ms| world.now_ms + after_ms);
                let run = &mut world.runs[*run];
                let signalled = run.phase == Phase::Held { signalled: true };
                run.phase = if signalled { Phase::Due } else { Phase::Parked { until_ms } };
                run.is_promoted = false;
                (run.status, run.lost_once) = (RunStatus::Waiting, true);
            }
            Move::Release { run } => world.runs[*run].phase = Phase::Due,
            Move::End { run, well } => world.end(*run, if *well { RunStatus::Succeeded } else { RunStatus::Dead }),
            Move::Cancel { run } => world.expected = Expected::Cancelled(world.cancel(*run)),
            Move::Signal { run, node } => world.expected = Expected::Signal(world.signal(*run, format!("wait{node}"))),
            Move::Revive { run: index } => {
                let run = &mut world.runs[*index];
                let revived = run.status == RunStatus::Dead;
                if revived {
                    (run.phase, run.status) = (Phase::Due, RunStatus::Running);
                    world.stand_in_line(*index);
                }
                world.expected = Expected::Revived(revived);
            }
            Move::WriteLate { .. } => {}
            Move::Pass { ms } => world.now_ms += ms,
            Move::Crash => world.crash(),
        }
        world
    }
}

/// A run begins, unless there is one for the same reason.
fn begin(world: &mut World, next: &Move) {
    let run = match next {
        Move::Accept { order, delivery } => {
            let first = delivery.and_then(|delivery| world.deliveries.get(&delivery)).copied();
            first.unwrap_or_else(|| {
                let run = world.enter(*order, None, BTreeMap::new());
                world.deliveries.extend(delivery.map(|delivery| (delivery, run)));
                run
            })
        }
        Move::Derive { wish } => world.derived.get(wish).copied().unwrap_or_else(|| {
            let run = world.enter(None, None, BTreeMap::new());
            world.derived.insert(*wish, run);
            run
        }),
        Move::Replay { run } => {
            let steps = world.runs[*run].steps.clone();
            world.enter(None, None, steps)
        }
        Move::Call { run } => {
            world.runs[*run].status = RunStatus::Running;
            if !std::mem::replace(&mut world.runs[*run].has_called, true) {
                let child = world.enter(None, Some(*run), BTreeMap::new());
                world.expected = Expected::Run(child);
            }
            return;
        }
        _ => return,
    };
    world.expected = Expected::Run(run);
}
