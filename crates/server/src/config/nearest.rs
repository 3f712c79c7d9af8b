//! Finds the word that somebody most likely meant.

/// The candidate nearest to `word`, unless even that one is far off.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, candidate) =
        candidates.into_iter().map(|candidate| (edit_distance(word, candidate), candidate)).min()?;
    (distance <= (word.chars().count() / 3).max(2)).then_some(candidate)
}

/// How many letters must be added, removed or changed to turn one word into the other (Levenshtein distance).
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 1..row.len() {
            let changed = diagonal + usize::from(to[column - 1] != letter);
            diagonal = row[column];
            row[column] = changed.min(diagonal + 1).min(row[column - 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["ingress.max_files", "ingress.max_depth", "listen"];
        assert_eq!(nearest("ingress.max_file", known), Some("ingress.max_files"));
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("something else", known), None);
    }
}
