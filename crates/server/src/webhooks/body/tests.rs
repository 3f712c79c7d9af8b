//! Tables of bodies: what each becomes, and why the others are refused.

use std::io::Write;

use serde_json::{Value, json};

use super::*;

const LIMITS: Limits =
    Limits { max_decompressed_bytes: 100_000, max_depth: 20, max_values: 1_000, max_files: 3, max_file_bytes: 1_000 };

fn value(content_type: &str, body: impl AsRef<[u8]>) -> Value {
    parse(Some(content_type), None, body.as_ref(), &LIMITS).unwrap().value
}

fn refusal(content_type: &str, body: impl AsRef<[u8]>) -> BodyError {
    parse(Some(content_type), None, body.as_ref(), &LIMITS).expect_err("the body must be refused")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_content_type_becomes_its_value() {
    let cases: &[(&str, &[u8], Value)] = &[
        (
            "application/json",
            br#"{"id": 9007199254740993, "name": "K\u00f6ln"}"#,
            json!({"id": 9_007_199_254_740_993_i64, "name": "Köln"}),
        ),
        ("application/json; charset=utf-8", b" [1, 2.5, null] ", json!([1, 2.5, null])),
        ("application/json", b"\xEF\xBB\xBF{\"bom\": true}", json!({"bom": true})),
        ("application/json; charset=iso-8859-1", b"\"\xFC\"", json!("ü")),
        ("application/json", b"\xFF\xFE\"\x00a\x00\"\x00", json!("a")),
        ("application/json", b"  ", Value::Null),
        ("application/cloudevents+json", b"{\"id\":\"1\"}", json!({"id": "1"})),
        ("text/json", b"true", json!(true)),
        ("text/plain", br#"{"stays": "text"}"#, json!(r#"{"stays": "text"}"#)),
        ("text/plain; charset=windows-1252", b"5 \x80", json!("5 €")),
        ("text/csv", b"a;b\r\n1;2", json!("a;b\r\n1;2")),
        (
            "application/x-www-form-urlencoded",
            b"name=J%C3%BCrgen+M&tag=a&tag=b&empty=&bare",
            json!({"name": "Jürgen M", "tag": ["a", "b"], "empty": "", "bare": ""}),
        ),
        ("application/x-www-form-urlencoded; charset=iso-8859-1", b"name=J%FCrgen", json!({"name": "Jürgen"})),
        (
            "application/x-www-form-urlencoded",
            b"charset=windows-1252&first_name=J%FCrgen",
            json!({"charset": "windows-1252", "first_name": "Jürgen"}),
        ),
        ("application/x-www-form-urlencoded", b"&&a=1&&", json!({"a": "1"})),
        (
            "application/xml",
            b"<order id=\"7\"><item>A</item><item>B &amp; C</item><note/></order>",
            json!({"order": {"@id": "7", "item": ["A", "B & C"], "note": ""}}),
        ),
        (
            "text/xml",
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><name>J\xFCrgen</name>",
            json!({"name": "Jürgen"}),
        ),
        (
            "application/soap+xml",
            b"<s:Envelope xmlns:s=\"urn:s\"><s:Body> <![CDATA[<x>]]> &#x41;</s:Body></s:Envelope>",
            json!({"s:Envelope": {"@xmlns:s": "urn:s", "s:Body": "<x> A"}}),
        ),
        (
            "application/xml",
            b"<!DOCTYPE cXML SYSTEM \"http://example.com/x.dtd\"><cXML lang='de'>text<a/>tail</cXML>",
            json!({"cXML": {"@lang": "de", "a": "", "#text": "texttail"}}),
        ),
        ("application/xml", b"\xFF\xFE<\x00a\x00/\x00>\x00", json!({"a": ""})),
        ("application/xml", b"<\x00a\x00/\x00>\x00", json!({"a": ""})),
    ];
    for (content_type, body, expected) in cases {
        assert_eq!(&value(content_type, body), expected, "{content_type}: {}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_body_without_a_type_is_looked_at() {
    let cases: &[(&[u8], Value)] = &[
        (b"", Value::Null),
        (b" {\"a\": 1}", json!({"a": 1})),
        (b"[1]", json!([1])),
        (b"{not json", json!("{not json")),
        (b"12", json!("12")),
        (b"\x00\xFF", json!({"file": null})),
    ];
    for (body, expected) in cases {
        assert_eq!(&parse(None, None, body, &LIMITS).unwrap().value, expected);
        assert_eq!(&parse(Some(" "), None, body, &LIMITS).unwrap().value, expected);
    }
}

#[test]
fn an_empty_body_is_null_whatever_its_type() {
    for content_type in ["application/json", "application/xml", "multipart/form-data", "image/png", "text/plain"] {
        assert_eq!(value(content_type, b""), Value::Null, "{content_type}");
    }
}

#[test]
fn any_other_type_is_a_file() {
    let parsed = parse(Some("Image/PNG; x=1"), None, b"\x89PNG", &LIMITS).unwrap();
    assert_eq!(
        (parsed.files[0].content_type.as_str(), parsed.files[0].bytes.as_slice()),
        ("image/png", &b"\x89PNG"[..])
    );
    assert_eq!(parsed.with_files([json!({"file_id": "x"})]), json!({"file": {"file_id": "x"}}));
    assert_eq!(value("no type at all", b"abc"), json!({"file": null}));
    assert_eq!(refusal("image/png", [0; 1_001]).code, BodyErrorCode::TooLarge);
}

#[test]
fn gzip_is_undone_within_the_limit() {
    let parsed = |encoding: &str, body: &[u8]| parse(Some("application/json"), Some(encoding), body, &LIMITS);
    assert_eq!(parsed("gzip", &gzip(b"{\"a\":1}")).unwrap().value, json!({"a": 1}));
    assert_eq!(parsed("X-GZIP", &gzip(b"1")).unwrap().value, json!(1));
    assert_eq!(parsed("identity", b"1").unwrap().value, json!(1));
    assert_eq!(parsed("gzip", &[gzip(b"[1,"), gzip(b"2]")].concat()).unwrap().value, json!([1, 2]));
    let bomb = gzip(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < LIMITS.max_decompressed_bytes, "the bomb itself must be small");
    assert_eq!(parsed("gzip", &bomb).unwrap_err().code, BodyErrorCode::TooLarge);
    assert_eq!(parsed("gzip", b"no gzip").unwrap_err().code, BodyErrorCode::Invalid);
    assert_eq!(parsed("gzip", &gzip(b"{\"a\":1}")[..12]).unwrap_err().code, BodyErrorCode::Invalid);
    assert_eq!(parsed("br", b"1").unwrap_err().code, BodyErrorCode::UnsupportedEncoding);
    assert_eq!(parsed("gzip, gzip", b"1").unwrap_err().code, BodyErrorCode::UnsupportedEncoding);
}

/// Content type, body, kind of fault, and a part of what the refusal says.
type Refusal<'a> = (&'a str, &'a [u8], BodyErrorCode, &'a str);

fn assert_refused(cases: &[Refusal<'_>]) {
    for (content_type, body, code, expected) in cases {
        let error = refusal(content_type, body);
        assert_eq!(error.code, *code, "{content_type}: {error}");
        assert!(error.to_string().contains(expected), "expected `{expected}` in: {error}");
    }
}

#[test]
fn json_and_text_are_refused_with_reason_and_place() {
    let deep = ["[", "]"].map(|bracket| bracket.repeat(21)).concat();
    let many = format!("[{}1]", "1,".repeat(1_000));
    assert_refused(&[
        (
            "application/json",
            b"{\"a\":1,\n \"b\": oops}",
            BodyErrorCode::Invalid,
            "expected value. (line 2, column 7, byte 14)",
        ),
        ("application/json", b"{\"a\":1} x", BodyErrorCode::Invalid, "trailing characters"),
        ("application/json", b"{\"a\":", BodyErrorCode::Invalid, "EOF"),
        ("application/json", b"[1e999]", BodyErrorCode::Invalid, "out of range"),
        ("application/json", b"\"a\xFF\"", BodyErrorCode::Invalid, "not valid UTF-8 text. (line 1, column 3, byte 2)"),
        ("application/json; charset=klingon", b"1", BodyErrorCode::UnsupportedCharset, "`klingon`"),
        (
            "application/json",
            deep.as_bytes(),
            BodyErrorCode::TooComplex,
            "more than 20 levels deep. (line 1, column 21, byte 20)",
        ),
        ("application/json", many.as_bytes(), BodyErrorCode::TooComplex, "more than 1000 values"),
        ("text/plain; charset=utf-16le", b"a", BodyErrorCode::Invalid, "UTF-16LE"),
    ]);
}

#[test]
fn xml_is_refused_with_a_reason_and_nothing_in_it_expands() {
    let deep_xml = ["<a>", "</a>"].map(|tag| tag.repeat(21)).concat();
    let many_xml = format!("<a>{}</a>", "<b/>".repeat(1_000));
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><l>&b;</l>";
    assert_refused(&[
        ("application/xml", b"<a><b></a>", BodyErrorCode::Invalid, "byte 6"),
        ("application/xml", b"<a>", BodyErrorCode::Invalid, "`a` is not closed"),
        ("application/xml", b"<a/><b/>", BodyErrorCode::Invalid, "second root"),
        ("application/xml", b"text", BodyErrorCode::Invalid, "outside the root"),
        ("application/xml", b"<!-- nothing -->", BodyErrorCode::Invalid, "no root"),
        ("application/xml", b"<a x='1' x='2'/>", BodyErrorCode::Invalid, "duplicated"),
        ("application/xml", b"<a>&euro;</a>", BodyErrorCode::Invalid, "never expanded"),
        ("application/xml", b"<a b='&euro;'/>", BodyErrorCode::Invalid, "euro"),
        ("application/xml", laughs.as_bytes(), BodyErrorCode::Invalid, "DOCTYPE"),
        (
            "application/xml",
            b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            BodyErrorCode::Invalid,
            "DOCTYPE",
        ),
        ("application/xml", deep_xml.as_bytes(), BodyErrorCode::TooComplex, "levels deep"),
        ("application/xml", many_xml.as_bytes(), BodyErrorCode::TooComplex, "elements"),
    ]);
}

#[test]
fn forms_are_refused_with_a_reason() {
    assert_refused(&[
        ("application/x-www-form-urlencoded", b"ok=1&name=%FF", BodyErrorCode::Invalid, "byte 5"),
        ("multipart/form-data", b"x", BodyErrorCode::Invalid, "boundary"),
        ("multipart/form-data; boundary=b", b"--c\r\n", BodyErrorCode::Invalid, "does not occur"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
            BodyErrorCode::Invalid,
            "last boundary is missing",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nX: y\r\n\r\n1\r\n--b--",
            BodyErrorCode::Invalid,
            "Content-Disposition",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
            BodyErrorCode::Invalid,
            "lacks a name",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nno header at all\r\n--b--", BodyErrorCode::Invalid, "no header"),
        ("multipart/form-data; boundary=b", b"--b\r\n--b--", BodyErrorCode::Invalid, "no header"),
        ("multipart/form-data; boundary=b", b"--bX\r\n", BodyErrorCode::Invalid, "line break"),
    ]);
}

#[test]
fn a_form_with_too_many_fields_is_refused() {
    let form = "a=1&".repeat(1_001);
    assert_eq!(refusal("application/x-www-form-urlencoded", form).code, BodyErrorCode::TooComplex);
    let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(1_001) + "--b--";
    assert_eq!(refusal("multipart/form-data; boundary=b", part).code, BodyErrorCode::TooComplex);
}

fn part(disposition: &str, content: &str) -> String {
    format!("--b 1\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

#[test]
fn a_multipart_form_becomes_fields_and_files() {
    let body = [
        "preamble\r\n".to_owned(),
        part("name=\"plain\"", "Grüße"),
        part("name=\"tag\"", "a"),
        part("name=\"tag\"", ""),
        part("name=\"data\"\r\nContent-Type: application/json", "{\"n\": 1}"),
        part("name=\"old\"\r\nContent-Type: text/plain; charset=iso-8859-1", "plain"),
        part("name=\"photo\"; filename=\"C:\\dir\\a \\\"b\\\".png\"\r\nContent-Type: image/png", "\r\n--b\0"),
        part("name=\"a/b\"; filename=\"../../etc/x\"", "one"),
        part("name=\"a/b\"; filename*=UTF-8''na%C3%AFve.txt; filename=naive.txt", "two"),
        part("name=\"none\"; filename=\"\"", ""),
        "--b 1--\r\nepilogue".to_owned(),
    ]
    .concat();
    let parsed = parse(Some("multipart/form-data; boundary=\"b 1\""), None, body.as_bytes(), &LIMITS).unwrap();
    let names: Vec<_> = parsed.files.iter().map(|file| (file.name.as_str(), file.content_type.as_str())).collect();
    let octets = "application/octet-stream";
    assert_eq!(names, [("a \"b\".png", "image/png"), ("x", octets), ("naïve.txt", octets)]);
    assert_eq!(parsed.files[0].bytes, b"\r\n--b\0");
    let expected = json!({
        "plain": "Grüße", "tag": ["a", ""], "data": {"n": 1}, "old": "plain",
        "photo": 1, "a/b": [2, 3], "none": null,
    });
    assert_eq!(parsed.with_files([json!(1), json!(2), json!(3)]), expected);
}

#[test]
fn files_of_a_form_are_bounded_in_number_and_size() {
    let file = |size: usize| part("name=f; filename=f", &"x".repeat(size));
    let body = |files: &[usize]| files.iter().map(|size| file(*size)).collect::<String>() + "--b 1--";
    let content_type = "multipart/form-data; boundary=\"b 1\"";
    assert_eq!(parse(Some(content_type), None, body(&[1, 1_000, 0]).as_bytes(), &LIMITS).unwrap().files.len(), 3);
    assert_eq!(refusal(content_type, body(&[1, 1, 1, 1])).code, BodyErrorCode::TooLarge);
    assert_eq!(refusal(content_type, body(&[1_001])).code, BodyErrorCode::TooLarge);
}

#[test]
fn no_cut_of_a_valid_body_panics() {
    let form = [part("name=\"a\"; filename*=UTF-8''x", "1"), part("name=b", "2"), "--b 1--".to_owned()].concat();
    let bodies = [
        ("multipart/form-data; boundary=\"b 1\"", form.as_str()),
        ("application/xml", "<?xml version='1.0' encoding='utf-8'?><a b='ü'><!-- c --><![CDATA[d]]>&amp;&#65;</a>"),
        ("application/x-www-form-urlencoded", "a=%C3%BC&b=%"),
        ("application/json", "{\"a\": [1, \"ü\\u00e4\\\\\"]}"),
    ];
    for (content_type, body) in bodies {
        for end in 0..=body.len() {
            let _ = parse(Some(content_type), None, &body.as_bytes()[..end], &LIMITS);
        }
        parse(Some(content_type), None, body.as_bytes(), &LIMITS).unwrap();
    }
}
