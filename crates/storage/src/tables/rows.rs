//! The rows of built-in tables.

use model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait,
    FromQueryResult, IntoActiveModel, QueryFilter,
};
use serde_json::{Map, Value};

use super::query::{RowFilter, RowQuery, select};
use crate::entities::{table, table_row};
use crate::error::StorageError;
use crate::storage::Storage;

/// How many rows one change may concern.
const MAX_CHANGED_ROWS: u64 = 10_000;

/// A row of a built-in table.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRecord {
    /// Its id, unique over all tables.
    pub id: i64,
    /// What names it in its table, if anything does.
    pub key: Option<String>,
    /// Its values by column.
    pub values: Map<String, Value>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowResult {
    /// It is new.
    Created,
    /// Something about it changed.
    Updated,
    /// Everything was there already.
    Unchanged,
}

impl RowResult {
    /// The word that steps and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Storage {
    /// Adds a row. `made_by` names what is done: with the same name a second time nothing is added, and the row comes back
    /// as it stands.
    pub async fn insert_row(
        &self,
        table_key: i64,
        key: Option<String>,
        values: Map<String, Value>,
        made_by: Option<String>,
    ) -> Result<(RowResult, RowRecord), StorageError> {
        let (now, most) = (self.now(), self.max_table_rows());
        self.write(move |transaction| {
            Box::pin(async move {
                if let Some(made_by) = &made_by {
                    let earlier = table_row::Entity::find()
                        .filter(table_row::Column::TableId.eq(table_key))
                        .filter(table_row::Column::MadeBy.eq(made_by.as_str()));
                    if let Some(row) = earlier.one(transaction).await? {
                        return Ok((RowResult::Unchanged, RowRecord::from_row(row)?));
                    }
                }
                if let Some(key) = &key
                    && with_key(transaction, table_key, key).await?.is_some()
                {
                    return Err(StorageError::AlreadyExists { what: "a row with this key" });
                }
                let row = add(transaction, table_key, (key, values, made_by), now, most).await?;
                Ok((RowResult::Created, row))
            })
        })
        .await
    }

    /// Changes the row with this key, or adds it. What is absent from `values` stays as it is; null removes.
    pub async fn upsert_row(
        &self,
        table_key: i64,
        key: String,
        values: Map<String, Value>,
    ) -> Result<(RowResult, RowRecord), StorageError> {
        let (now, most) = (self.now(), self.max_table_rows());
        self.write(move |transaction| {
            Box::pin(async move {
                if let Some(row) = with_key(transaction, table_key, &key).await? {
                    return change(transaction, row, &values, now).await;
                }
                let row = add(transaction, table_key, (Some(key), values, None), now, most).await?;
                Ok((RowResult::Created, row))
            })
        })
        .await
    }

    /// Reads rows.
    pub async fn rows(&self, table_key: i64, query: &RowQuery) -> Result<Vec<RowRecord>, StorageError> {
        let rows = table_row::Model::find_by_statement(select(table_key, query)?).all(self.read()).await?;
        rows.into_iter().map(RowRecord::from_row).collect()
    }

    /// One row.
    pub async fn row(&self, table_key: i64, id: i64) -> Result<RowRecord, StorageError> {
        let row = table_row::Entity::find_by_id(id).filter(table_row::Column::TableId.eq(table_key));
        RowRecord::from_row(row.one(self.read()).await?.ok_or(StorageError::NotFound { what: "row" })?)
    }

    /// Changes one row; what is absent from `values` stays as it is, null removes.
    pub async fn update_row(
        &self,
        table_key: i64,
        id: i64,
        values: Map<String, Value>,
    ) -> Result<RowRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let row = table_row::Entity::find_by_id(id).filter(table_row::Column::TableId.eq(table_key));
                let row = row.one(transaction).await?.ok_or(StorageError::NotFound { what: "row" })?;
                Ok(change(transaction, row, &values, now).await?.1)
            })
        })
        .await
    }

    /// Changes every row that fulfils all the filters, and returns them as they stand then.
    pub async fn update_rows(
        &self,
        table_key: i64,
        filters: Vec<RowFilter>,
        values: Map<String, Value>,
    ) -> Result<Vec<(RowResult, RowRecord)>, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let mut changed = Vec::new();
                for row in concerned(transaction, table_key, filters).await? {
                    changed.push(change(transaction, row, &values, now).await?);
                }
                Ok(changed)
            })
        })
        .await
    }

    /// Removes every row that fulfils all the filters, and says how many there were.
    pub async fn delete_rows(&self, table_key: i64, filters: Vec<RowFilter>) -> Result<u64, StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let rows = concerned(transaction, table_key, filters).await?;
                let ids = rows.iter().map(|row| row.id);
                let removed = table_row::Entity::delete_many()
                    .filter(table_row::Column::Id.is_in(ids))
                    .exec(transaction)
                    .await?
                    .rows_affected;
                count(transaction, table_key, -i64::try_from(removed).unwrap_or(0)).await?;
                Ok(removed)
            })
        })
        .await
    }

    /// Removes one row.
    pub async fn delete_row(&self, table_key: i64, id: i64) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let row = table_row::Entity::delete_many()
                    .filter(table_row::Column::Id.eq(id))
                    .filter(table_row::Column::TableId.eq(table_key));
                if row.exec(transaction).await?.rows_affected == 0 {
                    return Err(StorageError::NotFound { what: "row" });
                }
                count(transaction, table_key, -1).await
            })
        })
        .await
    }
}

async fn with_key(
    transaction: &DatabaseTransaction,
    table_key: i64,
    key: &str,
) -> Result<Option<table_row::Model>, StorageError> {
    let row = table_row::Entity::find()
        .filter(table_row::Column::TableId.eq(table_key))
        .filter(table_row::Column::Key.eq(key))
        .filter(table_row::Column::Key.is_not_null());
    Ok(row.one(transaction).await?)
}

async fn concerned(
    transaction: &DatabaseTransaction,
    table_key: i64,
    filters: Vec<RowFilter>,
) -> Result<Vec<table_row::Model>, StorageError> {
    let query = RowQuery { filters, limit: MAX_CHANGED_ROWS + 1, ..RowQuery::default() };
    let rows = table_row::Model::find_by_statement(select(table_key, &query)?).all(transaction).await?;
    if u64::try_from(rows.len()).unwrap_or(u64::MAX) > MAX_CHANGED_ROWS {
        return Err(StorageError::TooMany { what: "rows in one change", limit: MAX_CHANGED_ROWS });
    }
    Ok(rows)
}

async fn add(
    transaction: &DatabaseTransaction,
    table_key: i64,
    (key, mut values, made_by): (Option<String>, Map<String, Value>, Option<String>),
    now: Timestamp,
    most: u64,
) -> Result<RowRecord, StorageError> {
    let table = table::Entity::find_by_id(table_key).one(transaction).await?;
    let table = table.ok_or(StorageError::NotFound { what: "table" })?;
    if u64::try_from(table.row_count).unwrap_or(0) >= most {
        return Err(StorageError::TooMany { what: "rows in a table", limit: most });
    }
    values.retain(|_, value| *value != Value::Null);
    let row = table_row::ActiveModel {
        id: NotSet,
        table_id: Set(table_key),
        key: Set(key),
        data: Set(Value::Object(values).to_string()),
        made_by: Set(made_by),
        created_at: Set(now.0),
        updated_at: Set(now.0),
    };
    let row = row.insert(transaction).await?;
    count(transaction, table_key, 1).await?;
    RowRecord::from_row(row)
}

async fn change(
    transaction: &DatabaseTransaction,
    row: table_row::Model,
    values: &Map<String, Value>,
    now: Timestamp,
) -> Result<(RowResult, RowRecord), StorageError> {
    let before = RowRecord::from_row(row.clone())?;
    let mut after = before.values.clone();
    for (column, value) in values {
        if value.is_null() {
            after.remove(column);
        } else {
            after.insert(column.clone(), value.clone());
        }
    }
    if after == before.values {
        return Ok((RowResult::Unchanged, before));
    }
    let mut change = row.into_active_model();
    change.data = Set(Value::Object(after).to_string());
    change.updated_at = Set(now.0);
    Ok((RowResult::Updated, RowRecord::from_row(change.update(transaction).await?)?))
}

async fn count(transaction: &DatabaseTransaction, table_key: i64, change: i64) -> Result<(), StorageError> {
    table::Entity::update_many()
        .col_expr(table::Column::RowCount, Expr::col(table::Column::RowCount).add(change))
        .filter(table::Column::Id.eq(table_key))
        .exec(transaction)
        .await?;
    Ok(())
}

impl RowRecord {
    fn from_row(row: table_row::Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            key: row.key,
            values: serde_json::from_str(&row.data)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}
