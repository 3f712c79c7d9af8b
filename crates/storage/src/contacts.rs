//! The built-in contact table: one row for each e-mail address.

use model::Timestamp;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::entities::contact;
use crate::error::StorageError;
use crate::storage::Storage;

/// What is to be known of a contact; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactInput {
    /// The e-mail address; upper and lower case count the same.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// Telephone number as written.
    pub phone: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Further fields, merged by name; null removes one.
    pub fields: Map<String, Value>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contact {
    /// Its id.
    pub id: Uuid,
    /// The e-mail address in lower case.
    pub email: String,
    /// Full name.
    pub name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Further fields.
    pub fields: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which contacts to list.
#[derive(Debug, Clone, Default)]
pub struct ContactFilter {
    /// Only those with this text in address, name, phone, company or another field, however it is capitalised.
    pub text: Option<String>,
    /// Only those whose address comes after this one in the alphabet.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u64,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactResult {
    /// It is new.
    Created,
    /// Something about it changed.
    Updated,
    /// Everything was known already.
    Unchanged,
}

impl ContactResult {
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
    /// Makes a contact or changes the fields given.
    pub async fn upsert_contact(&self, input: ContactInput) -> Result<(ContactResult, Contact), StorageError> {
        let now = self.now();
        self.write(move |transaction| Box::pin(upsert(transaction, input, now))).await
    }

    /// Looks a contact up by its e-mail address.
    pub async fn find_contact(&self, email: &str) -> Result<Option<Contact>, StorageError> {
        find(self.read(), &normal(email)).await?.map(Contact::from_row).transpose()
    }

    /// Contacts by e-mail address, at most `limit`, after `after` when given.
    pub async fn contacts(&self, after: Option<&str>, limit: u64) -> Result<Vec<Contact>, StorageError> {
        let filter = ContactFilter { after: after.map(str::to_owned), limit, text: None };
        self.find_contacts(&filter).await
    }

    /// Contacts by e-mail address.
    pub async fn find_contacts(&self, filter: &ContactFilter) -> Result<Vec<Contact>, StorageError> {
        let mut query = contact::Entity::find().order_by_asc(contact::Column::Email).limit(filter.limit);
        if let Some(after) = &filter.after {
            query = query.filter(contact::Column::Email.gt(normal(after)));
        }
        if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            query = query.filter(mentions(text));
        }
        query.all(self.read()).await?.into_iter().map(Contact::from_row).collect()
    }

    /// How many contacts there are.
    pub async fn count_contacts(&self) -> Result<u64, StorageError> {
        Ok(contact::Entity::find().count(self.read()).await?)
    }

    /// Removes a contact for good.
    pub async fn delete_contact(&self, id: Uuid) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let deleted = contact::Entity::delete_by_id(id).exec(transaction).await?;
                if deleted.rows_affected == 0 { Err(StorageError::NotFound { what: "contact" }) } else { Ok(()) }
            })
        })
        .await
    }
}

fn mentions(text: &str) -> SimpleExpr {
    Expr::cust_with_values(
        "instr(lower(email || ' ' || COALESCE(name, '') || ' ' || COALESCE(phone, '') || ' ' || COALESCE(company, '') \
         || ' ' || fields), lower(?)) > 0",
        [text],
    )
}

async fn upsert(
    transaction: &sea_orm::DatabaseTransaction,
    input: ContactInput,
    now: Timestamp,
) -> Result<(ContactResult, Contact), StorageError> {
    let email = normal(&input.email);
    let Some(row) = find(transaction, &email).await? else {
        let mut fields = input.fields;
        fields.retain(|_, value| !value.is_null());
        let row = contact::ActiveModel {
            id: Set(model::id::time_ordered()),
            email: Set(email),
            name: Set(input.name),
            phone: Set(input.phone),
            company: Set(input.company),
            fields: Set(serde_json::to_string(&fields)?),
            created_at: Set(now.0),
            updated_at: Set(now.0),
        };
        return Ok((ContactResult::Created, Contact::from_row(row.insert(transaction).await?)?));
    };
    let before = Contact::from_row(row.clone())?;
    let mut after = before.clone();
    after.name = input.name.or(after.name);
    after.phone = input.phone.or(after.phone);
    after.company = input.company.or(after.company);
    for (name, value) in input.fields {
        if value.is_null() {
            after.fields.remove(&name);
        } else {
            after.fields.insert(name, value);
        }
    }
    if after == before {
        return Ok((ContactResult::Unchanged, before));
    }
    let mut change = row.into_active_model();
    change.name = Set(after.name);
    change.phone = Set(after.phone);
    change.company = Set(after.company);
    change.fields = Set(serde_json::to_string(&after.fields)?);
    change.updated_at = Set(now.0);
    Ok((ContactResult::Updated, Contact::from_row(change.update(transaction).await?)?))
}

async fn find(connection: &impl ConnectionTrait, email: &str) -> Result<Option<contact::Model>, StorageError> {
    Ok(contact::Entity::find().filter(contact::Column::Email.eq(email)).one(connection).await?)
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Contact {
    fn from_row(row: contact::Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            phone: row.phone,
            company: row.company,
            fields: serde_json::from_str(&row.fields)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}
