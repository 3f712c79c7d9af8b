//! The examples of RFC 9535, section by section, and where the library departs from the standard.

use serde_json::{Value, json};

use super::Path;

/// The result as a nodelist, also for a singular path.
fn nodes(path: &str, value: &Value) -> Value {
    let parsed = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let all = Path { singular: None, ..parsed };
    all.evaluate(value).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn check(value: &Value, cases: &[(&str, Value)]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|(path, expected)| {
            let found = nodes(path, value);
            (found != *expected).then(|| format!("{path} gave {found}, not {expected}"))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

fn store() -> Value {
    json!({ "store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
            {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
            {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99},
        ],
        "bicycle": {"color": "red", "price": 399},
    }})
}

#[test]
fn section_1_5_the_book_store() {
    let value = store();
    let book = |index: usize| value["store"]["book"][index].clone();
    check(
        &value,
        &[
            ("$.store.book[*].author", json!(["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"])),
            ("$..author", json!(["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"])),
            ("$.store.*", json!([value["store"]["bicycle"], value["store"]["book"]])),
            ("$..book[2]", json!([book(2)])),
            ("$..book[2].author", json!(["Herman Melville"])),
            ("$..book[2].publisher", json!([])),
            ("$..book[-1]", json!([book(3)])),
            ("$..book[0,1]", json!([book(0), book(1)])),
            ("$..book[:2]", json!([book(0), book(1)])),
            ("$..book[?@.isbn]", json!([book(2), book(3)])),
            ("$..book[?@.price<10]", json!([book(0), book(2)])),
            ("$.store.book[?@.price < 10].title", json!(["Sayings of the Century", "Moby Dick"])),
        ],
    );
    assert_eq!(nodes("$..*", &value).as_array().unwrap().len(), 27);
    assert_eq!(nodes("$.store..price", &value).as_array().unwrap().len(), 5);
}

#[test]
fn section_2_3_1_names() {
    check(
        &json!({"o": {"j j": {"k.k": 3}}, "'": {"@": 2}}),
        &[
            ("$.o['j j']", json!([{"k.k": 3}])),
            ("$.o['j j']['k.k']", json!([3])),
            ("$.o[\"j j\"][\"k.k\"]", json!([3])),
            ("$[\"'\"][\"@\"]", json!([2])),
            ("$['\\'']['\\u0040']", json!([2])),
        ],
    );
}

#[test]
fn section_2_3_2_wildcards() {
    check(
        &json!({"o": {"j": 1, "k": 2}, "a": [5, 3]}),
        &[
            ("$[*]", json!([[5, 3], {"j": 1, "k": 2}])),
            ("$.o[*]", json!([1, 2])),
            ("$.o[*, *]", json!([1, 2, 1, 2])),
            ("$.a[*]", json!([5, 3])),
        ],
    );
}

#[test]
fn section_2_3_3_indexes() {
    check(
        &json!(["a", "b"]),
        &[("$[1]", json!(["b"])), ("$[-2]", json!(["a"])), ("$[-3]", json!([])), ("$[2]", json!([]))],
    );
}

#[test]
fn section_2_3_4_slices() {
    check(
        &json!(["a", "b", "c", "d", "e", "f", "g"]),
        &[
            ("$[1:3]", json!(["b", "c"])),
            ("$[5:]", json!(["f", "g"])),
            ("$[1:5:2]", json!(["b", "d"])),
            ("$[5:1:-2]", json!(["f", "d"])),
            ("$[::-1]", json!(["g", "f", "e", "d", "c", "b", "a"])),
            ("$[-2:]", json!(["f", "g"])),
            ("$[1:3:0]", json!([])),
            ("$[9:]", json!([])),
            ("$[:-10:-1]", json!(["g", "f", "e", "d", "c", "b", "a"])),
        ],
    );
}

fn filtered() -> Value {
    json!({
        "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
        "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
        "e": "f",
    })
}

#[test]
fn section_2_3_5_filters() {
    check(
        &filtered(),
        &[
            ("$.a[?@.b == 'kilo']", json!([{"b": "kilo"}])),
            ("$.a[?(@.b == 'kilo')]", json!([{"b": "kilo"}])),
            ("$.a[?@>3.5]", json!([5, 4, 6])),
            ("$.a[?@.b]", json!([{"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}])),
            ("$[?@.*]", json!([filtered()["a"], filtered()["o"]])),
            ("$.o[?@<3, ?@<3]", json!([1, 2, 1, 2])),
            ("$.a[?@<2 || @.b == \"k\"]", json!([1, {"b": "k"}])),
            ("$.a[?match(@.b, \"[jk]\")]", json!([{"b": "j"}, {"b": "k"}])),
            ("$.a[?search(@.b, \"[jk]\")]", json!([{"b": "j"}, {"b": "k"}, {"b": "kilo"}])),
            ("$.o[?@>1 && @<4]", json!([2, 3])),
            ("$.o[?@.u || @.x]", json!([{"u": 6}])),
            ("$.a[?@.b == $.x]", json!([3, 5, 1, 2, 4, 6])),
            ("$.a[?@ == @]", filtered()["a"].clone()),
            ("$.a[?!@.b]", json!([3, 5, 1, 2, 4, 6])),
        ],
    );
}

#[test]
fn section_2_3_5_comparisons() {
    let value = json!({"obj": {"x": "y"}, "arr": [2, 3]});
    let cases = [
        ("$.absent1 == $.absent2", true),
        ("$.absent1 <= $.absent2", true),
        ("$.absent == 'g'", false),
        ("$.absent1 != $.absent2", false),
        ("$.absent != 'g'", true),
        ("1 <= 2", true),
        ("1 > 2", false),
        ("13 == '13'", false),
        ("'a' <= 'b'", true),
        ("'a' > 'b'", false),
        ("$.obj == $.arr", false),
        ("$.obj != $.arr", true),
        ("$.obj == $.obj", true),
        ("$.obj != $.obj", false),
        ("$.arr == $.arr", true),
        ("$.arr != $.arr", false),
        ("$.obj == 17", false),
        ("$.obj != 17", true),
        ("$.obj <= $.arr", false),
        ("$.obj < $.arr", false),
        ("$.obj <= $.obj", true),
        ("$.arr <= $.arr", true),
        ("1 <= $.arr", false),
        ("1 >= $.arr", false),
        ("1 > $.arr", false),
        ("1 < $.arr", false),
        ("true <= true", true),
        ("true > true", false),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(comparison, expected)| {
            let found = nodes(&format!("$[?{comparison}]"), &value);
            (found != json!([])) != *expected
        })
        .collect();
    assert_eq!(wrong, Vec::<&(&str, bool)>::new());
}

#[test]
fn section_2_4_functions() {
    check(
        &json!([{"a": "ab", "b": ["x", "y"], "c": [{"d": 1}]}, {"a": "Kilo", "b": [], "c": [{"d": 1}, {"d": 2}]}]),
        &[
            ("$[?length(@.a) == 2].a", json!(["ab"])),
            ("$[?length(@.b) >= 1].a", json!(["ab"])),
            ("$[?count(@.b[*]) == 2].a", json!(["ab"])),
            ("$[?count(@.c[*].d) > 1].a", json!(["Kilo"])),
            ("$[?count(@.*) == 3].a", json!(["ab", "Kilo"])),
            ("$[?value(@..d) == 1].a", json!(["ab"])),
            ("$[?match(@.a, 'K.*')].a", json!(["Kilo"])),
            ("$[?search(@.a, '[a-b]+')].a", json!(["ab"])),
        ],
    );
}

#[test]
fn section_2_5_segments() {
    check(
        &json!({"o": {"j": 1, "k": 2}, "a": [5, 3, [{"j": 4}, {"k": 6}]]}),
        &[
            ("$..j", json!([4, 1])),
            ("$..[0]", json!([5, {"j": 4}])),
            ("$..o", json!([{"j": 1, "k": 2}])),
            ("$.o..[*, *]", json!([1, 2, 1, 2])),
        ],
    );
    check(
        &json!(["a", "b", "c", "d", "e", "f", "g"]),
        &[("$[0, 3]", json!(["a", "d"])), ("$[0:2, 5]", json!(["a", "b", "f"])), ("$[0, 0]", json!(["a", "a"]))],
    );
}

#[test]
fn section_2_6_null() {
    check(
        &json!({"a": null, "b": [null], "c": [{}], "null": 1}),
        &[
            ("$.a", json!([null])),
            ("$.a[0]", json!([])),
            ("$.a.d", json!([])),
            ("$.b[0]", json!([null])),
            ("$.b[*]", json!([null])),
            ("$.b[?@]", json!([null])),
            ("$.b[?@==null]", json!([null])),
            ("$.c[?@.d==null]", json!([])),
            ("$.null", json!([1])),
        ],
    );
}

#[test]
fn what_the_grammar_forbids_is_refused() {
    for path in [
        "",
        "a",
        "$ ",
        " $",
        "$.",
        "$..",
        "$.'a'",
        "$[a]",
        "$[01]",
        "$[-0]",
        "$[1.0]",
        "$['a]",
        "$[]",
        "$[,]",
        "$.a b",
        "$[?]",
        "$[?@.a ==]",
        "$[?@.a == @.*]",
        "$[?@..a == 1]",
        "$[?length(@.a)]",
        "$[?count(1) > 1]",
        "$[?1]",
        "$[?true]",
        "$[?'a']",
        "$[?@.a = 1]",
        "$[?nope(@.a)]",
        "$[9007199254740992]",
        "$.1a",
        "$[?match(@.a)]",
        "$['\\x']",
        "$['\\ud800']",
        "$[\"a', 'b']",
        "$[?(@.a]",
        "$[?length(@.*) < 3]",
        "$[?value(@.a)]",
        "$[?!(1 == 1]",
        "$[?@.a b == 1]",
        "$[?match(@.*, 'a')]",
    ] {
        assert!(Path::parse(path).is_err(), "{path}");
    }
}

/// Each line here is one of `docs/decisions/jsonpath-deviations.md`. When one fails, the library has changed: mend both.
#[test]
fn known_deviations_are_still_there() {
    let value = json!({
        "a": [5, 3, [{"j": 4}, {"k": 6}]],
        "n": [9_007_199_254_740_993_i64, 9_007_199_254_740_992_i64, 1e-17, 2e-17],
        "l": [[1], [1.0]],
    });
    check(
        &value,
        &[
            // Several selectors over several values: by selector first, not by value.
            ("$.a..[0, 1]", json!([5, {"j": 4}, 3, {"k": 6}])),
            // Numbers are compared as floats, and very close ones are equal.
            ("$.n[?@ == $.n[1]]", json!([9_007_199_254_740_993_i64, 9_007_199_254_740_992_i64])),
            ("$.n[?@ == 1e-17]", json!([1e-17, 2e-17])),
            // Inside lists and objects, 1 and 1.0 are different.
            ("$.l[?@ == $.l[0]]", json!([[1]])),
        ],
    );
    // A number beyond 2^53 cannot be written in a path.
    assert!(Path::parse("$.n[?@ == 9007199254740993]").is_err());
    // These are refused by us: the library would answer wrongly.
    for path in ["$[?@[?@.b]]", "$[?count(@[?@ > 1]) == 1]"] {
        assert!(Path::parse(path).unwrap_err().0.contains("filter inside a filter"), "{path}");
    }
    // A pattern from the data is refused: it could be made to take the server's time.
    assert!(Path::parse("$.a[?match(@, $.pattern)]").is_err());
    // The library has functions that the standard does not have; they are refused.
    assert!(Path::parse("$.a[?in(@, $.l)]").is_err());
}
