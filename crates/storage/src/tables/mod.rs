//! Built-in tables: named, with columns that the caller knows the types of, and rows that steps and people read and write.

mod query;
mod rows;

use model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::Value;
use uuid::Uuid;

use crate::entities::{table, table_row};
use crate::error::StorageError;
use crate::storage::Storage;

pub use query::{RowFilter, RowOrder, RowQuery, RowTest};
pub use rows::{RowRecord, RowResult};

/// How many tables there may be.
const MAX_TABLES: u64 = 200;

/// A built-in table without its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRecord {
    /// Its key, for other functions of this crate.
    pub key: i64,
    /// Its id.
    pub id: Uuid,
    /// What people and steps call it; no two have the same.
    pub name: String,
    /// What the caller wants to know of its columns.
    pub columns: Value,
    /// How many rows it has.
    pub rows: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name or columns last changed.
    pub updated_at: Timestamp,
}

impl Storage {
    /// Makes a table.
    pub async fn create_table(&self, name: &str, columns: &Value) -> Result<TableRecord, StorageError> {
        let now = self.now();
        let row = table::ActiveModel {
            id: NotSet,
            public_id: Set(model::id::time_ordered()),
            name: Set(name.to_owned()),
            columns: Set(columns.to_string()),
            row_count: Set(0),
            created_at: Set(now.0),
            updated_at: Set(now.0),
        };
        self.write(move |transaction| {
            Box::pin(async move {
                must_be_free(transaction, row.name.as_ref(), None).await?;
                let tables = table::Entity::find().all(transaction).await?;
                if u64::try_from(tables.len()).unwrap_or(u64::MAX) >= MAX_TABLES {
                    return Err(StorageError::TooMany { what: "tables", limit: MAX_TABLES });
                }
                TableRecord::from_row(row.insert(transaction).await?)
            })
        })
        .await
    }

    /// The tables by name.
    pub async fn tables(&self) -> Result<Vec<TableRecord>, StorageError> {
        let rows = table::Entity::find().order_by_asc(table::Column::Name).all(self.read()).await?;
        rows.into_iter().map(TableRecord::from_row).collect()
    }

    /// One table, by its name or its id.
    pub async fn table(&self, name_or_id: &str) -> Result<TableRecord, StorageError> {
        let named = match name_or_id.parse::<Uuid>() {
            Ok(id) => table::Column::PublicId.eq(id).or(table::Column::Name.eq(name_or_id)),
            Err(_) => table::Column::Name.eq(name_or_id),
        };
        let row = table::Entity::find().filter(named).one(self.read()).await?;
        TableRecord::from_row(row.ok_or(NOT_FOUND)?)
    }

    /// Changes what a table is called or what its columns are; its rows stay as they are.
    pub async fn update_table(
        &self,
        id: Uuid,
        name: Option<String>,
        columns: Option<Value>,
    ) -> Result<TableRecord, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let mut change = find(transaction, id).await?.into_active_model();
                if let Some(name) = name {
                    must_be_free(transaction, &name, Some(id)).await?;
                    change.name = Set(name);
                }
                if let Some(columns) = columns {
                    change.columns = Set(columns.to_string());
                }
                change.updated_at = Set(now.0);
                TableRecord::from_row(change.update(transaction).await?)
            })
        })
        .await
    }

    /// Removes a table with all its rows for good.
    pub async fn delete_table(&self, id: Uuid) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let row = find(transaction, id).await?;
                table_row::Entity::delete_many()
                    .filter(table_row::Column::TableId.eq(row.id))
                    .exec(transaction)
                    .await?;
                table::Entity::delete_by_id(row.id).exec(transaction).await?;
                Ok(())
            })
        })
        .await
    }
}

const NOT_FOUND: StorageError = StorageError::NotFound { what: "table" };

async fn find(connection: &impl ConnectionTrait, id: Uuid) -> Result<table::Model, StorageError> {
    table::Entity::find().filter(table::Column::PublicId.eq(id)).one(connection).await?.ok_or(NOT_FOUND)
}

/// Capitals do not make two names different: a person would not tell them apart.
async fn must_be_free(connection: &impl ConnectionTrait, name: &str, own: Option<Uuid>) -> Result<(), StorageError> {
    let same = Expr::expr(sea_orm::sea_query::Func::lower(Expr::col(table::Column::Name))).eq(name.to_lowercase());
    let found = table::Entity::find().filter(same).all(connection).await?;
    if found.iter().any(|row| Some(row.public_id) != own) {
        return Err(StorageError::AlreadyExists { what: "a table with this name" });
    }
    Ok(())
}

impl TableRecord {
    fn from_row(row: table::Model) -> Result<Self, StorageError> {
        Ok(Self {
            key: row.id,
            id: row.public_id,
            name: row.name,
            columns: serde_json::from_str(&row.columns)?,
            rows: u64::try_from(row.row_count).unwrap_or(0),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}
