//! What a run, or one turn of a box, does next. Pure: a shape and the steps so far go in, the next steps or the end come out.

use std::collections::{BTreeMap, BTreeSet};

use model::definition::OUT;
use model::graph::Graph;
use model::{Definition, NodeId, StepStatus, Timestamp};
use nodes::Incoming;

/// Where a step stands, as far as planning needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// Its status.
    pub status: StepStatus,
    /// The port that it went on along.
    pub port: Option<String>,
    /// When a waiting step goes on by itself; none when it waits for a signal only.
    pub retry_at: Option<Timestamp>,
}

/// The nodes that share a scope, so ordered that every edge leads forward: those of a run outside of any box, or those of one
/// box. A *place* is a node's position in it.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    places: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    id: NodeId,
    /// Where its edges come from: the place and the port.
    incoming: Vec<(usize, String)>,
    is_last: bool,
}

/// Where a scope begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At the trigger at this place; whatever only another one leads to is never reached.
    Trigger(usize),
    /// At every node that no edge leads to, as each turn of a box does.
    Everywhere,
    /// At a trigger that there is not; nothing is ever reached.
    Nowhere,
}

/// What a scope does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The steps at these places can begin or go on now, in this order. Others may be under way.
    Start(Vec<usize>),
    /// Nothing can begin before a step that is under way ends, or one that waits goes on.
    Await,
    /// The step at this place failed for good and nothing handles it. Others may be under way.
    Fail(usize),
    /// Every step that can be reached is over.
    Over,
}

impl Shape {
    /// The shape without any node.
    pub const EMPTY: Self = Self { places: Vec::new() };

    /// The shape of the nodes whose box is `parent`. Publishing refuses circles; should one exist all the same, its nodes are
    /// simply never reached.
    pub fn of(definition: &Definition, parent: Option<&NodeId>) -> Self {
        let graph = Graph::of(definition);
        let members: BTreeSet<&NodeId> =
            definition.nodes.iter().filter(|node| node.parent.as_ref() == parent).map(|node| &node.id).collect();
        let order = graph.order().unwrap_or_default();
        let order: Vec<&NodeId> = order.into_iter().filter(|node| members.contains(node)).collect();
        let place_of: BTreeMap<&NodeId, usize> = order.iter().enumerate().map(|(place, node)| (*node, place)).collect();
        let places = order.iter().map(|node| Place {
            id: (*node).clone(),
            incoming: graph
                .incoming(node)
                .iter()
                .filter_map(|edge| Some((*place_of.get(&edge.from)?, edge.port.clone())))
                .collect(),
            is_last: !graph.outgoing(node).iter().any(|edge| members.contains(&edge.to)),
        });
        Self { places: places.collect() }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The node at a place.
    pub fn node(&self, place: usize) -> &NodeId {
        &self.places[place].id
    }

    /// The place of a node.
    pub fn place_of(&self, node: &NodeId) -> Option<usize> {
        self.places.iter().position(|place| &place.id == node)
    }

    /// The places that no edge starts at.
    pub fn last_places(&self) -> impl Iterator<Item = usize> {
        self.places.iter().enumerate().filter(|(_, place)| place.is_last).map(|(number, _)| number)
    }
}

/// Decides what a scope does next at the moment `now`.
///
/// A node starts when each edge that leads to it is decided and at least one is taken, so branches rejoin by themselves.
/// When all are skipped, so is the node.
pub fn plan<'s>(shape: &Shape, begin: Begin, step: impl Fn(usize) -> Option<&'s StepState>, now: Timestamp) -> Plan {
    let mut ready = Vec::new();
    let mut is_open = false;
    let mut passed_over = vec![false; shape.places.len()];
    for (number, place) in shape.places.iter().enumerate() {
        if begin == Begin::Trigger(number) {
            continue;
        }
        match step(number) {
            Some(StepState { status: StepStatus::Failed, port: None, .. }) => return Plan::Fail(number),
            Some(state) if state.status == StepStatus::Waiting => {
                is_open = true;
                if state.retry_at.is_some_and(|due| due <= now) {
                    ready.push(number);
                }
                continue;
            }
            Some(state) => {
                is_open |= state.status == StepStatus::Running;
                continue;
            }
            None => {}
        }
        match decide(place, begin, &passed_over, &step) {
            Decision::Taken => ready.push(number),
            Decision::Skipped => passed_over[number] = true,
            Decision::Open => is_open = true,
        }
    }
    match (ready.is_empty(), is_open) {
        (false, _) => Plan::Start(ready),
        (true, true) => Plan::Await,
        (true, false) => Plan::Over,
    }
}

/// How the edges that lead to a node were decided, each by itself. Meant for a node whose edges are all decided.
pub fn ways<'s>(
    shape: &Shape,
    begin: Begin,
    place: usize,
    step: impl Fn(usize) -> Option<&'s StepState>,
) -> Vec<Incoming> {
    let way = |(from, port): &(usize, String)| {
        let taken = if begin == Begin::Trigger(*from) {
            port == OUT
        } else {
            step(*from).is_some_and(|state| state.status.is_final() && state.port.as_ref() == Some(port))
        };
        Incoming { from: shape.node(*from).clone(), port: port.clone(), taken }
    };
    shape.places[place].incoming.iter().map(way).collect()
}

/// The nodes that a run has not reached and, once it is over, never will.
pub fn skipped<'a>(graph: &Graph<'a>, trigger: &NodeId, steps: &BTreeMap<NodeId, StepState>) -> BTreeSet<&'a NodeId> {
    let order = graph.order().unwrap_or_else(|circle| circle);
    order.into_iter().filter(|node| *node != trigger && !steps.contains_key(*node)).collect()
}

/// How the edges that lead to a node were decided, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Taken,
    Skipped,
    Open,
}

fn decide<'s>(
    place: &Place,
    begin: Begin,
    passed_over: &[bool],
    step: &impl Fn(usize) -> Option<&'s StepState>,
) -> Decision {
    if place.incoming.is_empty() {
        return if begin == Begin::Everywhere { Decision::Taken } else { Decision::Skipped };
    }
    let mut is_taken = false;
    for (from, port) in &place.incoming {
        is_taken |= if begin == Begin::Trigger(*from) {
            port == OUT
        } else if passed_over[*from] {
            false
        } else {
            match step(*from) {
                Some(state) if state.status.is_final() => state.port.as_ref() == Some(port),
                _ => return Decision::Open,
            }
        };
    }
    if is_taken { Decision::Taken } else { Decision::Skipped }
}

#[cfg(test)]
mod tests {
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

    /// What comes next, with nodes named instead of places.
    fn named(shape: &Shape, begin: Begin, steps: &[(&str, StepState)]) -> (&'static str, Vec<String>) {
        let state = |place: usize| {
            let id = shape.node(place).as_str();
            steps.iter().find(|(node, _)| *node == id).map(|(_, state)| state)
        };
        let name = |place: usize| shape.node(place).0.clone();
        match plan(shape, begin, state, NOW) {
            Plan::Start(places) => ("start", places.into_iter().map(name).collect()),
            Plan::Fail(place) => ("fail", vec![name(place)]),
            Plan::Await => ("await", Vec::new()),
            Plan::Over => ("over", Vec::new()),
        }
    }

    fn plan_after(steps: &[(&str, StepState)]) -> (&'static str, Vec<String>) {
        let shape = Shape::of(&diamond(), None);
        named(&shape, Begin::Trigger(shape.place_of(&NodeId::from("t")).unwrap()), steps)
    }

    fn start(ids: &[&str]) -> (&'static str, Vec<String>) {
        ("start", ids.iter().map(|id| (*id).to_owned()).collect())
    }

    fn only(word: &'static str) -> (&'static str, Vec<String>) {
        (word, Vec::new())
    }

    #[test]
    fn a_run_begins_after_its_trigger() {
        assert_eq!(plan_after(&[]), start(&["a"]));
    }

    #[test]
    fn only_the_branch_that_was_taken_goes_on_and_the_branches_rejoin() {
        let a = ("a", step(StepStatus::Succeeded, Some("true")));
        assert_eq!(plan_after(std::slice::from_ref(&a)), start(&["b"]));
        let b = ("b", step(StepStatus::Succeeded, Some("out")));
        assert_eq!(plan_after(&[a.clone(), b.clone()]), start(&["d"]));
        let d = ("d", step(StepStatus::Succeeded, Some("out")));
        assert_eq!(plan_after(&[a, b, d]), only("over"));
    }

    #[test]
    fn a_filter_that_says_no_ends_its_branch_and_the_run_ends_well() {
        assert_eq!(plan_after(&[("a", step(StepStatus::Skipped, None))]), only("over"));
    }

    #[test]
    fn a_node_waits_for_every_edge_that_leads_to_it() {
        let mut definition = diamond();
        for edge in &mut definition.edges {
            "out".clone_into(&mut edge.port);
        }
        let shape = Shape::of(&definition, None);
        let begin = Begin::Trigger(shape.place_of(&NodeId::from("t")).unwrap());
        let done = |id: &'static str| (id, step(StepStatus::Succeeded, Some("out")));
        assert_eq!(named(&shape, begin, &[done("a")]), start(&["b", "c"]));
        let c = ("c", step(StepStatus::Running, None));
        assert_eq!(named(&shape, begin, &[done("a"), done("b"), c]), only("await"));
        assert_eq!(named(&shape, begin, &[done("a"), done("b"), done("c")]), start(&["d"]));
    }

    #[test]
    fn a_failed_step_without_a_port_fails_the_run() {
        let failed = ("a", step(StepStatus::Failed, None));
        assert_eq!(plan_after(&[failed]), ("fail", vec!["a".to_owned()]));
    }

    #[test]
    fn a_failed_step_goes_on_along_its_port() {
        assert_eq!(plan_after(&[("a", step(StepStatus::Failed, Some("false")))]), start(&["c"]));
    }

    #[test]
    fn a_step_that_waits_goes_on_at_its_moment_or_at_a_signal() {
        let waiting = |retry_at| StepState { status: StepStatus::Waiting, port: None, retry_at };
        assert_eq!(plan_after(&[("a", waiting(Some(Timestamp(5_000))))]), only("await"));
        assert_eq!(plan_after(&[("a", waiting(Some(Timestamp(1_000))))]), start(&["a"]));
        assert_eq!(plan_after(&[("a", waiting(None))]), only("await"));
    }

    #[test]
    fn another_trigger_and_what_only_it_leads_to_are_never_reached() {
        let nodes = ["t", "other", "a", "b"].map(|id| json!({"id": id, "type": "set_fields"}));
        let definition: Definition = serde_json::from_value(json!({
            "nodes": nodes,
            "edges": [{"from": "t", "to": "a"}, {"from": "other", "to": "a"}, {"from": "other", "to": "b"}],
        }))
        .unwrap();
        let shape = Shape::of(&definition, None);
        let begin = Begin::Trigger(shape.place_of(&NodeId::from("t")).unwrap());
        assert_eq!(named(&shape, begin, &[]), start(&["a"]));
        let a = ("a", step(StepStatus::Succeeded, Some("out")));
        assert_eq!(named(&shape, begin, std::slice::from_ref(&a)), only("over"));
        let steps = BTreeMap::from([(NodeId::from("a"), a.1)]);
        let graph = Graph::of(&definition);
        let skipped: Vec<_> = skipped(&graph, &NodeId::from("t"), &steps).into_iter().map(NodeId::as_str).collect();
        assert_eq!(skipped, ["b", "other"]);
    }

    #[test]
    fn a_turn_begins_at_every_node_that_no_edge_leads_to_and_knows_only_its_own_nodes() {
        let definition: Definition = serde_json::from_value(json!({
            "nodes": [
                {"id": "t", "type": "manual"}, {"id": "each", "type": "for_each"},
                {"id": "x", "type": "set_fields", "parent": "each"}, {"id": "y", "type": "set_fields", "parent": "each"},
                {"id": "z", "type": "set_fields", "parent": "each"},
            ],
            "edges": [{"from": "t", "to": "each"}, {"from": "x", "to": "z"}],
        }))
        .unwrap();
        let inside = Shape::of(&definition, Some(&NodeId::from("each")));
        assert_eq!(inside.len(), 3);
        assert_eq!(named(&inside, Begin::Everywhere, &[]), start(&["x", "y"]));
        let last: Vec<_> = inside.last_places().map(|place| inside.node(place).as_str()).collect();
        assert_eq!(last, ["y", "z"]);
        let outside = Shape::of(&definition, None);
        assert_eq!(outside.len(), 2);
    }
}
