use model::Timestamp;

use super::*;
use crate::node::Interrupt;

fn surroundings() -> Surroundings {
    let now = Timestamp::parse("2026-11-22T08:30:00Z").unwrap();
    Surroundings { now, timezone: "Europe/Berlin".to_owned(), seed: 7, interrupt: Interrupt::never() }
}

fn resolved(value: &Value, context: &Value) -> Result<Value, NodeError> {
    let surroundings = surroundings();
    resolve(value, &Scope { context, surroundings: &surroundings }, "body")
}

#[test]
fn one_expression_keeps_its_type_and_mixed_text_becomes_text() {
    let context = json!({"trigger": {"body": {"n": 5, "name": "Anna", "none": null, "list": [1, "a"], "flag": true}}});
    let cases = [
        (json!("{{ $.trigger.body.n }}"), json!(5)),
        (json!(" {{ $.trigger.body.list }}\n"), json!([1, "a"])),
        (json!("{{ trigger.body.n + 1 }}"), json!(6)),
        (json!("Hello {{ $.trigger.body.name }}!"), json!("Hello Anna!")),
        (json!("{{ $.trigger.body.n }}{{ $.trigger.body.flag }}"), json!("5true")),
        (json!("[{{ $.trigger.body.none }}|{{ $.trigger.body.list }}]"), json!("[|[1,\"a\"]]")),
        (json!(r"\{{ not }} {{ 1 }}"), json!("{{ not }} 1")),
        (json!({"{{ key }}": ["{{ 1 }}", {"x": "{{ 'c' }}"}], "n": 1}), json!({"{{ key }}": [1, {"x": "c"}], "n": 1})),
        (json!("no braces"), json!("no braces")),
    ];
    for (template, expected) in cases {
        assert_eq!(resolved(&template, &context), Ok(expected), "{template}");
    }
}

#[test]
fn data_is_never_code() {
    let context = json!({"trigger": {"body": {"evil": "{{ 1 + 1 }}", "path": "$.trigger", "esc": "\\{{"}}});
    assert_eq!(resolved(&json!("{{ $.trigger.body.evil }}"), &context), Ok(json!("{{ 1 + 1 }}")));
    assert_eq!(resolved(&json!("a {{ trigger.body.evil }}"), &context), Ok(json!("a {{ 1 + 1 }}")));
    assert_eq!(resolved(&json!("{{ trigger.body.path }}"), &context), Ok(json!("$.trigger")));
    assert_eq!(resolved(&json!("{{ $.trigger.body.esc }}x"), &context), Ok(json!("\\{{x")));
}

#[test]
fn a_pure_path_never_changes_a_value() {
    let mut deep = json!("bottom");
    for level in 0..60 {
        deep = if level % 2 == 0 { json!([deep]) } else { json!({ "next": deep }) };
    }
    let values = [
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_i64),
        json!(0.1),
        json!(1.0),
        json!(-0.0),
        json!(1e300),
        json!(5e-324),
        json!("\u{0}\u{FFFF}😀"),
        json!([[], {}, null, ""]),
        deep,
    ];
    for value in values {
        let context = json!({"steps": {"a": {"v": value}}});
        let result = resolved(&json!("{{ $.steps.a.v }}"), &context).unwrap();
        assert_eq!(result.to_string(), value.to_string());
        assert_eq!(resolved(&json!("{{ $.steps['a'][\"v\"] }}"), &context).unwrap().to_string(), value.to_string());
    }
}

#[test]
fn an_error_names_parameter_expression_and_position() {
    let context = json!({"trigger": {}});
    let template = json!({"items": [1, 2, {"name": "Ü: {{ upper( }}"}]});
    let error = resolved(&template, &context).unwrap_err();
    assert_eq!((error.code, error.parameter.as_deref()), (ErrorCode::Expression, Some("body.items[2].name")));
    let details = error.details.unwrap();
    assert_eq!(details["expression"], json!("upper("));
    assert!(details["position"].as_u64().unwrap() >= 6, "{details}");

    let error = resolved(&json!("{{ 1 + nothing(2) }}"), &context).unwrap_err();
    assert_eq!(error.details.unwrap()["position"], json!(7));
    let error = resolved(&json!("x {{ $.a.. }}"), &context).unwrap_err();
    assert!(error.details.unwrap()["position"].as_u64().unwrap() >= 5);
    let error = resolved(&json!("x {{ $.a"), &context).unwrap_err();
    assert_eq!(error.details.unwrap()["position"], json!(2));
}

#[test]
fn missing_things_are_null_in_both_languages() {
    let context = json!({"trigger": {"body": {}}});
    for expression in
        ["$.trigger.body.customer.email", "trigger.body.customer.email", "steps.none.x", "item", "vars.a.b"]
    {
        assert_eq!(evaluate(expression, &context, &surroundings()), Ok(Value::Null), "{expression}");
    }
}

#[test]
fn evaluate_takes_templates_and_bare_expressions() {
    let context = json!({"vars": {"n": 2}});
    assert_eq!(evaluate("n = {{ vars.n }}", &context, &surroundings()), Ok(json!("n = 2")));
    assert_eq!(evaluate(" vars.n * 2 ", &context, &surroundings()), Ok(json!(4)));
    assert_eq!(evaluate("$.vars.n", &context, &surroundings()), Ok(json!(2)));
    assert!(evaluate("", &context, &surroundings()).is_err());
}

#[test]
fn check_finds_every_syntax_problem_without_running() {
    let value = json!({"a": "{{ 1 + }}", "b": ["{{ $. }}", "ok {{ x }}"], "c": "{{ let x = 1 }}", "d": "{{"});
    let found: Vec<_> = check(&value, "body").into_iter().map(|problem| problem.path).collect();
    assert_eq!(found, ["body.a", "body.b[0]", "body.c", "body.d"]);
}

#[test]
fn references_are_seen_in_both_languages() {
    let value = json!(["{{ $.steps.order.total }} {{ $.steps['tell-erp'] }}", {"x": "{{ steps.b.c + steps[\"d\"] }}"}, "{{ $.trigger }}"]);
    assert_eq!(references(&value), ["b", "d", "order", "tell-erp"]);
}

#[test]
fn statements_have_no_place_in_an_expression() {
    for source in ["let x = 1", "fn f() { }", "while true { }", "x = 1", "1; 2", "import \"x\"", "eval(\"1\")"] {
        assert!(evaluate(source, &json!({}), &surroundings()).is_err(), "{source}");
    }
}
