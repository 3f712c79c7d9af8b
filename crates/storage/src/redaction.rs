//! Which fields of a workflow's data are about people.

use model::Personal;
use sea_orm::{ConnectionTrait, Statement};

use crate::error::StorageError;
use crate::storage::Storage;

/// What the draft, the published version and one more definition name.
const NAMED: &str = "SELECT json_extract(w.draft, '$.settings.personal'), json_extract(d.document, '$.settings.personal'), \
     (SELECT json_extract(r.document, '$.settings.personal') FROM definitions r WHERE r.id = ?) FROM workflows w \
     LEFT JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.published_version \
     LEFT JOIN definitions d ON d.id = v.definition_id WHERE w.id = ?";

impl Storage {
    /// The fields that are about people: those that the workflow's draft, its published version or the given definition
    /// names, and those that the settings name for every workflow. So a field that is named later is hidden in what was kept
    /// before, too.
    pub async fn personal_fields(
        &self,
        workflow_key: i64,
        definition_key: Option<i64>,
    ) -> Result<Personal, StorageError> {
        let values = [definition_key.unwrap_or_default().into(), workflow_key.into()];
        let statement = Statement::from_sql_and_values(self.read().get_database_backend(), NAMED, values);
        let mut entries: Vec<String> = self.personal_everywhere().to_vec();
        if let Some(row) = self.read().query_one_raw(statement).await? {
            for column in 0..3 {
                let list: Option<String> = row.try_get_by_index(column)?;
                let list: Vec<String> = list.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default();
                entries.extend(list);
            }
        }
        Ok(Personal::of(entries.iter().map(String::as_str)))
    }
}
