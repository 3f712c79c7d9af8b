//! The one navigation of all pages.

/// A link of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Destination {
    /// Where it leads.
    pub(super) href: &'static str,
    /// Its icon.
    pub(super) icon: &'static str,
    /// The key of its text.
    pub(super) key: &'static str,
    /// Further beginnings of addresses that belong to it.
    also: &'static [&'static str],
}

/// Where runs wait for a decision; how many stands beside the link.
pub(super) const DEAD_LETTERS: &str = "/dead-letters";

/// Every link, in order.
pub(super) const DESTINATIONS: &[Destination] = &[
    Destination { href: "/", icon: "workflow", key: "nav.workflows", also: &["/workflows"] },
    Destination { href: "/runs", icon: "history", key: "nav.runs", also: &[] },
    Destination { href: DEAD_LETTERS, icon: "octagon-alert", key: "nav.dead_letters", also: &[] },
    Destination { href: "/inbox", icon: "inbox", key: "nav.inbox", also: &["/events"] },
    Destination { href: "/contacts", icon: "contact-round", key: "nav.contacts", also: &[] },
    Destination { href: "/tables", icon: "list-tree", key: "nav.tables", also: &[] },
    Destination { href: "/outbox", icon: "send", key: "nav.outbox", also: &[] },
    Destination { href: "/credentials", icon: "key-round", key: "nav.credentials", also: &[] },
    Destination { href: "/settings", icon: "settings", key: "nav.settings", also: &["/storage", "/audit"] },
];

impl Destination {
    /// Whether a page belongs to it.
    pub(super) fn holds(&self, path_and_query: &str) -> bool {
        let path = path_and_query.split('?').next().unwrap_or_default();
        let is_below =
            |start: &str| path == start || path.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'));
        path == self.href || (self.href != "/" && is_below(self.href)) || self.also.iter().any(|start| is_below(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_belongs_to_one_destination() {
        for (path, key) in [
            ("/", Some("nav.workflows")),
            ("/?search=order", Some("nav.workflows")),
            ("/workflows/1", Some("nav.workflows")),
            ("/runs?status=dead", Some("nav.runs")),
            ("/runs/1", Some("nav.runs")),
            ("/dead-letters?show=decided", Some("nav.dead_letters")),
            ("/runsome", None),
            ("/events/1", Some("nav.inbox")),
            ("/settings/users", Some("nav.settings")),
        ] {
            let found: Vec<_> = DESTINATIONS.iter().filter(|place| place.holds(path)).map(|place| place.key).collect();
            assert_eq!(found, key.into_iter().collect::<Vec<_>>(), "{path}");
        }
    }
}
