use std::time::{Duration, Instant};

use model::Timestamp;

use super::*;
use crate::node::Interrupt;

fn surroundings(interrupt: Interrupt) -> Surroundings {
    let now = Timestamp::parse("2026-11-22T08:30:00Z").unwrap();
    Surroundings { now, timezone: "Europe/Berlin".to_owned(), seed: 7, interrupt }
}

fn armed(after: Duration) -> Surroundings {
    let end = Instant::now() + after;
    surroundings(Interrupt::when(move || Instant::now() > end))
}

fn run(source: &str) -> Result<Value, ScriptError> {
    let sandbox = Sandbox::new(Limits::for_code());
    sandbox.run(&sandbox.compile(source)?, &[], &surroundings(Interrupt::never()))
}

fn compute(source: &str, context: &Value) -> Result<Value, ScriptError> {
    let sandbox = Sandbox::new(Limits::for_expressions());
    let scope: Vec<_> = context.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect();
    sandbox.run(&sandbox.compile(source)?, &scope, &surroundings(Interrupt::never()))
}

/// Each one tries to take the server's time, memory or stack, or something that a script must not have.
const HOSTILE: &[(&str, &str)] = &[
    ("endless loop", "loop { }"),
    ("endless while", "let x = 0; while true { x += 1; x -= 1; }"),
    ("huge range", "let x = 0; for i in 0..9_000_000_000_000_000 { x = i; } x"),
    ("stepped range", "for i in range(0, 9_000_000_000_000_000, 1) { }"),
    ("nested loops", "for a in 0..10000 { for b in 0..10000 { for c in 0..10000 { } } }"),
    ("deep recursion", "fn f(n) { f(n + 1) } f(0)"),
    ("mutual recursion", "fn a(n) { b(n) } fn b(n) { a(n) } a(1)"),
    ("wide recursion", "fn f(n) { if n < 14 { f(n + 1); f(n + 1); f(n + 1); f(n + 1) } } f(0)"),
    (
        "recursion with big locals",
        "fn f(n) { let a = repeat(\"x\", 200_000); let b = [a + n]; b.pad(9000, 1); f(n + 1) } f(0)",
    ),
    (
        "recursion that hands on lists",
        "fn f(a, b, c, d) { f(a + [1], a, b, c) } let x = []; x.pad(9000, 1); f(x, x, x, x)",
    ),
    ("text doubling", "let s = \"x\"; loop { s += s; }"),
    ("text by interpolation", "let s = \"x\"; loop { s = `${s}${s}`; }"),
    ("text repeat", "repeat(\"xxxxxxxxxxxxxxxx\", 9_000_000_000)"),
    ("text pad", "pad_start(\"x\", 9_000_000_000_000, \"y\")"),
    ("text replace", "let s = repeat(\"x\", 200_000); replace(s, \"x\", s)"),
    ("text split", "let s = repeat(\"x\", 200_000); split(s, \"\")"),
    ("text join", "let s = repeat(\"x\", 200_000); let a = [s]; a.pad(10000, s); join(a, s)"),
    ("many texts", "let a = []; for i in 0..10000 { a.push(repeat(\"x\", 200_000) + i); } a.len()"),
    ("texts in a map", "let m = #{}; for i in 0..10000 { m[\"k\" + i] = repeat(\"x\", 200_000) + i; } m.len()"),
    ("long keys", "let m = #{}; for i in 0..10000 { m[repeat(\"x\", 200_000) + i] = 1; } m.len()"),
    (
        "many variables",
        "let s = repeat(\"x\", 200_000); let a = s + 1; let b = s + 2; let c = s + 3; let d = [a, b]; let e = d; loop { let f = e; let g = f; }",
    ),
    ("list growth", "let a = [1]; loop { a.push(a.len()); }"),
    ("list doubling", "let a = [1]; loop { a += a; }"),
    ("nested doubling", "let a = [1]; loop { a = [a, a]; }"),
    ("nested map doubling", "let a = #{x: 1}; loop { a = #{l: a, r: a}; }"),
    ("deep list", "let a = []; loop { a = [a]; }"),
    ("deep list, compared", "let a = []; for i in 0..9000 { a = [a]; } let b = a; a == b"),
    ("deep list, shown", "let a = []; for i in 0..9000 { a = [a]; } `${a}`"),
    ("deep list, returned", "let a = []; for i in 0..9000 { a = [a]; } a"),
    ("deep map", "let a = #{}; loop { a = #{a: a}; }"),
    ("map growth", "let m = #{}; let i = 0; loop { m[\"k\" + i] = i; i += 1; }"),
    ("list pad", "let a = []; a.pad(9_000_000_000, 0); a"),
    ("list pad with lists", "let a = []; a.pad(9000, 0); let b = []; b.pad(9000, a); b"),
    ("map makes large things", "let a = []; a.pad(10000, 0); a.map(|x| repeat(\"x\", 200_000) + x)"),
    ("map makes lists", "let a = []; a.pad(9000, 0); a.map(|x| { let b = []; b.pad(9000, 1); b })"),
    ("zip makes large things", "let a = []; a.pad(10000, 0); a.zip(a, |x, y| repeat(\"x\", 200_000) + x)"),
    ("group by long names", "let a = []; for i in 0..10000 { a.push(i); } a.group_by(|x| repeat(\"x\", 200_000) + x)"),
    ("sort with an endless comparer", "let a = [3, 1, 2]; a.sort(|x, y| { loop { } })"),
    (
        "sort with a false comparer",
        "let a = []; for i in 0..9000 { a.push(i); } loop { a.sort(|x, y| if x > 3 { 1 } else { -1 }); }",
    ),
    ("reduce doubles", "let a = []; a.pad(1000, 1); a.reduce(|sum, x| [sum, sum], [1])"),
    (
        "filter in filter",
        "let a = []; a.pad(9000, 1); a.filter(|x| { let b = []; b.pad(9000, 1); b.filter(|y| y > 1).len() > 0 })",
    ),
    ("closures", "let f = |x| x; let a = []; loop { a.push(f); }"),
    ("closures that call", "let f = |g| g.call(g); f.call(f)"),
    ("currying", "let f = |x, y| x; loop { f = f.curry(f); }"),
    ("function pointer by name", "let f = Fn(\"eval\"); f.call(\"1\")"),
    ("throw in a loop", "loop { try { throw 1; } catch { } }"),
    ("catch the limit", "loop { try { loop { } } catch { } }"),
    ("sleep", "sleep(100)"),
    ("sleep as a float", "sleep(100.0)"),
    ("eval", "eval(\"loop { }\")"),
    ("import", "import \"std\" as s;"),
    ("export", "export let x = 1;"),
    ("print flood", "loop { print(\"x\"); }"),
    ("debug flood", "loop { debug(\"x\"); }"),
    ("clock", "timestamp()"),
    ("exit", "exit(1)"),
    ("pattern", "let s = repeat(\"a\", 200_000); loop { matches(s, \"(a*)*b\"); }"),
    ("pattern with many positions", "let s = repeat(\"a\", 200_000); loop { matches(s, \"(a{1,200}){1,20}b\"); }"),
    (
        "pattern that is found again and again",
        "let s = repeat(\"a\", 200_000); loop { extract_all(s, \".*[^A-Z]|[A-Z]\"); extract_all(s, \"a*b|a\"); }",
    ),
    ("pattern size", "matches(\"a\", \"(((a{100}){100}){100}){100}\")"),
    ("hash flood", "let s = repeat(\"a\", 200_000); loop { sha512(s); }"),
    ("json bomb", "let s = repeat(\"[\", 100_000) + repeat(\"]\", 100_000); parse_json(s)"),
    ("json list", "parse_json(\"[\" + repeat(\"0,\", 100_000) + \"0]\")"),
    ("unique of unlike things", "let a = []; for i in 0..9000 { a.push([i]); } a.unique()"),
    ("strip html", "let s = repeat(\"<script\", 30_000); loop { strip_html(s); }"),
];

#[test]
fn every_hostile_script_is_contained_within_a_second() {
    let sandbox = Sandbox::new(Limits::for_code());
    let mut escaped = Vec::new();
    for (name, source) in HOSTILE {
        let begin = Instant::now();
        let surroundings = armed(Duration::from_millis(400));
        let result = sandbox.compile(source).and_then(|script| sandbox.run(&script, &[], &surroundings));
        let took = begin.elapsed();
        if result.is_ok() || took > Duration::from_secs(1) {
            escaped.push(format!(
                "{name}: {took:?} {}",
                result.map_or_else(|error| error.message, |value| value.to_string())
            ));
        }
    }
    assert_eq!(escaped, Vec::<String>::new());
}

#[test]
fn without_an_interrupt_the_number_of_steps_still_ends_a_script() {
    let error = run("loop { }").unwrap_err();
    assert_eq!(error.code, ErrorCode::ScriptLimit);
    let error = run("let a = [1, 2]; for i in 0..10_000_000 { a.map(|x| x + 1) }").unwrap_err();
    assert!(error.message.contains("steps"), "{error}");
}

#[test]
fn hostile_expressions_are_contained_too() {
    for source in [
        "range(0, 10000).reduce(|sum, x| [sum, sum], [1])",
        "\"x\".repeat(200_000).split(\"\").map(|x| \"x\".repeat(200_000))",
        "[1].map(|x| loop { })",
        "((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))",
    ] {
        assert!(compute(source, &json!({})).is_err(), "{source}");
    }
}

#[test]
fn what_is_missing_is_null_and_going_on_from_there_too() {
    let context = json!({"trigger": {"body": {"items": [{"n": 1}], "name": null}}});
    for source in [
        "trigger.body.customer.email",
        "trigger.nothing.at.all[3].x",
        "trigger.body.items[7]",
        "trigger.body.items[7].n",
        "trigger.body.name.first",
        "trigger[\"no such\"]",
    ] {
        assert_eq!(compute(source, &context), Ok(Value::Null), "{source}");
    }
    assert_eq!(compute("trigger.body.name.upper() + \"!\"", &context), Ok(json!("!")));
    assert_eq!(compute("trigger.body.customer.email ?? \"none\"", &context), Ok(json!("none")));
}

#[test]
fn functions_see_the_names_that_were_given() {
    let context = json!({"vars": {"limit": 2}, "steps": {"list": [1, 2, 3]}});
    assert_eq!(compute("steps.list.filter(|x| x > vars.limit)", &context), Ok(json!([3])));
    assert_eq!(compute("steps.list.map(|x| `${x}/${vars.limit}`)", &context), Ok(json!(["1/2", "2/2", "3/2"])));
}

#[test]
fn ordinary_scripts_work() {
    let cases = [
        ("let total = 0; for i in 1..=4 { total += i } total", json!(10)),
        ("fn double(x) { x * 2 } [1, 2].map(|x| double(x))", json!([2, 4])),
        ("let a = [3, 1, 2]; a.sort(); a", json!([1, 2, 3])),
        ("let a = [1, 2, 3]; a.sort(|x, y| y - x); a", json!([3, 2, 1])),
        ("let a = [\"b\", \"c\"]; a.map(|x, i| x + i)", json!(["b0", "c1"])),
        ("#{a: 1, b: [true, ()]}", json!({"a": 1, "b": [true, null]})),
        ("if 1 in [1, 2] { \"yes\" } else { \"no\" }", json!("yes")),
        ("\"a\" in \"cat\"", json!(true)),
        ("switch 3 { 1 => \"one\", _ => \"many\" }", json!("many")),
        ("let m = #{}; m.x = 1; m[\"y\"] = 2; m.keys()", json!(["x", "y"])),
        ("`Sum: ${1 + 1.5} ${[1, ()]} ${()}`", json!("Sum: 2.5 [1,null] ")),
        ("\"Total \" + 5 + \" \" + true", json!("Total 5 true")),
        ("[1, #{a: 1}] == [1.0, #{a: 1}]", json!(true)),
        ("[1] == [2]", json!(false)),
        ("let x = \"Käse\"; x[1] + x.sub_string(2, 2)", json!("äse")),
        ("let x = 0; try { throw \"no\" } catch (e) { x = e + \"!\" } x", json!("no!")),
        ("7 / 2", json!(3)),
        ("[1, 2, 3].reduce(|sum, x| sum + x, 0)", json!(6)),
        ("let t = 0; for (item, index) in [5, 6] { t += item * index } t", json!(6)),
        ("min([3, 4]) + max(1, 2)", json!(5)),
        ("9223372036854775807", json!(i64::MAX)),
    ];
    for (source, expected) in cases {
        assert_eq!(run(source), Ok(expected), "{source}");
    }
}

#[test]
fn an_error_says_what_and_where() {
    let error = run("let x = 1;\nlet y = x +;").unwrap_err();
    assert_eq!((error.code, error.line), (ErrorCode::Script, 2));
    let error = run("let x = 9223372036854775807;\n\nx + 1").unwrap_err();
    assert_eq!((error.code, error.line), (ErrorCode::Script, 3));
    assert!(error.message.to_lowercase().contains("overflow"), "{error}");
    let error = run("fn f() {\n  throw #{message: \"bad\"}\n}\nf()").unwrap_err();
    assert_eq!((error.message.as_str(), error.line), ("bad", 2));
    let error = run("unknown_function(1)").unwrap_err();
    assert!(error.message.contains("unknown_function"), "{error}");
    let node_error = NodeError::from(run("1 / 0").unwrap_err());
    assert!(!node_error.retryable && node_error.message.contains("line 1"), "{node_error}");
}

#[test]
fn a_function_is_called_with_values_and_may_be_asked_for() {
    let sandbox = Sandbox::new(Limits::for_connectors());
    let script = sandbox.compile("const LIMIT = 1; fn add(a, b) { #{sum: a.n + b} }").unwrap();
    let surroundings = surroundings(Interrupt::never());
    let result = sandbox.call(&script, "add", vec![json!({"n": 1}), json!(2)], &surroundings);
    assert_eq!(result, Ok(json!({"sum": 3})));
    assert!(Sandbox::has_function(&script, "add", 2) && !Sandbox::has_function(&script, "add", 1));
    assert!(sandbox.call(&script, "sub", vec![], &surroundings).is_err());
}

#[test]
fn what_a_script_does_to_its_input_stays_inside() {
    let context = json!({"vars": {"list": [1]}});
    let sandbox = Sandbox::new(Limits::for_code());
    let script = sandbox.compile("let copy = vars.list; copy.push(2); copy").unwrap();
    let vars = &context["vars"];
    let result = sandbox.run(&script, &[("vars", vars)], &surroundings(Interrupt::never()));
    assert_eq!(result, Ok(json!([1, 2])));
    assert_eq!(context, json!({"vars": {"list": [1]}}));
}

#[test]
fn the_same_attempt_makes_the_same_ids() {
    let ids = run("[uuid(), uuid()]").unwrap();
    assert_eq!(run("[uuid(), uuid()]").unwrap(), ids);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_long_but_decent_script_is_let_through() {
    let rows: Vec<_> = (0..4_000).map(|n| json!({"n": n})).collect();
    let context = json!({ "rows": rows });
    let sandbox = Sandbox::new(Limits::for_code());
    let source =
        "let sum = 0; let out = []; for row in rows { sum += row.n; out.push(row.n * 2) } #{sum: sum, last: out[3999]}";
    let script = sandbox.compile(source).unwrap();
    let result = sandbox.run(&script, &[("rows", &context["rows"])], &surroundings(Interrupt::never()));
    assert_eq!(result, Ok(json!({"sum": 7_998_000, "last": 7_998})));
}
