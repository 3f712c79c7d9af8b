//! How much a script may use.

/// How much one run of a script may use. Whatever a script does, it ends at the first of these that it meets.
///
/// # What they add up to
///
/// A *value* is bounded as a whole, with everything nested in it: all its strings together, all its array items, all
/// its map entries. Rhai checks that for every value that an operator, a literal, a property change or a call makes, so
/// doubling (`a = [a, a]`) ends where copying ends. One value of the largest kind (code: 10 000 items at 56 bytes, 5 000
/// entries at about 100 bytes, 256 KiB of text) weighs 1.3 MB. The number of values alive is bounded by `variables` per
/// call level, and `live_bytes` bounds them together: the sandbox weighs the variables of a run again and again while it
/// runs (see `weigh`), and ends the script that holds more.
///
/// Closures capture nothing (`no_closure`), so no value is shared, none can contain itself, and everything is freed when
/// the script ends. Currying, which could hide nested values from the count, is switched off.
///
/// Nesting is bounded only by the number of items, and copying or dropping a nested value recurses. So a script runs on
/// a stack segment of its own, made for that depth, and not on the caller's.
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
