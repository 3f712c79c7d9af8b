//! Built-in tables.

use serde_json::{Map, Value, json};
use storage::{
    Role, RowFilter, RowOrder, RowQuery, RowResult, RowTest, Storage, StorageError, StorageSettings, TableRecord,
};

use crate::support::{Bench, bench, settings};

#[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn by(column: &str, test: RowTest, value: Value) -> Vec<RowFilter> {
    vec![RowFilter { column: column.to_owned(), test, value }]
}

async fn stock(bench: &Bench) -> TableRecord {
    let columns = json!([{"name": "article", "type": "text"}, {"name": "pieces", "type": "number"}]);
    let table = bench.storage.create_table("Stock", &columns).await.unwrap();
    for (key, article, pieces) in [("b", "Blue bowl", json!(7)), ("c", "cup", json!(2.5)), ("a", "Bowl", json!(40))] {
        let row = values(json!({"article": article, "pieces": pieces}));
        bench.storage.upsert_row(table.key, key.to_owned(), row).await.unwrap();
    }
    bench.storage.insert_row(table.key, None, values(json!({"article": "plate"})), None).await.unwrap();
    table
}

async fn articles(bench: &Bench, table: &TableRecord, query: RowQuery) -> Vec<String> {
    let rows = bench.storage.rows(table.key, &RowQuery { limit: 10, ..query }).await.unwrap();
    rows.into_iter().map(|row| row.values["article"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rows_are_found_by_a_columns_value_and_by_a_part_of_it() {
    let bench = bench().await;
    let table = stock(&bench).await;
    let find = async |filters| articles(&bench, &table, RowQuery { filters, ..RowQuery::default() }).await;
    assert_eq!(find(Vec::new()).await, ["Blue bowl", "cup", "Bowl", "plate"]);
    assert_eq!(find(by("pieces", RowTest::Equals, json!(7))).await, ["Blue bowl"]);
    assert_eq!(find(by("pieces", RowTest::Equals, json!(2.5))).await, ["cup"]);
    assert_eq!(find(by("pieces", RowTest::Equals, json!("7"))).await, Vec::<String>::new());
    assert_eq!(find(by("pieces", RowTest::Equals, Value::Null)).await, ["plate"]);
    assert_eq!(find(by("article", RowTest::Contains, json!("BOWL"))).await, ["Blue bowl", "Bowl"]);
    assert_eq!(find(by("key", RowTest::Equals, json!("a"))).await, ["Bowl"]);
    assert_eq!(find(by("x' OR 1=1 --", RowTest::Equals, json!(1))).await, Vec::<String>::new());
    let odd = RowQuery { filters: by("a\"b", RowTest::Equals, json!(1)), ..RowQuery::default() };
    assert!(matches!(bench.storage.rows(table.key, &odd).await, Err(StorageError::NotFound { what: "column" })));
}

#[tokio::test]
async fn rows_come_in_order_page_by_page() {
    let bench = bench().await;
    let table = stock(&bench).await;
    for (is_descending, wanted) in
        [(false, ["plate", "cup", "Blue bowl", "Bowl"]), (true, ["Bowl", "Blue bowl", "cup", "plate"])]
    {
        let order = Some(RowOrder { column: "pieces".to_owned(), is_descending });
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = RowQuery { order: order.clone(), after, limit: 1, ..RowQuery::default() };
            let Some(row) = bench.storage.rows(table.key, &page).await.unwrap().pop() else { break };
            after = Some(row.id);
            found.push(row.values["article"].clone());
        }
        assert_eq!(found, wanted);
    }
}

#[tokio::test]
async fn a_row_is_changed_by_its_key_and_added_once_however_often_its_step_is_tried() {
    let bench = bench().await;
    let table = stock(&bench).await;
    let upsert = async |change| bench.storage.upsert_row(table.key, "a".to_owned(), values(change)).await.unwrap();
    let (result, row) = upsert(json!({"pieces": 41, "article": null, "new": true})).await;
    assert_eq!((result, Value::Object(row.values)), (RowResult::Updated, json!({"pieces": 41, "new": true})));
    assert_eq!(upsert(json!({"pieces": 41})).await.0, RowResult::Unchanged);
    let insert = async || {
        let row = values(json!({"article": "spoon"}));
        bench.storage.insert_row(table.key, None, row, Some("run-node-0".to_owned())).await.unwrap()
    };
    let (first, second) = (insert().await, insert().await);
    assert_eq!((first.0, second.0, first.1.id), (RowResult::Created, RowResult::Unchanged, second.1.id));
    let taken = bench.storage.insert_row(table.key, Some("a".to_owned()), Map::new(), None).await;
    assert!(matches!(taken, Err(StorageError::AlreadyExists { .. })));
    let filters = by("article", RowTest::Contains, json!("bowl"));
    let changed = bench.storage.update_rows(table.key, filters.clone(), values(json!({"pieces": 0}))).await.unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(bench.storage.delete_rows(table.key, filters).await.unwrap(), 1);
    assert_eq!(bench.storage.table("Stock").await.unwrap().rows, 4);
}

#[tokio::test]
async fn a_table_has_a_name_of_its_own_and_goes_with_its_rows() {
    let bench = bench().await;
    let table = stock(&bench).await;
    let twice = bench.storage.create_table("STOCK", &json!([])).await;
    assert!(matches!(twice, Err(StorageError::AlreadyExists { .. })));
    let renamed = bench.storage.update_table(table.id, Some("stock".to_owned()), None).await.unwrap();
    assert_eq!((renamed.name.as_str(), &renamed.columns), ("stock", &table.columns));
    assert_eq!(bench.storage.table(&table.id.to_string()).await.unwrap(), renamed);
    bench.storage.delete_table(table.id).await.unwrap();
    assert!(bench.storage.tables().await.unwrap().is_empty());
    assert_eq!(bench.rows("table_rows").await, 0);
}

#[tokio::test]
async fn a_table_takes_so_many_rows_and_no_more() {
    let bench = bench().await;
    let table = stock(&bench).await;
    bench.storage.close().await;
    drop(bench.storage);
    let narrow = StorageSettings { max_table_rows: 4, ..settings(&bench.folder) };
    let storage = Storage::open(narrow, Role::Tool, std::sync::Arc::new(bench.clock.clone())).await.unwrap();
    let refused = storage.insert_row(table.key, None, Map::new(), None).await;
    assert!(matches!(refused, Err(StorageError::TooMany { limit: 4, .. })));
    storage.upsert_row(table.key, "a".to_owned(), values(json!({"pieces": 1}))).await.unwrap();
}
