//! The table of helper functions that the editor's completion and the guide read.

use serde::Serialize;

/// What one helper function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FunctionDoc {
    /// Its name.
    pub name: &'static str,
    /// Its group, for the order of a page: `text`, `number`, `date`, `list`, `object`, `json`, `encoding`, `hash`, `value`.
    pub group: &'static str,
    /// How it is called; what stands in square brackets may be left out.
    pub signature: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// What it does, in German.
    pub de: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
    /// What the example gives, as JSON.
    pub result: &'static str,
}

/// Every helper function, in the order of its group. Each can be called as `upper(text)` and as `text.upper()`.
///
/// Examples that show dates are meant for 2026-11-22T08:30:00Z in the zone Europe/Berlin.
pub fn function_docs() -> &'static [FunctionDoc] {
    DOCS
}

macro_rules! docs {
    ($([$group:literal] $($name:literal $signature:literal | $en:literal | $de:literal | $example:literal => $result:literal;)+)+) => {
        &[$($(FunctionDoc {
            name: $name, group: $group, signature: concat!($name, $signature), en: $en, de: $de, example: $example, result: $result,
        },)+)+]
    };
}

#[rustfmt::skip]
const DOCS: &[FunctionDoc] = docs! {
    ["text"]
    "upper" "(text)" | "In capital letters." | "In Großbuchstaben." | r#"upper("köln")"# => r#""KÖLN""#;
    "lower" "(text)" | "In small letters." | "In Kleinbuchstaben." | r#"lower("KÖLN")"# => r#""köln""#;
    "capitalise" "(text)" | "With a capital first letter." | "Mit großem Anfangsbuchstaben." | r#"capitalise("anna")"# => r#""Anna""#;
    "trim" "(text)" | "Without white space at both ends." | "Ohne Leerraum an beiden Enden." | r#"trim("  a b ")"# => r#""a b""#;
    "contains" "(text or list, part)" | "Whether the text or list contains the part." | "Ob der Text oder die Liste den Teil enthält." | r#"contains("Hello", "ell")"# => "true";
    "starts_with" "(text, part)" | "Whether the text begins with the part." | "Ob der Text mit dem Teil beginnt." | r#"starts_with("DE-1", "DE")"# => "true";
    "ends_with" "(text, part)" | "Whether the text ends with the part." | "Ob der Text mit dem Teil endet." | r#"ends_with("a.pdf", ".pdf")"# => "true";
    "index_of" "(text or list, part)" | "Where the part begins, from 0; -1 when it is not there." | "Wo der Teil beginnt, ab 0; -1, wenn er fehlt." | r#"index_of("Käse", "se")"# => "2";
    "len" "(text, list or object)" | "How many characters, items or members." | "Wie viele Zeichen, Einträge oder Felder." | r#"len("Käse")"# => "4";
    "replace" "(text, from, to)" | "With every `from` replaced by `to`." | "Mit `to` statt jedem `from`." | r#"replace("a-b-c", "-", "+")"# => r#""a+b+c""#;
    "split" "(text, separator)" | "The parts between the separators, as a list." | "Die Teile zwischen den Trennzeichen als Liste." | r#"split("a,b", ",")"# => r#"["a","b"]"#;
    "join" "(list [, separator])" | "The items as one text; the separator is `, ` unless given." | "Die Einträge als ein Text; Trenner ist `, `, wenn keiner angegeben ist." | r#"join(["a", "b"], "; ")"# => r#""a; b""#;
    "lines" "(text)" | "The lines as a list." | "Die Zeilen als Liste." | r#"lines("a\nb")"# => r#"["a","b"]"#;
    "words" "(text)" | "The words as a list." | "Die Wörter als Liste." | r#"words(" one  two ")"# => r#"["one","two"]"#;
    "substring" "(text, start [, length])" | "A part by characters from 0; a negative start counts from the end." | "Ein Teil nach Zeichen ab 0; negativ zählt vom Ende." | r#"substring("Rechnung", -3)"# => r#""ung""#;
    "truncate" "(text, longest [, end])" | "Cut to so many characters, with `…` at the end." | "Auf so viele Zeichen gekürzt, mit `…` am Ende." | r#"truncate("A long title", 7)"# => r#""A long…""#;
    "pad_start" "(text, length, filler)" | "Filled at the front up to the length." | "Vorn bis zur Länge aufgefüllt." | r#"pad_start(7, 3, "0")"# => r#""007""#;
    "pad_end" "(text, length, filler)" | "Filled at the end up to the length." | "Hinten bis zur Länge aufgefüllt." | r#"pad_end("ab", 4, ".")"# => r#""ab..""#;
    "repeat" "(text, times)" | "The text so many times." | "Der Text so viele Male." | r#"repeat("ab", 2)"# => r#""abab""#;
    "slug" "(text)" | "Lower-case words joined by `-`, for addresses." | "Kleingeschriebene Wörter mit `-`, für Adressen." | r#"slug("Größe XL")"# => r#""groesse-xl""#;
    "strip_html" "(text)" | "Without HTML tags; the usual entities as characters." | "Ohne HTML-Tags; die üblichen Entities als Zeichen." | r#"strip_html("<b>a</b> &amp; b")"# => r#""a & b""#;
    "matches" "(text, pattern)" | "Whether the regular expression matches somewhere in the text." | "Ob der reguläre Ausdruck irgendwo im Text passt." | r#"matches("A-17", "^[A-Z]-[0-9]+$")"# => "true";
    "extract" "(text, pattern)" | "The first match of the pattern (or of its first group); null when there is none." | "Der erste Treffer des Musters (oder seiner ersten Gruppe); sonst null." | r#"extract("Order 42", "([0-9]+)")"# => r#""42""#;
    "extract_all" "(text, pattern)" | "All matches of the pattern, as a list." | "Alle Treffer des Musters als Liste." | r#"extract_all("a1b2", "[0-9]")"# => r#"["1","2"]"#;
    "to_string" "(value)" | "Any value as text; null is empty." | "Jeder Wert als Text; null ist leer." | "to_string(12)" => r#""12""#;
    ["number"]
    "round" "(number [, places])" | "Rounded, half away from zero." | "Kaufmännisch gerundet." | "round(1.005, 2)" => "1.01";
    "floor" "(number)" | "The next lower integer." | "Die nächstkleinere ganze Zahl." | "floor(2.7)" => "2";
    "ceil" "(number)" | "The next higher integer." | "Die nächstgrößere ganze Zahl." | "ceil(2.1)" => "3";
    "parse_number" "(text [, language])" | "The number in a text, as written in `de` or `en`; without a language the marks decide." | "Die Zahl in einem Text, nach `de` oder `en`; ohne Sprache entscheiden die Zeichen." | r#"parse_number("1.234,56 €", "de")"# => "1234.56";
    "format_number" "(number, places [, language])" | "With so many places and groups of thousands, as in `de` or `en`." | "Mit so vielen Stellen und Tausenderzeichen, nach `de` oder `en`." | r#"format_number(1234567.891, 2, "de")"# => r#""1.234.567,89""#;
    "is_number" "(value)" | "Whether the value is a number." | "Ob der Wert eine Zahl ist." | r#"is_number("1")"# => "false";
    "sum" "(list)" | "All numbers added up." | "Alle Zahlen zusammengezählt." | "sum([1, 2.5])" => "3.5";
    "average" "(list)" | "The mean; null for an empty list." | "Der Durchschnitt; null bei leerer Liste." | "average([1, 2])" => "1.5";
    "min" "(list)" | "The smallest item." | "Der kleinste Eintrag." | "min([3, 1, 2])" => "1";
    "max" "(list)" | "The largest item." | "Der größte Eintrag." | "max([3, 1, 2])" => "3";
    ["date"]
    "now" "()" | "The moment at which the step began." | "Der Moment, in dem der Schritt begann." | "now()" => r#""2026-11-22T09:30:00+01:00""#;
    "today" "()" | "The day on which the step began." | "Der Tag, an dem der Schritt begann." | "today()" => r#""2026-11-22""#;
    "parse_date" "(text [, pattern])" | "A date in one of the usual forms, or in the form of the pattern." | "Ein Datum in üblicher Form oder nach dem Muster." | r#"parse_date("22.11.2026")"# => r#""2026-11-22T00:00:00+01:00""#;
    "format_date" "(date, pattern [, zone])" | "The date in the form of the pattern, for example `%d.%m.%Y %H:%M`." | "Das Datum nach dem Muster, zum Beispiel `%d.%m.%Y %H:%M`." | r#"format_date("2026-11-22T08:30:00Z", "%d.%m.%Y %H:%M")"# => r#""22.11.2026 09:30""#;
    "to_zone" "(date, zone)" | "The same moment in another time zone." | "Derselbe Moment in einer anderen Zeitzone." | r#"to_zone("2026-11-22T08:30:00Z", "Asia/Tokyo")"# => r#""2026-11-22T17:30:00+09:00""#;
    "to_unix" "(date)" | "Seconds since 1970." | "Sekunden seit 1970." | r#"to_unix("2026-11-22T08:30:00Z")"# => "1795336200";
    "from_unix" "(seconds)" | "The date of so many seconds since 1970." | "Das Datum so vieler Sekunden seit 1970." | "from_unix(0)" => r#""1970-01-01T01:00:00+01:00""#;
    "add_minutes" "(date, count)" | "So many minutes later." | "So viele Minuten später." | r#"add_minutes("2026-11-22T08:30:00Z", 45)"# => r#""2026-11-22T10:15:00+01:00""#;
    "add_hours" "(date, count)" | "So many hours later." | "So viele Stunden später." | r#"add_hours("2026-03-29T00:30:00+01:00", 3)"# => r#""2026-03-29T04:30:00+02:00""#;
    "add_days" "(date, count)" | "So many days later, at the same time of day." | "So viele Tage später, zur selben Uhrzeit." | r#"add_days("2026-03-28T12:00:00+01:00", 1)"# => r#""2026-03-29T12:00:00+02:00""#;
    "add_months" "(date, count)" | "So many months later; the 31st becomes the last day of a shorter month." | "So viele Monate später; aus dem 31. wird der letzte Tag eines kürzeren Monats." | r#"add_months("2026-01-31", 1)"# => r#""2026-02-28T00:00:00+01:00""#;
    "start_of_day" "(date)" | "Midnight at the beginning of that day." | "Mitternacht zu Beginn dieses Tages." | r#"start_of_day("2026-11-22T08:30:00Z")"# => r#""2026-11-22T00:00:00+01:00""#;
    "start_of_month" "(date)" | "The first day of that month." | "Der erste Tag dieses Monats." | r#"start_of_month("2026-11-22")"# => r#""2026-11-01T00:00:00+01:00""#;
    "difference" "(from, to, unit)" | "How many `seconds`, `minutes`, `hours` or calendar `days` from one date to the other." | "Wie viele `seconds`, `minutes`, `hours` oder Kalendertage (`days`) zwischen zwei Daten." | r#"difference("2026-11-22", "2026-12-24", "days")"# => "32";
    "weekday" "(date)" | "1 for Monday to 7 for Sunday." | "1 für Montag bis 7 für Sonntag." | r#"weekday("2026-11-22")"# => "7";
    "is_before" "(date, other)" | "Whether the first date is the earlier one." | "Ob das erste Datum früher liegt." | r#"is_before("2026-11-22", now())"# => "true";
    "is_after" "(date, other)" | "Whether the first date is the later one." | "Ob das erste Datum später liegt." | r#"is_after("2026-11-22", now())"# => "false";
    ["list"]
    "first" "(list)" | "The first item; null when there is none." | "Der erste Eintrag, sonst null." | "first([1, 2])" => "1";
    "last" "(list)" | "The last item; null when there is none." | "Der letzte Eintrag, sonst null." | "last([])" => "null";
    "take" "(list, count)" | "The first items." | "Die ersten Einträge." | "take([1, 2, 3], 2)" => "[1,2]";
    "unique" "(list)" | "Without repeated items." | "Ohne doppelte Einträge." | "unique([1, 2, 1])" => "[1,2]";
    "flatten" "(list)" | "Lists inside the list dissolved by one level." | "Listen in der Liste um eine Ebene aufgelöst." | "flatten([1, [2, 3]])" => "[1,2,3]";
    "compact" "(list)" | "Without null." | "Ohne null." | "compact([1, (), 2])" => "[1,2]";
    "chunk" "(list, size)" | "Parts of so many items." | "Teile mit so vielen Einträgen." | "chunk([1, 2, 3], 2)" => "[[1,2],[3]]";
    "reversed" "(list)" | "In the opposite order." | "In umgekehrter Reihenfolge." | "reversed([1, 2])" => "[2,1]";
    "pluck" "(list, field)" | "The value of one field of every item." | "Der Wert eines Feldes aus jedem Eintrag." | r#"pluck([#{a: 1}, #{a: 2}], "a")"# => "[1,2]";
    "where" "(list, field, value)" | "The items whose field has the value." | "Die Einträge, deren Feld den Wert hat." | r#"where([#{a: 1}, #{a: 2}], "a", 2)"# => r#"[{"a":2}]"#;
    "order" "(list [, comparer])" | "Sorted." | "Sortiert." | "order([3, 1, 2])" => "[1,2,3]";
    "sort_by" "(list, field)" | "Sorted by a field, or by a function of two items." | "Sortiert nach einem Feld oder nach einer Funktion zweier Einträge." | r#"sort_by([#{a: 2}, #{a: 1}], "a")"# => r#"[{"a":1},{"a":2}]"#;
    "sum_by" "(list, field)" | "The numbers in one field added up." | "Die Zahlen eines Feldes zusammengezählt." | r#"sum_by([#{a: 2}, #{a: 1}], "a")"# => "3";
    "group_by" "(list, field)" | "Lists of items by the value of a field, as an object." | "Listen der Einträge nach dem Wert eines Feldes, als Objekt." | r#"group_by([#{a: "x"}, #{a: "y"}], "a")"# => r#"{"x":[{"a":"x"}],"y":[{"a":"y"}]}"#;
    "index_by" "(list, field)" | "The items by the value of a field, as an object." | "Die Einträge nach dem Wert eines Feldes, als Objekt." | r#"index_by([#{id: 7}], "id")"# => r#"{"7":{"id":7}}"#;
    "map" "(list, function)" | "What the function makes of every item." | "Was die Funktion aus jedem Eintrag macht." | "map([1, 2], |x| x * 10)" => "[10,20]";
    "zip" "(list, other, function)" | "What the function makes of each pair of items." | "Was die Funktion aus jedem Paar von Einträgen macht." | "zip([1, 2], [3, 4], |a, b| a + b)" => "[4,6]";
    ["object"]
    "merge" "(object, other)" | "Both objects in one; the second wins." | "Beide Objekte in einem; das zweite gewinnt." | "merge(#{a: 1, b: 1}, #{b: 2})" => r#"{"a":1,"b":2}"#;
    "pick" "(object, names)" | "Only these fields." | "Nur diese Felder." | r#"pick(#{a: 1, b: 2}, ["a"])"# => r#"{"a":1}"#;
    "omit" "(object, names)" | "Without these fields." | "Ohne diese Felder." | r#"omit(#{a: 1, b: 2}, ["a"])"# => r#"{"b":2}"#;
    "get" "(object, path, fallback)" | "The field at a path like `customer.email`, or the fallback; also an item of a list by its index." | "Das Feld an einem Pfad wie `customer.email`, sonst der Ersatz; auch ein Eintrag einer Liste nach seiner Nummer." | r#"get(#{a: #{b: 1}}, "a.b", 0)"# => "1";
    "keys" "(object)" | "The names of all fields." | "Die Namen aller Felder." | "keys(#{a: 1})" => r#"["a"]"#;
    "values" "(object)" | "The values of all fields." | "Die Werte aller Felder." | "values(#{a: 1})" => "[1]";
    "entries" "(object)" | "A list of `key` and `value`." | "Eine Liste aus `key` und `value`." | "entries(#{a: 1})" => r#"[{"key":"a","value":1}]"#;
    "from_entries" "(list)" | "An object from a list of `key` and `value`." | "Ein Objekt aus einer Liste von `key` und `value`." | r#"from_entries([#{key: "a", value: 1}])"# => r#"{"a":1}"#;
    ["json"]
    "parse_json" "(text)" | "The value that the JSON text shows." | "Der Wert, den der JSON-Text zeigt." | r#"parse_json("[1, null]")"# => "[1,null]";
    "to_json" "(value)" | "The value as compact JSON text." | "Der Wert als kompakter JSON-Text." | "to_json(#{a: [1]})" => r#""{\"a\":[1]}""#;
    "to_json_pretty" "(value)" | "The value as indented JSON text." | "Der Wert als eingerückter JSON-Text." | "to_json_pretty([1])" => r#""[\n  1\n]""#;
    ["encoding"]
    "base64_encode" "(text)" | "As base64." | "Als Base64." | r#"base64_encode("ü?")"# => r#""w7w/""#;
    "base64_decode" "(text)" | "The text in base64." | "Der Text in Base64." | r#"base64_decode("w7w/")"# => r#""ü?""#;
    "base64url_encode" "(text)" | "As base64 for addresses, without padding." | "Als Base64 für Adressen, ohne Auffüllung." | r#"base64url_encode("ü?")"# => r#""w7w_""#;
    "base64url_decode" "(text)" | "The text in base64 for addresses." | "Der Text in Base64 für Adressen." | r#"base64url_decode("w7w_")"# => r#""ü?""#;
    "url_encode" "(text)" | "Escaped for one part of an address." | "Maskiert für einen Teil einer Adresse." | r#"url_encode("a b&c")"# => r#""a%20b%26c""#;
    "url_decode" "(text)" | "With escapes resolved." | "Mit aufgelösten Maskierungen." | r#"url_decode("a%20b")"# => r#""a b""#;
    "query_string" "(object)" | "Fields as the query of an address; null is left out." | "Felder als Abfrage einer Adresse; null entfällt." | r#"query_string(#{a: [1, 2], b: "x y"})"# => r#""a=1&a=2&b=x+y""#;
    "parse_url" "(address)" | "The parts of an address." | "Die Teile einer Adresse." | r#"parse_url("https://a.example/b?c=1").query.c"# => r#""1""#;
    ["hash"]
    "md5" "(text)" | "The MD5 hash in hexadecimal; not for security." | "Der MD5-Hash, hexadezimal; nicht für Sicherheit." | r#"md5("")"# => r#""d41d8cd98f00b204e9800998ecf8427e""#;
    "sha1" "(text)" | "The SHA-1 hash in hexadecimal; not for security." | "Der SHA-1-Hash, hexadezimal; nicht für Sicherheit." | r#"sha1("")"# => r#""da39a3ee5e6b4b0d3255bfef95601890afd80709""#;
    "sha256" "(text)" | "The SHA-256 hash in hexadecimal." | "Der SHA-256-Hash, hexadezimal." | r#"sha256("").substring(0, 8)"# => r#""e3b0c442""#;
    "sha512" "(text)" | "The SHA-512 hash in hexadecimal." | "Der SHA-512-Hash, hexadezimal." | r#"sha512("").substring(0, 8)"# => r#""cf83e135""#;
    "hmac_sha256" "(text, key [, form])" | "The HMAC with SHA-256 as `hex` or `base64`." | "Der HMAC mit SHA-256 als `hex` oder `base64`." | r#"hmac_sha256("data", "key").substring(0, 8)"# => r#""5031fe3d""#;
    "uuid" "()" | "A new id; a repeated attempt makes the same one." | "Eine neue Kennung; ein wiederholter Versuch ergibt dieselbe." | "len(uuid())" => "36";
    ["value"]
    "is_empty" "(value)" | "Whether it is null, blank text, or a list or object without entries." | "Ob es null, leerer Text oder eine Liste oder ein Objekt ohne Einträge ist." | r#"is_empty("  ")"# => "true";
    "or_else" "(value, fallback)" | "The value, or the fallback when the value is empty." | "Der Wert, oder der Ersatz, wenn der Wert leer ist." | r#"or_else((), "none")"# => r#""none""#;
    "kind_of" "(value)" | "`text`, `number`, `boolean`, `list`, `object` or `null`." | "`text`, `number`, `boolean`, `list`, `object` oder `null`." | "kind_of([1])" => r#""list""#;
};

#[cfg(test)]
mod tests;
