//! What must be true of everything that was acknowledged, stored and done, whenever the server was ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::Failure;
use crate::database::Eyes;
use crate::ledger::Receipt;
use crate::report::Report;
use crate::sink::Received;
use crate::workflows::{self, ALL};

/// A run as it stands in the database.
struct Run {
    workflow: String,
    number: u64,
    event: String,
    id: String,
    status: String,
    is_in_doubt: bool,
}

/// Everything that is compared.
pub(crate) struct Evidence<'a> {
    /// The harness's own log.
    pub(crate) receipts: &'a [Receipt],
    /// What the other system carried out.
    pub(crate) received: &'a [Received],
    /// When each life of the server began.
    pub(crate) starts: &'a [Instant],
}

/// Checks everything after the last run has ended.
pub(crate) fn check(evidence: &Evidence<'_>, eyes: &Eyes, report: &mut Report) -> Result<(), Failure> {
    let runs = runs(eyes)?;
    every_receipt_has_its_run(evidence.receipts, &runs, report);
    every_event_has_one_run(eyes, report)?;
    every_run_has_ended_as_it_should(&runs, eyes, report)?;
    let done = by_effect(evidence.received);
    effects_at_least_once(&runs, &done, report);
    one_key_for_each_effect(&done, evidence, report);
    unsafe_effects_at_most_once(&runs, &done, report);
    Ok(())
}

fn runs(eyes: &Eyes) -> Result<Vec<Run>, Failure> {
    let sql = "SELECT w.name, json_extract(CAST(e.body AS TEXT), '$.number') || '', lower(hex(e.public_id)), \
               lower(hex(r.public_id)), r.status, (COALESCE(r.error, '') LIKE '%\"in_doubt\"%') || '' \
               FROM runs r JOIN events e ON e.id = r.event_id JOIN workflows w ON w.id = r.workflow_id";
    let mut runs = Vec::new();
    for [workflow, number, event, id, status, in_doubt] in eyes.rows(sql)? {
        runs.push(Run { workflow, number: number.parse()?, event, id, status, is_in_doubt: in_doubt == "1" });
    }
    Ok(runs)
}

fn every_receipt_has_its_run(receipts: &[Receipt], runs: &[Run], report: &mut Report) {
    let mut of_event: HashMap<&str, Vec<&Run>> = HashMap::new();
    for run in runs {
        of_event.entry(&run.event).or_default().push(run);
    }
    let is_kept = |receipt: &&Receipt| match of_event.get(receipt.event.as_str()).map(Vec::as_slice) {
        Some([run]) => run.id == receipt.run && run.number == receipt.number && run.workflow == receipt.workflow,
        _ => false,
    };
    let broken: Vec<String> = receipts.iter().filter(|receipt| !is_kept(receipt)).map(|it| format!("{it:?}")).collect();
    report.holds("answers 2xx: each has exactly one run, the one that it named", receipts.len(), &broken);
}

/// Also what nobody was told of, because the sender or the server was gone, is stored as a whole.
fn every_event_has_one_run(eyes: &Eyes, report: &mut Report) -> Result<(), Failure> {
    let sql = "SELECT lower(hex(e.public_id)) || ': ' || COUNT(r.id) FROM events e LEFT JOIN runs r ON r.event_id = e.id \
               WHERE e.status = 'accepted' GROUP BY e.id HAVING COUNT(r.id) <> 1";
    let broken: Vec<String> = eyes.rows::<1>(sql)?.into_iter().map(|[row]| row).collect();
    let stored = eyes.one("SELECT COUNT(*) || '' FROM events WHERE status = 'accepted'")?;
    report.holds("events stored: each has exactly one run", stored, &broken);
    Ok(())
}

fn every_run_has_ended_as_it_should(runs: &[Run], eyes: &Eyes, report: &mut Report) -> Result<(), Failure> {
    let ends = |name: &str| ALL.iter().find(|workload| workload.name == name).map_or("", |workload| workload.ends);
    // Only where a step must not be done twice may it be in doubt whether it was done.
    let may_be_in_doubt =
        |run: &Run| workflows::effects(&run.workflow, run.number).iter().any(|it| workflows::is_unsafe(it.0));
    let as_it_should = |run: &&Run| {
        if run.is_in_doubt { may_be_in_doubt(run) } else { run.status == ends(&run.workflow) }
    };
    let broken = runs.iter().filter(|run| !as_it_should(run));
    let mut broken: Vec<String> =
        broken.map(|run| format!("run {} of {} {} is {}", run.id, run.workflow, run.number, run.status)).collect();
    let left = eyes.one("SELECT COUNT(*) || '' FROM queue")?;
    if left != "0" {
        broken.push(format!("{left} places in the queue are left"));
    }
    report.holds("runs: each ended, and as it should", runs.len(), &broken);
    for status in ["succeeded", "dead"] {
        let count = runs.iter().filter(|run| run.status == status).count();
        report.count(&format!("  of them {status}"), count);
    }
    let sql = "SELECT lower(hex(r.public_id)) FROM runs r LEFT JOIN dead_letters d ON d.run_id = r.id \
               WHERE (r.status = 'dead') <> (d.run_id IS NOT NULL)";
    let broken: Vec<String> = eyes.rows::<1>(sql)?.into_iter().map(|[run]| run).collect();
    let letters = eyes.one("SELECT COUNT(*) || '' FROM dead_letters")?;
    report.holds("dead letters: one for each dead run", letters, &broken);
    Ok(())
}

type Done<'a> = BTreeMap<(&'a str, u64, u64), Vec<&'a Received>>;

fn by_effect(received: &[Received]) -> Done<'_> {
    let mut done = Done::new();
    for request in received {
        done.entry((request.what.as_str(), request.number, request.item)).or_default().push(request);
    }
    done
}

fn effects_at_least_once(runs: &[Run], done: &Done<'_>, report: &mut Report) {
    let (mut wanted, mut missing) = (0, Vec::new());
    for run in runs.iter().filter(|run| run.status == "succeeded") {
        for (what, item) in workflows::effects(&run.workflow, run.number) {
            wanted += 1;
            if !done.contains_key(&(what, run.number, item)) {
                missing.push(format!("{what} {} of run {}", run.number, run.id));
            }
        }
    }
    report.holds("effects of runs that succeeded: each was carried out at least once", wanted, &missing);
    let known: BTreeSet<u64> = runs.iter().map(|run| run.number).collect();
    let strays = done.keys().filter(|(_, number, _)| !known.contains(number));
    let strays: Vec<String> = strays.map(|effect| format!("{effect:?}")).collect();
    report.holds("effects carried out: each belongs to a stored run", done.len(), &strays);
}

/// A receiver that honours the key carries each effect out exactly once, whatever was repeated.
fn one_key_for_each_effect(done: &Done<'_>, evidence: &Evidence<'_>, report: &mut Report) {
    let mut effects_of_key: HashMap<&str, BTreeSet<(&str, u64, u64)>> = HashMap::new();
    let mut broken = Vec::new();
    for (effect, requests) in done {
        let keys: BTreeSet<&str> = requests.iter().map(|request| request.key.as_str()).collect();
        if !workflows::has_key(effect.0) {
            continue;
        }
        if keys.len() != 1 || keys.contains("") {
            broken.push(format!("{effect:?} came under {keys:?}"));
        }
        for key in keys {
            effects_of_key.entry(key).or_default().insert(*effect);
        }
    }
    let shared = effects_of_key.iter().filter(|(_, effects)| effects.len() > 1);
    broken.extend(shared.map(|(key, effects)| format!("{key} was used for {effects:?}")));
    report.holds("idempotency keys: one for each effect, one effect for each", effects_of_key.len(), &broken);

    let life = |request: &Received| evidence.starts.iter().filter(|start| **start <= request.at).count();
    let repeated: Vec<_> = done.iter().filter(|(_, requests)| requests.len() > 1).collect();
    let without_cause = repeated.iter().filter(|(_, requests)| {
        requests.iter().map(|request| life(request)).collect::<BTreeSet<_>>().len() != requests.len()
    });
    let without_cause: Vec<String> = without_cause.map(|(effect, _)| format!("{effect:?}")).collect();
    report.holds(
        "keys seen again: only because the server ended before the answer was kept",
        repeated.len(),
        &without_cause,
    );
    report.count("  requests that the other system got in all", evidence.received.len());
}

fn unsafe_effects_at_most_once(runs: &[Run], done: &Done<'_>, report: &mut Report) {
    let unsafe_ones = || done.iter().filter(|((what, ..), _)| workflows::is_unsafe(what));
    let twice = unsafe_ones().filter(|(_, requests)| requests.len() > 1);
    let twice: Vec<String> = twice.map(|(effect, requests)| format!("{effect:?}: {} times", requests.len())).collect();
    report.holds("unsafe effects carried out: none of them twice", unsafe_ones().count(), &twice);
    let in_doubt: Vec<&Run> = runs.iter().filter(|run| run.is_in_doubt).collect();
    report.count("  runs in doubt, which wait for a person", in_doubt.len());
    let was_done =
        |run: &&&Run| done.keys().any(|(what, number, _)| workflows::is_unsafe(what) && *number == run.number);
    report.count("  of them carried out after all", in_doubt.iter().filter(was_done).count());
}
