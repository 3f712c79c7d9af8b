//! How much a script may use.

/// How much one run of a script may use. Whatever a script does, it ends at the first of these that it meets.
///
/// # What they add up to
///
/// What an operator, a literal or a call makes is bounded as a whole, with everything nested in it: all its texts
/// together, all list items, all map entries. So doubling (`a = [a, a]`) ends where copying ends: one such value of the
/// largest kind weighs about 1.5 MB here. All variables together, at all call levels, are bounded by `live_bytes` plus
/// twice what the script was given; they are weighed while the script runs (see `weigh`). On top come the values that one
/// expression is about to make. The worst of the hostile scripts in the tests takes 14 MB, most take less than one.
///
/// Functions capture nothing (the feature `no_closure`), so no value is shared and none can contain itself: everything is
/// freed when the script ends. Currying, which could hide nested values from the count, is switched off.
///
/// Nesting is bounded only by the number of items, and copying or dropping a nested value recurses. So a script with loops
/// or functions runs on a stack of its own, large enough for that depth, and not on the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations: roughly one for each statement, expression and call.
    pub operations: u64,
    /// Nested calls of functions.
    pub call_depth: usize,
    /// All strings of one value together, in bytes.
    pub string_bytes: usize,
    /// All array items of one value, nested ones included.
    pub array_items: usize,
    /// All map entries of one value, nested ones included.
    pub map_entries: usize,
    /// Variables at any one moment in one call level.
    pub variables: usize,
    /// Functions that a script may define.
    pub functions: usize,
    /// Nested expressions, both outside and inside functions.
    pub expression_depth: usize,
    /// What all variables may weigh together, in bytes, beyond what was given to the script.
    pub live_bytes: usize,
    /// The longest source, in bytes.
    pub source_bytes: usize,
    /// Whether statements are allowed (`let`, loops, functions), or one expression only.
    pub statements: bool,
}

impl Limits {
    /// For `{{ … }}`: one expression, no statements. An array index that is out of range gives null here.
    pub const fn for_expressions() -> Self {
        Self {
            operations: 100_000,
            call_depth: 6,
            string_bytes: 256 * 1024,
            array_items: 10_000,
            map_entries: 5_000,
            variables: 24,
            functions: 16,
            expression_depth: 32,
            live_bytes: 4 * 1024 * 1024,
            source_bytes: 8 * 1024,
            statements: false,
        }
    }

    /// For the `code` node.
    pub const fn for_code() -> Self {
        Self {
            operations: 1_000_000,
            call_depth: 16,
            variables: 64,
            functions: 64,
            live_bytes: 16 * 1024 * 1024,
            source_bytes: 64 * 1024,
            statements: true,
            ..Self::for_expressions()
        }
    }

    /// For connectors, whose answers may be long lists.
    pub const fn for_connectors() -> Self {
        Self {
            operations: 1_000_000,
            call_depth: 16,
            string_bytes: 1024 * 1024,
            array_items: 20_000,
            map_entries: 20_000,
            variables: 64,
            functions: 128,
            live_bytes: 24 * 1024 * 1024,
            source_bytes: 256 * 1024,
            statements: true,
            ..Self::for_expressions()
        }
    }
}
