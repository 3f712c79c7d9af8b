//! Readable parts of URLs.

/// Turns a name into lower-case ASCII words joined by `-`: "Bestellung bezahlt (Köln)" becomes `bestellung-bezahlt-koeln`.
///
/// German umlauts are written out. What is left over becomes a separator; an empty result becomes `webhook`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'a'..='z' | '0'..='9' => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= MAX_LENGTH {
            break;
        }
    }
    let trimmed = slug.trim_end_matches('-');
    if trimmed.is_empty() { "webhook".to_owned() } else { trimmed.to_owned() }
}

const MAX_LENGTH: usize = 60;

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_readable_and_safe() {
        assert_eq!(slug("Bestellung bezahlt (Köln)"), "bestellung-bezahlt-koeln");
        assert_eq!(slug("  Straße/Ü "), "strasse-ue");
        assert_eq!(slug("日本"), "webhook");
        assert!(slug(&"x".repeat(500)).len() <= 60);
    }
}
