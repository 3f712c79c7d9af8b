//! Splits a string into text and expressions. It knows nothing of what an expression means.
//!
//! An expression begins at `{{` and ends at the `}}` that belongs to it: braces inside it are counted, and what stands in
//! quotes is passed over. `\{{` stands for the two braces themselves, and `\\{{` for a backslash before an expression;
//! anywhere else a backslash is only a backslash.

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it stands, escapes already replaced.
    Text(String),
    /// The source of an expression, trimmed, and where it begins, in characters from 0.
    Expression { source: String, position: usize },
}

/// What is wrong with a template, and where, in characters from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) message: String,
    pub(super) position: usize,
}

/// Whether a string may hold an expression; most do not.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Splits a template into its pieces.
pub(super) fn split(template: &str) -> Result<Vec<Piece>, Malformed> {
    let letters: Vec<char> = template.chars().collect();
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while at < letters.len() {
        if !starts_with(&letters, at, '{') {
            text.push(letters[at]);
            at += 1;
            continue;
        }
        let backslashes = text.chars().rev().take_while(|letter| *letter == '\\').count();
        text.truncate(text.len() - backslashes.div_ceil(2));
        if backslashes % 2 == 1 {
            text.push_str("{{");
            at += 2;
            continue;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        let end = end_of(&letters, at + 2).ok_or_else(|| Malformed {
            message: "The `{{` here has no `}}`. Write `\\{{` for the two braces themselves.".to_owned(),
            position: at,
        })?;
        pieces.push(expression(&letters[at + 2..end], at + 2)?);
        at = end + 2;
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn expression(inside: &[char], start: usize) -> Result<Piece, Malformed> {
    let blanks = inside.iter().take_while(|letter| letter.is_whitespace()).count();
    let source = inside.iter().collect::<String>().trim().to_owned();
    if source.is_empty() {
        return Err(Malformed { message: "There is nothing between `{{` and `}}`.".to_owned(), position: start });
    }
    Ok(Piece::Expression { source, position: start + blanks })
}

/// The place of the `}}` that ends the expression which begins at `start`.
fn end_of(letters: &[char], start: usize) -> Option<usize> {
    let mut open_braces = 0_usize;
    let mut quote = None;
    let mut at = start;
    while at < letters.len() {
        let letter = letters[at];
        match quote {
            Some(_) if letter == '\\' => at += 1,
            Some(end) if letter == end => quote = None,
            Some(_) => {}
            None => match letter {
                '"' | '\'' | '`' => quote = Some(letter),
                '{' => open_braces += 1,
                '}' if open_braces > 0 => open_braces -= 1,
                '}' if starts_with(letters, at, '}') => return Some(at),
                _ => {}
            },
        }
        at += 1;
    }
    None
}

fn starts_with(letters: &[char], at: usize, brace: char) -> bool {
    letters[at] == brace && letters.get(at + 1) == Some(&brace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn expression(source: &str, position: usize) -> Piece {
        Piece::Expression { source: source.to_owned(), position }
    }

    #[test]
    fn a_template_falls_into_text_and_expressions() {
        let cases = [
            ("plain", vec![text("plain")]),
            ("{{ $.a }}", vec![expression("$.a", 3)]),
            ("Ü {{a}}-{{ b }}!", vec![text("Ü "), expression("a", 4), text("-"), expression("b", 11), text("!")]),
            ("{{ #{a: #{b: 1}} }}", vec![expression("#{a: #{b: 1}}", 3)]),
            ("{{ #{a: 1}}}", vec![expression("#{a: 1}", 3)]),
            (r#"{{ "}}" + '\'}}' }}"#, vec![expression(r#""}}" + '\'}}'"#, 3)]),
            (r"\{{ a }}", vec![text("{{ a }}")]),
            (r"C:\\{{ a }}", vec![text(r"C:\"), expression("a", 7)]),
            (r"a\b {x} }}", vec![text(r"a\b {x} }}")]),
        ];
        for (template, pieces) in cases {
            assert_eq!(split(template), Ok(pieces), "{template}");
        }
    }

    #[test]
    fn what_has_no_end_or_no_content_is_reported_with_its_place() {
        assert_eq!(split("ab {{ c").unwrap_err().position, 3);
        assert_eq!(split("{{ 'c }}").unwrap_err().position, 0);
        assert_eq!(split("x{{  }}").unwrap_err().position, 3);
    }
}
