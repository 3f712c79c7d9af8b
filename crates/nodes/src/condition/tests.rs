use serde_json::json;

use super::*;

fn held(left: &Value, op: &str, right: &Value) -> bool {
    evaluate(&json!({"left": left, "op": op, "right": right})).unwrap().passed
}

#[test]
fn every_operator_holds_where_it_should_and_nowhere_else() {
    let cases = [
        (json!(1), "equals", json!(1.0), true),
        (json!(1), "equals", json!("1"), true),
        (json!("a"), "equals", json!("A"), false),
        (json!(null), "equals", json!(""), false),
        (json!(null), "equals", json!(null), true),
        (json!(true), "equals", json!("true"), true),
        (json!(true), "equals", json!(1), false),
        (json!({"a": [1]}), "equals", json!({"a": [1.0]}), true),
        (json!(u64::MAX), "equals", json!(u64::MAX - 1), false),
        (json!(i64::MAX), "equals", json!(9_223_372_036_854_775_807.0), false),
        (json!(1), "not_equals", json!(2), true),
        (json!("abc"), "contains", json!("b"), true),
        (json!("a1c"), "contains", json!(1), true),
        (json!([1, "b"]), "contains", json!("1"), true),
        (json!({"b": 1}), "contains", json!("b"), true),
        (json!(null), "contains", json!("b"), false),
        (json!(null), "not_contains", json!("b"), true),
        (json!("Köln"), "starts_with", json!("Kö"), true),
        (json!(1234), "ends_with", json!("34"), true),
        (json!([1]), "starts_with", json!("1"), false),
        (json!(101), "greater_than", json!(100), true),
        (json!("101"), "greater_than", json!(100), true),
        (json!("20"), "greater_than", json!("100"), false),
        (json!("b"), "greater_than", json!("a"), true),
        (json!("text"), "greater_than", json!(1), false),
        (json!("text"), "less_than", json!(1), false),
        (json!(null), "less_than", json!(1), false),
        (json!(9_007_199_254_740_993_i64), "greater_than", json!(9_007_199_254_740_992_i64), true),
        (json!(9_007_199_254_740_993_i64), "greater_than", json!(9_007_199_254_740_992.0), true),
        (json!(-1), "greater_than", json!(-1.5), true),
        (json!(1), "less_than", json!(1.5), true),
        (json!(100), "greater_or_equal", json!(100.0), true),
        (json!(100), "less_or_equal", json!(99), false),
        (json!("DE"), "in", json!("AT, DE"), true),
        (json!(2), "in", json!([1, 2]), true),
        (json!("CH"), "not_in", json!(["AT", "DE"]), true),
        (json!("A-17"), "matches", json!("^[A-Z]-\\d+$"), true),
        (json!([]), "matches", json!(".*"), false),
        (json!("2026-11-22"), "before", json!("2026-11-22T00:00:01Z"), true),
        (json!("22.11.2026 10:00"), "after", json!("2026-11-22T10:30:00+01:00"), true),
        (json!("soon"), "before", json!("2026-11-22"), false),
    ];
    for (left, op, right, expected) in cases {
        assert_eq!(held(&left, op, &right), expected, "{left} {op} {right}");
    }
}

#[test]
fn operators_without_a_right_side_look_at_the_left_one_alone() {
    let cases = [
        ("is_empty", vec![json!(null), json!(" "), json!([]), json!({})], vec![json!(0), json!(false), json!("x")]),
        ("is_not_empty", vec![json!(0), json!([0])], vec![json!(null), json!("")]),
        ("exists", vec![json!(""), json!(0)], vec![json!(null)]),
        ("not_exists", vec![json!(null)], vec![json!("")]),
        ("is_true", vec![json!(true), json!("True")], vec![json!(1), json!("yes"), json!(null)]),
        ("is_false", vec![json!(false), json!("false")], vec![json!(0), json!(null)]),
    ];
    for (op, yes, no) in cases {
        for (values, expected) in [(yes, true), (no, false)] {
            for left in values {
                assert_eq!(evaluate(&json!({"left": left, "op": op})).unwrap().passed, expected, "{left} {op}");
            }
        }
    }
}

#[test]
fn case_can_be_ignored() {
    for (left, op, right) in
        [("Köln", "equals", "KÖLN"), ("ABC", "contains", "b"), ("Abc", "matches", "^aB"), ("De", "in", "de,at")]
    {
        assert!(
            evaluate(&json!({"left": left, "op": op, "right": right, "ignore_case": true})).unwrap().passed,
            "{op}"
        );
        assert!(!held(&json!(left), op, &json!(right)), "{op}");
    }
}

#[test]
fn lists_nest_and_every_row_is_shown() {
    let row = |left: i64| json!({"left": left, "op": "equals", "right": 1});
    let verdict = evaluate(&json!({"all": [row(1), {"any": [row(2), row(1)]}]})).unwrap();
    assert!(verdict.passed);
    let shown: Vec<_> = verdict.rows.iter().map(|row| (row.path.as_str(), row.passed)).collect();
    assert_eq!(shown, [("all[0]", true), ("all[1].any[0]", false), ("all[1].any[1]", true)]);
    assert!(!evaluate(&json!({"all": [row(1), row(2)]})).unwrap().passed);
    assert!(!evaluate(&json!({"any": [row(2), row(3)]})).unwrap().passed);
    for empty in [json!({"all": []}), json!({"any": []}), json!({}), json!(null)] {
        assert!(evaluate(&empty).unwrap().passed, "{empty}");
    }
}

#[test]
fn a_verdict_does_not_repeat_long_values() {
    let verdict = evaluate(&json!({"left": "x".repeat(10_000), "op": "exists"})).unwrap();
    assert!(verdict.rows[0].left.as_str().unwrap().len() < 600);
}

#[test]
fn every_fault_in_the_shape_is_reported_at_its_place() {
    let cases = [
        (json!("yes"), vec!["when"]),
        (json!({"all": {}}), vec!["when.all"]),
        (json!({"all": [], "any": []}), vec!["when"]),
        (json!({"left": 1, "op": "equal", "right": 1}), vec!["when.op"]),
        (json!({"left": 1}), vec!["when.op"]),
        (json!({"all": [{"op": "equals"}]}), vec!["when.all[0].left", "when.all[0].right"]),
        (json!({"left": 1, "op": "exists", "rihgt": 2}), vec!["when.rihgt"]),
        (json!({"left": 1, "op": "matches", "right": "("}), vec!["when.right"]),
        (json!({"left": 1, "op": "matches", "right": "{{ ( }}"}), vec![]),
        (json!({"left": 1, "op": "exists", "ignore_case": "no"}), vec!["when.ignore_case"]),
    ];
    for (condition, paths) in cases {
        let found: Vec<_> = check(&condition, "when").into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, paths, "{condition}");
    }
}

#[test]
fn an_unknown_operator_and_a_bad_pattern_are_errors_with_a_path() {
    let error = evaluate(&json!({"all": [{"left": 1, "op": "like", "right": 1}]})).unwrap_err();
    assert_eq!(error.parameter.as_deref(), Some("all[0].op"));
    let error = evaluate(&json!({"left": "a", "op": "matches", "right": "(a"})).unwrap_err();
    assert_eq!(error.parameter.as_deref(), Some("right"));
}

#[test]
fn each_operator_has_a_title_in_both_languages() {
    for operator in operators() {
        assert!(!operator.title.en.is_empty() && !operator.title.de.is_empty(), "{}", operator.name);
    }
    assert_eq!(operators().len(), 21);
}
