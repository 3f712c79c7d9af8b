//! Everything that is wrong with a draft, before it can fail a run.

mod boxes;
mod graph;
mod parameters;
mod references;
mod settings;
mod triggers;

use model::check::check_shape;
use model::{Definition, Node as NodeDefinition, Problem};

use crate::catalogue::Catalogue;
use crate::manifest::{NodeKind, NodeType};

/// Every problem of a definition, each tied to its node and parameter. Whether a credential exists and is of the right
/// kind only the server knows; here it is said whether one is needed.
pub fn check(definition: &Definition, catalogue: &Catalogue) -> Vec<Problem> {
    let mut problems = check_shape(definition);
    for node in &definition.nodes {
        match catalogue.get(&node.node_type) {
            None => problems.push(unknown_node_type(node, catalogue)),
            Some(known) => {
                let node_type = known.node_type();
                parameters::check(node, node_type, &mut problems);
                triggers::check(node, node_type, &mut problems);
                check_credential(node, node_type, &mut problems);
            }
        }
    }
    graph::check(definition, catalogue, &mut problems);
    boxes::check(definition, catalogue, &mut problems);
    references::check(definition, catalogue, &mut problems);
    settings::check(definition, &mut problems);
    problems
}

fn unknown_node_type(node: &NodeDefinition, catalogue: &Catalogue) -> Problem {
    let names = catalogue.node_types().map(|node_type| node_type.name.as_str());
    let hint = nearest(&node.node_type, names).map_or_else(
        || "Choose one from the palette, or add its connector.".to_owned(),
        |name| format!("Did you mean `{name}`?"),
    );
    let message = format!("There is no node type `{}`. {hint}", node.node_type);
    Problem::of_node(&node.id, "unknown_node_type", message)
}

fn check_credential(node: &NodeDefinition, node_type: &NodeType, problems: &mut Vec<Problem>) {
    let kinds = node_type.credential_kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
    match node.credential {
        None if node_type.credential_required => {
            let message =
                format!("“{}” needs a credential. Choose or create one of the kind {kinds}.", node_type.title.en);
            problems.push(Problem::of_node(&node.id, "missing_credential", message).at("credential"));
        }
        Some(_) if node_type.credential_kinds.is_empty() => {
            let message = format!("“{}” uses no credential. Remove it.", node_type.title.en);
            problems.push(Problem::of_node(&node.id, "unexpected_credential", message).at("credential"));
        }
        _ => {}
    }
}

/// The node types that are of a kind, by node.
fn nodes_of_kind<'a>(
    definition: &'a Definition,
    catalogue: &'a Catalogue,
    kind: NodeKind,
) -> impl Iterator<Item = &'a NodeDefinition> {
    let is_kind = move |node: &&NodeDefinition| {
        catalogue.get(&node.node_type).is_some_and(|known| known.node_type().kind == kind)
    };
    definition.nodes.iter().filter(is_kind)
}

/// The known name that differs least from a mistyped one; none when all differ much.
fn nearest<'a>(mistyped: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (mistyped.chars().count() / 3).max(1);
    known.map(|name| (distance(mistyped, name), name)).filter(|(far, _)| *far <= limit).min().map(|(_, name)| name)
}

/// How many letters must be added, removed or changed (Levenshtein); long names count as far.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 100 || right.len() > 100 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = || ["http.request", "filter", "if"].into_iter();
        assert_eq!(nearest("http.requset", known()), Some("http.request"));
        assert_eq!(nearest("Filter", known()), Some("filter"));
        assert_eq!(nearest("something.else", known()), None);
    }
}
