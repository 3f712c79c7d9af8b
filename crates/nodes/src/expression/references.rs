//! Which nodes an expression refers to, as far as that can be seen without running it.

use super::compiled::{Code, Expression};

/// The ids that stand after `steps` in an expression.
pub(super) fn of(expression: &Expression) -> Vec<String> {
    match &expression.code {
        Code::Path(path) => match path.first_names()[..] {
            ["steps", id, ..] => vec![id.to_owned()],
            _ => Vec::new(),
        },
        Code::Script(_) => in_script(&expression.source),
    }
}

/// Finds `steps.id`, `steps["id"]` and `steps?.id` in Rhai source; a name that is computed cannot be seen.
pub fn in_script(source: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for (at, word) in source.match_indices("steps") {
        let before = source[..at].chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '"' | '\'')) {
            continue;
        }
        let rest = source[at + word.len()..].trim_start();
        let rest = rest.strip_prefix('?').unwrap_or(rest);
        if let Some(name) = rest.strip_prefix('.') {
            let name: String = name
                .trim_start()
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                .collect();
            let is_method = rest[1..].trim_start()[name.len()..].trim_start().starts_with('(');
            if !name.is_empty() && !is_method {
                ids.push(name);
            }
        } else if let Some(name) = rest.strip_prefix('[').map(str::trim_start)
            && let Some(quote @ ('"' | '`')) = name.chars().next()
            && let Some((name, _)) = name[1..].split_once(quote)
        {
            ids.push(name.to_owned());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::in_script;

    #[test]
    fn ids_are_found_in_the_usual_ways_of_writing_them() {
        assert_eq!(in_script(r#"steps.order.total + steps["tell-erp"].x + a.steps.no"#), ["order", "tell-erp"]);
        assert_eq!(in_script("steps?.maybe ?? steps.keys()"), ["maybe"]);
        assert_eq!(in_script("footsteps.x + steps[name]"), Vec::<String>::new());
    }
}
