//! The built-in tables and their rows.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Json, Path, Query};
use model::slug::slug;
use model::table::{Column, fit_values};
use model::{NodeError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use storage::{RowQuery, RowRecord, Storage, TableRecord};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Items, Page, paging};
use crate::audit;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::tables::{checked_columns, columns_of, export, import};

/// The longest name of a table, in characters.
const MAX_NAME: usize = 100;

/// A table without its rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Table {
    /// Its id.
    pub id: Uuid,
    /// What people and steps call it.
    pub name: String,
    /// Its columns: `name` and `type` (`text`, `number`, `boolean`, `date` or `json`).
    #[schema(value_type = Vec<Object>)]
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: u64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its name or columns last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A table to make, or what is to change of one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TableInput {
    /// Its name.
    pub name: Option<String>,
    /// Its columns: `name` and `type`.
    #[schema(value_type = Option<Vec<Object>>)]
    pub columns: Option<Vec<Column>>,
}

/// A row of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// What names it in its table, if anything does.
    pub key: Option<String>,
    /// Its values by column.
    #[schema(value_type = Object)]
    pub values: Map<String, Value>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A row to add.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RowInput {
    /// What names it; a row with this key that is there already is changed.
    pub key: Option<String>,
    /// Its values by column.
    #[schema(value_type = Object)]
    pub values: Map<String, Value>,
}

/// Which rows to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowsQuery {
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// What came of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportResult {
    /// How many rows are new.
    pub created: u64,
    /// How many rows were there already.
    pub updated: u64,
}

/// Lists the tables by name.
#[utoipa::path(get, path = "/api/v1/tables", tag = "tables", responses((status = 200, body = Items<Table>)))]
pub async fn list(_caller: Caller, storage: Data<Storage>) -> Result<Json<Items<Table>>, Problem> {
    Ok(Json(Items { items: storage.tables().await?.into_iter().map(Table::from).collect() }))
}

/// Makes a table.
#[utoipa::path(post, path = "/api/v1/tables", tag = "tables", request_body = TableInput,
    responses((status = 201, body = Table), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn create(
    caller: Caller,
    storage: Data<Storage>,
    input: Json<TableInput>,
) -> Result<(Json<Table>, StatusCode), Problem> {
    let TableInput { name, columns } = input.into_inner();
    let record = make(&storage, name.unwrap_or_default(), columns.unwrap_or_default(), caller.name()).await?;
    Ok((Json(record.into()), StatusCode::CREATED))
}

/// Reads one table, without its rows.
#[utoipa::path(get, path = "/api/v1/tables/{id}", tag = "tables", params(("id" = Uuid, Path)),
    responses((status = 200, body = Table), (status = 404, body = ProblemDocument)))]
pub async fn read(_caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<Json<Table>, Problem> {
    Ok(Json(storage.table(&id.to_string()).await?.into()))
}

/// Changes the name or the columns. Rows stay as they are: values of columns that are gone are no longer shown.
#[utoipa::path(put, path = "/api/v1/tables/{id}", tag = "tables", params(("id" = Uuid, Path)), request_body = TableInput,
    responses((status = 200, body = Table), (status = 422, body = ProblemDocument)))]
pub async fn update(
    caller: Caller,
    storage: Data<Storage>,
    id: Path<Uuid>,
    input: Json<TableInput>,
) -> Result<Json<Table>, Problem> {
    let TableInput { name, columns } = input.into_inner();
    let record = change(&storage, *id, name, columns, caller.name()).await?;
    Ok(Json(record.into()))
}

/// Removes a table with all its rows for good.
#[utoipa::path(delete, path = "/api/v1/tables/{id}", tag = "tables", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    remove(&storage, *id, caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists rows in the order in which they were added.
#[utoipa::path(get, path = "/api/v1/tables/{id}/rows", tag = "tables", params(("id" = Uuid, Path), RowsQuery),
    responses((status = 200, body = Page<Row>)))]
pub async fn rows(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<Uuid>,
    query: Query<RowsQuery>,
) -> Result<Json<Page<Row>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let table = storage.table(&id.to_string()).await?;
    let after = paging::key(query.cursor.as_deref())?;
    let rows = storage.rows(table.key, &RowQuery { after, limit: limit + 1, ..RowQuery::default() }).await?;
    Ok(Json(Page::of(rows, limit, |row| row.id.to_string(), Row::from)))
}

/// Adds a row, or changes the one with the same key.
#[utoipa::path(post, path = "/api/v1/tables/{id}/rows", tag = "tables", params(("id" = Uuid, Path)), request_body = RowInput,
    responses((status = 201, body = Row), (status = 422, body = ProblemDocument)))]
pub async fn add_row(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<Uuid>,
    input: Json<RowInput>,
) -> Result<(Json<Row>, StatusCode), Problem> {
    let table = storage.table(&id.to_string()).await?;
    let RowInput { key, values } = input.into_inner();
    let values = fit_values(&columns_of(&table), values).map_err(misfit)?;
    let (_, row) = match key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()) {
        Some(key) => storage.upsert_row(table.key, key, values).await?,
        None => storage.insert_row(table.key, None, values, None).await?,
    };
    Ok((Json(row.into()), StatusCode::CREATED))
}

/// Changes a row; what is left out of `values` stays as it is, null removes.
#[utoipa::path(put, path = "/api/v1/tables/{id}/rows/{row}", tag = "tables", params(("id" = Uuid, Path), ("row" = i64, Path)),
    request_body = RowInput, responses((status = 200, body = Row), (status = 422, body = ProblemDocument)))]
pub async fn update_row(
    _caller: Caller,
    storage: Data<Storage>,
    path: Path<(Uuid, i64)>,
    input: Json<RowInput>,
) -> Result<Json<Row>, Problem> {
    let (id, row) = path.into_inner();
    let table = storage.table(&id.to_string()).await?;
    let values = fit_values(&columns_of(&table), input.into_inner().values).map_err(misfit)?;
    Ok(Json(storage.update_row(table.key, row, values).await?.into()))
}

/// Removes a row.
#[utoipa::path(delete, path = "/api/v1/tables/{id}/rows/{row}", tag = "tables",
    params(("id" = Uuid, Path), ("row" = i64, Path)), responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete_row(
    _caller: Caller,
    storage: Data<Storage>,
    path: Path<(Uuid, i64)>,
) -> Result<HttpResponse, Problem> {
    let (id, row) = path.into_inner();
    let table = storage.table(&id.to_string()).await?;
    storage.delete_row(table.key, row).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The whole table as CSV.
#[utoipa::path(get, path = "/api/v1/tables/{id}/csv", tag = "tables", params(("id" = Uuid, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = ProblemDocument)))]
pub async fn as_csv(_caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let table = storage.table(&id.to_string()).await?;
    let text = export(&storage, &table).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", slug(&table.name))))
        .body(text))
}

/// Adds the rows of a CSV text, all of them or none. A row with a key that is there already is changed.
#[utoipa::path(post, path = "/api/v1/tables/{id}/csv", tag = "tables", params(("id" = Uuid, Path)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportResult), (status = 422, body = ProblemDocument)))]
pub async fn import_csv(
    caller: Caller,
    storage: Data<Storage>,
    id: Path<Uuid>,
    text: Bytes,
) -> Result<Json<ImportResult>, Problem> {
    let table = storage.table(&id.to_string()).await?;
    let text = std::str::from_utf8(&text).map_err(|_| Problem::invalid_request("The text is not UTF-8."))?;
    let imported = import(&storage, &table, text).await?.map_err(|fault| {
        Problem::invalid_request(format!("Line {}: {}", fault.line, fault.message))
            .at_position(json!({ "line": fault.line }))
    })?;
    note_import(&storage, &table, imported.created + imported.updated, caller.name()).await;
    Ok(Json(ImportResult { created: imported.created, updated: imported.updated }))
}

/// Makes a table and notes who did.
pub(crate) async fn make(
    storage: &Storage,
    name: String,
    columns: Vec<Column>,
    by: String,
) -> Result<TableRecord, Problem> {
    let name = checked_name(&name)?;
    let record = storage.create_table(&name, &checked_columns(&columns)?).await?;
    audit::note(storage, by, "table.created", ("table", record.id.to_string()), json!({ "name": name })).await;
    Ok(record)
}

/// Changes a table and notes who did.
pub(crate) async fn change(
    storage: &Storage,
    id: Uuid,
    name: Option<String>,
    columns: Option<Vec<Column>>,
    by: String,
) -> Result<TableRecord, Problem> {
    let name = name.as_deref().map(checked_name).transpose()?;
    let columns = columns.as_deref().map(checked_columns).transpose()?;
    let record = storage.update_table(id, name, columns).await?;
    audit::note(storage, by, "table.changed", ("table", id.to_string()), json!({ "name": record.name })).await;
    Ok(record)
}

/// Removes a table and notes who did.
pub(crate) async fn remove(storage: &Storage, id: Uuid, by: String) -> Result<(), Problem> {
    let record = storage.table(&id.to_string()).await?;
    storage.delete_table(id).await?;
    let details = json!({ "name": record.name, "rows": record.rows });
    audit::note(storage, by, "table.deleted", ("table", String::new()), details).await;
    Ok(())
}

/// Notes who read rows in.
pub(crate) async fn note_import(storage: &Storage, table: &TableRecord, count: u64, by: String) {
    let details = json!({ "name": table.name, "rows": count });
    audit::note(storage, by, "table.imported", ("table", table.id.to_string()), details).await;
}

/// What a value that does not fit its column says.
pub(crate) fn misfit(error: NodeError) -> Problem {
    let problem = Problem::invalid_request(error.message);
    match error.parameter {
        Some(parameter) => problem.at_parameter(parameter),
        None => problem,
    }
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        let detail = format!("A table needs a name of 1 to {MAX_NAME} characters.");
        return Err(Problem::invalid_request(detail).at_parameter("name"));
    }
    Ok(name.to_owned())
}

impl From<TableRecord> for Table {
    fn from(record: TableRecord) -> Self {
        Self {
            columns: columns_of(&record),
            id: record.id,
            name: record.name,
            rows: record.rows,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl From<RowRecord> for Row {
    fn from(record: RowRecord) -> Self {
        Self {
            id: record.id,
            key: record.key,
            values: record.values,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}
