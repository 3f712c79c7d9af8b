//! The built-in tables: made with typed columns, filled, changed, carried in and out as CSV.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::Timestamp;
use model::table::{Column, ColumnType};
use serde::Deserialize;
use serde_json::Map;
use storage::{RowQuery, RowRecord, Storage, TableRecord};
use uuid::Uuid;

use super::form;
use super::layout::{Layout, page, see_other};
use super::query::{Batch, with_query};
use super::shown::excerpt;
use super::upload;
use crate::api::tables::{change, make, note_import, remove};
use crate::auth::{CheckedForm, SignedIn};
use crate::config::Config;
use crate::problem::{Problem, ProblemCode};
use crate::tables::{columns_of, import, shown, typed};

/// The types of columns: the stored word, and the text's key.
const TYPES: [(ColumnType, &str, &str); 5] = [
    (ColumnType::Text, "text", "tables.type.text"),
    (ColumnType::Number, "number", "tables.type.number"),
    (ColumnType::Boolean, "boolean", "tables.type.boolean"),
    (ColumnType::Date, "date", "tables.type.date"),
    (ColumnType::Json, "json", "tables.type.json"),
];

/// How many fields for columns the form of a new table has.
const NEW_COLUMNS: usize = 6;

/// How much of a value the list of rows shows, in bytes.
const CELL_BYTES: usize = 120;

/// A form's fields in order: the same one may occur several times.
type Fields = Vec<(String, String)>;

/// The addresses of the tables.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(form("/tables").route(get().to(list)).route(post().to(create)))
        .service(resource("/tables/{id}").route(get().to(show)))
        .service(form("/tables/{id}/columns").route(post().to(add_column)))
        .service(form("/tables/{id}/delete").route(post().to(delete)))
        .service(form("/tables/{id}/rows").route(post().to(save_row)))
        .service(form("/tables/{id}/rows/{row}/delete").route(post().to(delete_row)))
        .service(resource("/tables/{id}/import").route(post().to(import_file)));
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    after: String,
    /// The row that is edited.
    row: String,
}

#[derive(Template)]
#[template(path = "tables.html")]
struct TablesPage {
    l: Layout,
    tables: Vec<TableRow>,
    name: String,
    columns: Vec<(String, String)>,
    types: [(ColumnType, &'static str, &'static str); 5],
    fault: String,
}

struct TableRow {
    id: Uuid,
    name: String,
    columns: String,
    rows: u64,
    updated_at: Timestamp,
}

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    l: Layout,
    id: Uuid,
    name: String,
    count: u64,
    columns: Vec<(String, String)>,
    types: [(ColumnType, &'static str, &'static str); 5],
    rows: Vec<Row>,
    /// The row that is edited, or a new one: its id and key, and a field for each column.
    edited: String,
    key: String,
    fields: Vec<Field>,
    fault: String,
    is_first: bool,
    next: Option<String>,
}

struct Row {
    id: i64,
    key: String,
    cells: Vec<String>,
}

struct Field {
    name: String,
    kind: &'static str,
    value: String,
}

/// Lists the tables, with a form for a new one.
async fn list(request: HttpRequest, signed_in: SignedIn, storage: Data<Storage>) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    tables_page(StatusCode::OK, l, &storage, (String::new(), Vec::new()), String::new()).await
}

/// Makes a table and leads to it.
async fn create(
    request: HttpRequest,
    CheckedForm(fields): CheckedForm<Fields>,
    signed_in: SignedIn,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let name = field(&fields, "name").to_owned();
    let named = |wanted: &'static str| fields.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value);
    let typed: Vec<(String, String)> = named("column").cloned().zip(named("type").cloned()).collect();
    let columns = typed.iter().filter(|(name, _)| !name.trim().is_empty()).map(|(name, kind)| column(name, kind));
    match make(&storage, name.clone(), columns.collect(), signed_in.user.email.clone()).await {
        Ok(record) => Ok(see_other(&format!("/tables/{}", record.id))),
        Err(problem) if is_told(&problem) => {
            let fault = problem.words(l.texts());
            tables_page(StatusCode::UNPROCESSABLE_ENTITY, l, &storage, (name, typed), fault).await
        }
        Err(problem) => Err(problem),
    }
}

/// One table with its rows and a form for a row.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let table = storage.table(&id.to_string()).await?;
    let row = match wish.row.parse::<i64>() {
        Ok(row) => Some(storage.row(table.key, row).await?),
        Err(_) => None,
    };
    table_page(StatusCode::OK, l, &storage, &table, &wish, row, String::new()).await
}

/// Adds a column.
async fn add_column(
    CheckedForm(fields): CheckedForm<Fields>,
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let table = storage.table(&id.to_string()).await?;
    let mut columns = columns_of(&table);
    columns.push(column(field(&fields, "column"), field(&fields, "type")));
    match change(&storage, *id, None, Some(columns), signed_in.user.email.clone()).await {
        Ok(_) => Ok(see_other(&format!("/tables/{id}?notice=saved"))),
        Err(problem) => told(&request, &signed_in, &storage, &table, problem).await,
    }
}

/// Removes a table for good.
async fn delete(
    _form: CheckedForm<Fields>,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    remove(&storage, *id, signed_in.user.email).await?;
    Ok(see_other("/tables?notice=deleted"))
}

/// Adds a row or changes one.
async fn save_row(
    CheckedForm(fields): CheckedForm<Fields>,
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let table = storage.table(&id.to_string()).await?;
    let mut values = Map::new();
    for column in columns_of(&table) {
        let text = field(&fields, &format!("value.{}", column.name));
        match typed(&column, text) {
            Ok(value) => drop(values.insert(column.name.clone(), value)),
            Err(error) => {
                return told(&request, &signed_in, &storage, &table, Problem::invalid_request(error.message)).await;
            }
        }
    }
    let key = Some(field(&fields, "key").trim().to_owned()).filter(|key| !key.is_empty());
    let saved = match (field(&fields, "row").parse::<i64>(), key) {
        (Ok(row), _) => storage.update_row(table.key, row, values).await.map(drop),
        (Err(_), Some(key)) => storage.upsert_row(table.key, key, values).await.map(drop),
        (Err(_), None) => storage.insert_row(table.key, None, values, None).await.map(drop),
    };
    match saved {
        Ok(()) => Ok(see_other(&format!("/tables/{id}?notice=saved"))),
        Err(error) => told(&request, &signed_in, &storage, &table, error.into()).await,
    }
}

/// Removes a row.
async fn delete_row(
    _form: CheckedForm<Fields>,
    _signed_in: SignedIn,
    storage: Data<Storage>,
    path: Path<(Uuid, i64)>,
) -> Result<HttpResponse, Problem> {
    let (id, row) = path.into_inner();
    let table = storage.table(&id.to_string()).await?;
    storage.delete_row(table.key, row).await?;
    Ok(see_other(&format!("/tables/{id}?notice=deleted")))
}

/// Adds the rows of a CSV file, all of them or none.
async fn import_file(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, config): (Data<Storage>, Data<Config>),
    id: Path<Uuid>,
    bytes: Bytes,
) -> Result<HttpResponse, Problem> {
    let sent = upload::read(&request, &signed_in, &config, &bytes)?;
    let table = storage.table(&id.to_string()).await?;
    let file = sent.files.iter().find(|file| file.field == "file").map(|file| file.bytes.clone()).unwrap_or_default();
    let Ok(text) = String::from_utf8(file) else {
        let problem = Problem::invalid_request("The file is not UTF-8. Save it as “CSV UTF-8”.");
        return told(&request, &signed_in, &storage, &table, problem).await;
    };
    match import(&storage, &table, &text).await? {
        Ok(imported) => {
            note_import(&storage, &table, imported.created + imported.updated, signed_in.user.email.clone()).await;
            Ok(see_other(&format!("/tables/{id}?notice=saved")))
        }
        Err(fault) => {
            let problem = Problem::invalid_request(format!("{}: {}", fault.line, fault.message));
            told(&request, &signed_in, &storage, &table, problem).await
        }
    }
}

/// Shows the table again and says what was wrong.
async fn told(
    request: &HttpRequest,
    signed_in: &SignedIn,
    storage: &Storage,
    table: &TableRecord,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    if !is_told(&problem) {
        return Err(problem);
    }
    let mut l = Layout::for_user(request, signed_in);
    l.path = format!("/tables/{}", table.id);
    let fault = problem.words(l.texts());
    table_page(StatusCode::UNPROCESSABLE_ENTITY, l, storage, table, &Wish::default(), None, fault).await
}

fn is_told(problem: &Problem) -> bool {
    matches!(problem.code(), ProblemCode::InvalidRequest | ProblemCode::AlreadyExists | ProblemCode::WrongState)
}

async fn tables_page(
    status: StatusCode,
    l: Layout,
    storage: &Storage,
    (name, mut columns): (String, Vec<(String, String)>),
    fault: String,
) -> Result<HttpResponse, Problem> {
    columns.resize(NEW_COLUMNS.max(columns.len()), (String::new(), "text".to_owned()));
    let row = |table: TableRecord| TableRow {
        columns: columns_of(&table).iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(", "),
        id: table.id,
        name: table.name,
        rows: table.rows,
        updated_at: table.updated_at,
    };
    let tables = storage.tables().await?.into_iter().map(row).collect();
    page(status, &TablesPage { tables, name, columns, types: TYPES, fault, l })
}

async fn table_page(
    status: StatusCode,
    l: Layout,
    storage: &Storage,
    table: &TableRecord,
    wish: &Wish,
    row: Option<RowRecord>,
    fault: String,
) -> Result<HttpResponse, Problem> {
    let columns = columns_of(table);
    let query = RowQuery { after: wish.after.parse().ok(), limit: Batch::<Row>::ASKED, ..RowQuery::default() };
    let batch = Batch::of(storage.rows(table.key, &query).await?, |row| Row::of(&columns, &row));
    let value = |column: &Column| shown(row.as_ref().and_then(|row| row.values.get(&column.name)));
    let field = |column: &Column| Field { name: column.name.clone(), kind: word_of(column), value: value(column) };
    let path = format!("/tables/{}", table.id);
    let template = TablePage {
        id: table.id,
        name: table.name.clone(),
        count: table.rows,
        types: TYPES,
        edited: row.as_ref().map(|row| row.id.to_string()).unwrap_or_default(),
        key: row.as_ref().and_then(|row| row.key.clone()).unwrap_or_default(),
        fields: columns.iter().map(field).collect(),
        fault,
        is_first: wish.after.is_empty(),
        next: batch.last_if_more().map(|row| with_query(&path, &[("after", &row.id.to_string())])),
        rows: batch.items,
        columns: columns.iter().map(|column| (column.name.clone(), l.t(key_of(column)).to_owned())).collect(),
        l,
    };
    page(status, &template)
}

impl Row {
    fn of(columns: &[Column], row: &RowRecord) -> Self {
        let cell = |column: &Column| excerpt(&shown(row.values.get(&column.name)), CELL_BYTES);
        Self { id: row.id, key: row.key.clone().unwrap_or_default(), cells: columns.iter().map(cell).collect() }
    }
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn column(name: &str, kind: &str) -> Column {
    let column_type = TYPES.iter().find(|(_, word, _)| *word == kind).map_or(ColumnType::Text, |(kind, ..)| *kind);
    Column { name: name.trim().to_lowercase(), column_type }
}

fn word_of(column: &Column) -> &'static str {
    TYPES.iter().find(|(kind, ..)| *kind == column.column_type).map_or("text", |(_, word, _)| word)
}

fn key_of(column: &Column) -> &'static str {
    TYPES.iter().find(|(kind, ..)| *kind == column.column_type).map_or("tables.type.text", |(_, _, key)| key)
}
