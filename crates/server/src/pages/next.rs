//! Where to go on after a detour.

/// The address to go on to, when it is one of ours; else the home page.
///
/// Browsers read a backslash like a slash and skip tabs and line breaks, so only plain paths are let through.
pub(super) fn local_path(next: Option<&str>) -> &str {
    let is_local = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.starts_with("/hooks/")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    next.filter(is_local).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn nobody_is_led_to_another_site() {
        assert_eq!(local_path(Some("/runs?status=dead")), "/runs?status=dead");
        for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "", "/ä"]
        {
            assert_eq!(local_path(Some(evil)), "/", "{evil}");
        }
        assert_eq!(local_path(None), "/");
    }
}
