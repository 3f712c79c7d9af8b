use serde_json::json;

use super::*;

fn query(path: &str, context: &Value) -> Value {
    Path::parse(path).unwrap().evaluate(context).unwrap()
}

#[test]
fn a_singular_path_gives_the_value_or_null() {
    let context = json!({"a": [{"b": null}, {"b": [1, 2, 3]}], "c d": 1, "ü": 2});
    for (path, expected) in [
        ("$.a[1].b[-1]", json!(3)),
        ("$.a[0].b", json!(null)),
        ("$.a[7].b", json!(null)),
        ("$.a[-3]", json!(null)),
        ("$['c d']", json!(1)),
        ("$.ü", json!(2)),
        ("$.a.b", json!(null)),
        ("$.nowhere.at.all", json!(null)),
        ("$[\"c\\u0020d\"]", json!(1)),
    ] {
        assert_eq!(query(path, &context), expected, "{path}");
    }
    assert_eq!(query("$", &context), context);
}

#[test]
fn a_query_gives_an_array_also_of_one_or_none() {
    let context = json!({"a": [{"b": 1}, {"b": 2}]});
    assert_eq!(query("$.a[*].b", &context), json!([1, 2]));
    assert_eq!(query("$.a[?@.b == 2].b", &context), json!([2]));
    assert_eq!(query("$..nowhere", &context), json!([]));
}

#[test]
fn a_malformed_path_says_from_where_on() {
    assert_eq!(Path::parse("$.steps.tell-erp").unwrap_err().1, 12);
    assert!(Path::parse("$.steps.tell-erp").unwrap_err().0.contains("['name']"));
    assert!(Path::parse("$.a[").is_err());
    assert!(Path::parse(&format!("$.{}", "a".repeat(2_000))).is_err());
    assert!(Path::parse(&format!("$[?{}@.a{}]", "(".repeat(40), ")".repeat(40))).is_err());
}

#[test]
fn a_query_that_would_take_ages_is_refused_before_it_begins() {
    let context = json!({ "rows": vec![json!({"a": {"b": {"c": 1}}}); 5_000], "text": ["a".repeat(100_000)] });
    for path in [
        "$..[?$..a]",
        "$.rows[?count($.rows[*]) > 1]",
        "$..*..*..*..*..*..*",
        "$..[?match(@.a, '.*')]",
        "$.text[?search(@, '(a{1,200}){1,20}b')]",
    ] {
        assert!(Path::parse(path).unwrap().evaluate(&context).is_err(), "{path}");
    }
    assert_eq!(query("$.rows[?@.a.b.c == 1].a.b.c", &context).as_array().unwrap().len(), 5_000);
    assert_eq!(query("$..c", &context).as_array().unwrap().len(), 5_000);
}
