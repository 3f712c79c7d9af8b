//! Built-in tables: pages, API, and CSV in and out. Schedules of workflows.

use serde_json::{Value, json};

use crate::outside::http::Request;
use crate::outside::product::Product;
use crate::pages::person::Person;

fn prices(product: &Product) -> String {
    let columns = json!([{"name": "article", "type": "text"}, {"name": "price", "type": "number"}, {"name": "since", "type": "date"}]);
    let table = product.api("POST", "/tables", Some(&json!({"name": "Prices", "columns": columns}))).must_be(201);
    table["id"].as_str().unwrap().to_owned()
}

fn csv(product: &Product, id: &str, text: &str) -> crate::outside::http::Answer {
    let token = product.command(&["token", "create", "--name", "csv"]);
    let request = Request::new("POST", &format!("/api/v1/tables/{id}/csv"));
    product
        .send(&request.header("Authorization", &format!("Bearer {}", token.trim())).body("text/csv", text.to_owned()))
}

#[test]
fn a_table_is_filled_over_the_api_with_values_of_the_right_type() {
    let product = Product::start(&[]);
    let id = prices(&product);
    let path = format!("/tables/{id}");
    let odd = json!({"name": "Odd", "columns": [{"name": "Price €", "type": "number"}]});
    assert_eq!(product.api("POST", "/tables", Some(&odd)).must_be(422)["parameter"], "columns");
    assert_eq!(product.api("POST", "/tables", Some(&json!({"name": "prices"}))).must_be(409)["code"], "already_exists");
    let row = json!({"key": "A-1", "values": {"article": "Chair", "price": "12.5"}});
    let row = product.api("POST", &format!("{path}/rows"), Some(&row)).must_be(201);
    assert_eq!((&row["values"]["price"], &row["key"]), (&json!(12.5), &json!("A-1")));
    let wrong = json!({"values": {"price": "cheap"}});
    assert!(
        product.api("POST", &format!("{path}/rows"), Some(&wrong)).must_be(422)["detail"]
            .as_str()
            .unwrap()
            .contains("price")
    );
    let change = json!({"values": {"price": 13}});
    let changed = product.api("PUT", &format!("{path}/rows/{}", row["id"]), Some(&change)).must_be(200);
    assert_eq!((&changed["values"]["price"], &changed["values"]["article"]), (&json!(13), &json!("Chair")));
    assert_eq!(product.get(&path)["rows"], 1);
    product.api("DELETE", &format!("{path}/rows/{}", row["id"]), None).must_be(204);
    product.api("DELETE", &path, None).must_be(204);
    product.api("GET", &path, None).must_be(404);
    let actions: Vec<Value> =
        product.get("/audit")["items"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
    assert_eq!(actions, ["table.deleted", "table.created"].map(|action| json!(action)));
}

#[test]
fn csv_goes_in_whole_or_not_at_all_and_comes_out_the_same() {
    let product = Product::start(&[]);
    let id = prices(&product);
    let bad = csv(&product, &id, "key;article;price\nA-1;Chair;12\nA-2;Table;many\n").must_be(422);
    assert!(bad["detail"].as_str().unwrap().starts_with("Line 3: ") && bad["position"]["line"] == 3, "{bad}");
    assert_eq!(product.get(&format!("/tables/{id}"))["rows"], 0, "nothing was read");
    let good = csv(&product, &id, "key;article;price\nA-1;'=Chair;12.5\nA-2;\"Table; round\";\n").must_be(200);
    assert_eq!((&good["created"], &good["updated"]), (&json!(2), &json!(0)));
    let again = csv(&product, &id, "key;price\nA-1;14\nA-3;1\n").must_be(200);
    assert_eq!((&again["created"], &again["updated"]), (&json!(1), &json!(1)));
    let out = product.api("GET", &format!("/tables/{id}/csv"), None);
    assert_eq!(out.header("content-disposition"), "attachment; filename=\"prices.csv\"");
    let expected = "key,article,price,since\r\nA-1,'=Chair,14,\r\nA-2,\"Table; round\",,\r\nA-3,,1,\r\n";
    assert_eq!(out.text(), expected);
    csv(&product, &id, &out.text()).must_be(200);
    assert_eq!(product.api("GET", &format!("/tables/{id}/csv"), None).text(), expected);
}

#[test]
fn a_table_is_made_and_filled_on_its_pages() {
    let product = Product::start(&[]);
    let person = Person::signed_in(&product, "de");
    assert!(person.read("/tables").contains("Noch keine Tabelle"));
    let fields = [
        ("name", "Preise"),
        ("column", "artikel"),
        ("type", "text"),
        ("column", "preis"),
        ("type", "number"),
        ("column", ""),
        ("type", "text"),
    ];
    let path = person.submit("/tables", &fields);
    assert!(path.starts_with("/tables/"), "{path}");
    assert!(person.read(&path).contains("Noch keine Zeilen"));
    let row = [("row", ""), ("key", "A-1"), ("value.artikel", "<b>Stuhl"), ("value.preis", "12")];
    assert_eq!(person.submit(&format!("{path}/rows"), &row), format!("{path}?notice=saved"));
    let page = person.read(&path);
    assert!(page.contains("&#60;b&#62;Stuhl") && page.contains("1 Zeile"), "{page}");
    assert!(person.weight(&path) < 30_000);
    let token = crate::pages::person::token(&person.open("/"));
    let wrong =
        [("csrf", token.clone()), ("row", String::new()), ("key", String::new()), ("value.preis", "viel".into())];
    assert_eq!(person.post(&format!("{path}/rows"), &wrong).status, 422);
    let twice = [("csrf", token), ("name", "Preise".into())];
    let refused = person.post("/tables", &twice);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Es gibt schon eine Tabelle mit diesem Namen."), "{}", refused.text());
    assert_eq!(
        person.submit(&format!("{path}/columns"), &[("column", "seit"), ("type", "date")]),
        format!("{path}?notice=saved")
    );
    assert!(person.read(&path).contains("seit"));
    assert_eq!(person.submit(&format!("{path}/delete"), &[]), "/tables?notice=deleted");
    assert_eq!(person.open(&path).status, 404);
}

#[test]
fn the_list_of_workflows_says_when_a_schedule_comes_next() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "daily", "type": "schedule", "params": {"cron": "0 7 1 1 *", "timezone": "Europe/Berlin"}},
            {"id": "note", "type": "set_fields", "params": {"fields": {"a": 1}}},
        ],
        "edges": [{"from": "daily", "to": "note"}],
    });
    let id = product.create("New year", &definition);
    let person = Person::signed_in(&product, "en");
    assert!(!person.read("/").contains("Next: "));
    product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(200);
    product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(200);
    let page = person.read("/");
    assert!(page.contains("Next: 1 Jan 20") && page.contains("06:00 UTC"), "{page}");
    person.submit(&format!("/workflows/{id}/pause"), &[]);
    assert!(!person.read("/").contains("Next: "));
}
