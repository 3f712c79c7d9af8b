//! What a run does next. Pure: a graph and the steps so far go in, the next steps or the end come out.

use std::collections::{BTreeMap, BTreeSet};

use model::graph::Graph;
use model::{NodeId, StepStatus, Timestamp};

/// Where a step stands, as far as planning needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// Its status.
    pub status: StepStatus,
    /// The port that it went on along.
    pub port: Option<String>,
    /// When its next attempt is due.
    pub retry_at: Option<Timestamp>,
}

/// What a run does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// These steps can begin now, in this order. Others may be under way.
    Start(Vec<NodeId>),
    /// Steps are under way and nothing else can begin before one of them ends, or before this moment.
    Await(Option<Timestamp>),
    /// Nothing to do before this moment.
    Park(Timestamp),
    /// A step failed for good and nothing handles it.
    Fail(NodeId),
    /// Every step that can be reached is over.
    Succeed,
}

/// How an edge was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Taken,
    Skipped,
    Open,
}

/// Decides what a run that began at `trigger` does next at the moment `now`.
///
/// A node starts when each edge that leads to it is decided and at least one is taken, so branches rejoin by themselves.
/// When all are skipped, so is the node.
pub fn plan(graph: &Graph<'_>, trigger: &NodeId, steps: &BTreeMap<NodeId, StepState>, now: Timestamp) -> Plan {
    let failed = steps.iter().find(|(_, step)| step.status == StepStatus::Failed && step.port.is_none());
    let running = steps.values().any(|step| step.status == StepStatus::Running);
    if let Some((node, _)) = failed {
        return if running { Plan::Await(None) } else { Plan::Fail(node.clone()) };
    }
    let mut ready = Vec::new();
    let mut next_retry: Option<Timestamp> = None;
    for node in undone(graph, trigger, steps) {
        match steps.get(node).and_then(|step| step.retry_at) {
            Some(due) if due > now => next_retry = Some(next_retry.map_or(due, |other| other.min(due))),
            _ => ready.push(node.clone()),
        }
    }
    if !ready.is_empty() {
        Plan::Start(ready)
    } else if running {
        Plan::Await(next_retry)
    } else if let Some(due) = next_retry {
        Plan::Park(due)
    } else {
        Plan::Succeed
    }
}

/// The nodes that a run has not reached and, once it is over, never will.
pub fn skipped<'a>(graph: &Graph<'a>, trigger: &NodeId, steps: &BTreeMap<NodeId, StepState>) -> BTreeSet<&'a NodeId> {
    let order = graph.order().unwrap_or_else(|circle| circle);
    order.into_iter().filter(|node| *node != trigger && !steps.contains_key(*node)).collect()
}

/// The nodes whose edges are decided with one taken, and which are not over and not under way.
fn undone<'a>(graph: &Graph<'a>, trigger: &NodeId, steps: &BTreeMap<NodeId, StepState>) -> Vec<&'a NodeId> {
    let mut passed_over: BTreeSet<&NodeId> = BTreeSet::new();
    let mut undone = Vec::new();
    // Publishing refuses circles; should one exist all the same, its nodes are simply never reached.
    for node in graph.order().unwrap_or_default() {
        if node == trigger {
            continue;
        }
        let decide = |edge: &&model::Edge| {
            let from = &edge.from;
            if from == trigger {
                return if edge.port == model::definition::OUT { Decision::Taken } else { Decision::Skipped };
            }
            if passed_over.contains(from) {
                return Decision::Skipped;
            }
            match steps.get(from) {
                Some(step) if step.status.is_final() && step.port.as_deref() == Some(&edge.port) => Decision::Taken,
                Some(step) if step.status.is_final() => Decision::Skipped,
                _ => Decision::Open,
            }
        };
        let decisions: Vec<_> = graph.incoming(node).iter().map(decide).collect();
        if decisions.contains(&Decision::Open) {
            continue;
        }
        if !decisions.contains(&Decision::Taken) {
            passed_over.insert(node);
            continue;
        }
        match steps.get(node).map(|step| step.status) {
            None | Some(StepStatus::Waiting) => undone.push(node),
            Some(_) => {}
        }
    }
    undone
}

#[cfg(test)]
mod tests {
    use model::Definition;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    /// `a → b → d`, `a → c → d`, with `b` and `c` free to be anything; `t` is the trigger.
    fn diamond() -> Definition {
        let nodes = ["t", "a", "b", "c", "d"].map(|id| json!({"id": id, "type": "set_fields"}));
        serde_json::from_value(json!({
            "nodes": nodes,
            "edges": [
                {"from": "t", "to": "a"}, {"from": "a", "port": "true", "to": "b"},
                {"from": "a", "port": "false", "to": "c"}, {"from": "b", "to": "d"}, {"from": "c", "to": "d"},
            ],
        }))
        .unwrap()
    }

    fn step(status: StepStatus, port: Option<&str>) -> StepState {
        StepState { status, port: port.map(str::to_owned), retry_at: None }
    }

    fn plan_after(steps: &[(&str, StepState)]) -> Plan {
        let definition = diamond();
        let steps = steps.iter().map(|(id, step)| (NodeId::from(*id), step.clone())).collect();
        plan(&Graph::of(&definition), &NodeId::from("t"), &steps, NOW)
    }

    fn start(ids: &[&str]) -> Plan {
        Plan::Start(ids.iter().map(|id| NodeId::from(*id)).collect())
    }

    #[test]
    fn a_run_begins_behind_its_trigger() {
        assert_eq!(plan_after(&[]), start(&["a"]));
    }

    #[test]
    fn branches_rejoin_when_one_is_skipped() {
        let a = ("a", step(StepStatus::Succeeded, Some("true")));
        assert_eq!(plan_after(std::slice::from_ref(&a)), start(&["b"]));
        assert_eq!(plan_after(&[a, ("b", step(StepStatus::Succeeded, Some("out")))]), start(&["d"]));
    }

    #[test]
    fn a_node_waits_for_every_edge_that_leads_to_it() {
        let mut definition = diamond();
        for edge in &mut definition.edges {
            "out".clone_into(&mut edge.port);
        }
        let graph = Graph::of(&definition);
        let mut steps = BTreeMap::from([(NodeId::from("a"), step(StepStatus::Succeeded, Some("out")))]);
        assert_eq!(plan(&graph, &NodeId::from("t"), &steps, NOW), start(&["b", "c"]));
        steps.insert(NodeId::from("b"), step(StepStatus::Succeeded, Some("out")));
        steps.insert(NodeId::from("c"), step(StepStatus::Running, None));
        assert_eq!(plan(&graph, &NodeId::from("t"), &steps, NOW), Plan::Await(None));
        steps.insert(NodeId::from("c"), step(StepStatus::Succeeded, Some("out")));
        assert_eq!(plan(&graph, &NodeId::from("t"), &steps, NOW), start(&["d"]));
    }

    #[test]
    fn a_skipped_step_ends_its_branch_and_the_run_succeeds() {
        assert_eq!(plan_after(&[("a", step(StepStatus::Skipped, None))]), Plan::Succeed);
    }

    #[test]
    fn a_failed_step_without_a_port_fails_the_run_once_nothing_is_under_way() {
        let failed = ("a", step(StepStatus::Failed, None));
        assert_eq!(plan_after(std::slice::from_ref(&failed)), Plan::Fail(NodeId::from("a")));
        assert_eq!(plan_after(&[failed, ("b", step(StepStatus::Running, None))]), Plan::Await(None));
    }

    #[test]
    fn a_failed_step_goes_on_along_its_port() {
        assert_eq!(plan_after(&[("a", step(StepStatus::Failed, Some("false")))]), start(&["c"]));
    }

    #[test]
    fn a_step_that_waits_parks_the_run_until_its_moment() {
        let waiting = |due| StepState { status: StepStatus::Waiting, port: None, retry_at: Some(Timestamp(due)) };
        assert_eq!(plan_after(&[("a", waiting(5_000))]), Plan::Park(Timestamp(5_000)));
        assert_eq!(plan_after(&[("a", waiting(1_000))]), start(&["a"]));
    }

    #[test]
    fn another_trigger_and_what_only_it_leads_to_are_never_reached() {
        let nodes = ["t", "other", "a", "b"].map(|id| json!({"id": id, "type": "set_fields"}));
        let definition: Definition = serde_json::from_value(json!({
            "nodes": nodes,
            "edges": [{"from": "t", "to": "a"}, {"from": "other", "to": "a"}, {"from": "other", "to": "b"}],
        }))
        .unwrap();
        let graph = Graph::of(&definition);
        let mut steps = BTreeMap::new();
        assert_eq!(plan(&graph, &NodeId::from("t"), &steps, NOW), start(&["a"]));
        steps.insert(NodeId::from("a"), step(StepStatus::Succeeded, Some("out")));
        assert_eq!(plan(&graph, &NodeId::from("t"), &steps, NOW), Plan::Succeed);
        let skipped: Vec<_> = skipped(&graph, &NodeId::from("t"), &steps).into_iter().map(NodeId::as_str).collect();
        assert_eq!(skipped, ["b", "other"]);
    }
}
