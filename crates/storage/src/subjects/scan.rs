//! Reading through whole tables for mentions of a person, piece by piece, so that no statement takes long.

use model::Subject;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::error::StorageError;
use crate::payload;
use crate::storage::Storage;

/// A table and where in it texts stand.
pub(super) struct Scanned {
    table: &'static str,
    /// What a hit is counted by.
    owner: &'static str,
    texts: &'static [&'static str],
    /// Columns with the key of a value that lies compressed beside the row.
    aside: &'static [&'static str],
}

pub(super) const EVENTS: Scanned = Scanned {
    table: "events",
    owner: "id",
    texts: &["headers", "query", "parsed", "body", "dedup_key"],
    aside: &["body_payload_id", "parsed_payload_id"],
};
pub(super) const RUNS: Scanned = Scanned { table: "runs", owner: "id", texts: &["error", "given_params"], aside: &[] };
pub(super) const STEPS: Scanned = Scanned {
    table: "steps",
    owner: "run_id",
    texts: &["output", "error", "state"],
    aside: &["output_payload_id", "state_payload_id"],
};
pub(super) const ATTEMPTS: Scanned =
    Scanned { table: "attempts", owner: "run_id", texts: &["error", "exchanges"], aside: &["exchanges_payload_id"] };
pub(super) const SIGNALS: Scanned = Scanned { table: "signals", owner: "run_id", texts: &["value"], aside: &[] };
pub(super) const DEAD_LETTERS: Scanned =
    Scanned { table: "dead_letters", owner: "run_id", texts: &["message"], aside: &[] };
pub(super) const CONTACTS: Scanned =
    Scanned { table: "contacts", owner: "id", texts: &["email", "fields", "name", "company"], aside: &[] };
pub(super) const MAILS: Scanned =
    Scanned { table: "outbox", owner: "id", texts: &["recipients", "subject", "message"], aside: &[] };
pub(super) const TABLE_ROWS: Scanned =
    Scanned { table: "table_rows", owner: "id", texts: &["key", "data"], aside: &[] };
/// Samples have no number of their own, but their rows have.
pub(super) const SAMPLES: Scanned = Scanned { table: "samples", owner: "rowid", texts: &["value"], aside: &[] };

/// How many rows one statement reads through.
const CHUNK: i64 = 5_000;

/// How many values that lie beside their rows are unpacked at the same time.
const UNPACKED: usize = 20;

impl Storage {
    /// The owners of the rows that mention a person, once for each row.
    pub(super) async fn scan(&self, subject: &Subject, scanned: &Scanned) -> Result<Vec<i64>, StorageError> {
        let mut hits = Vec::new();
        self.scan_rows(subject, scanned, &mut |row| {
            hits.push(row.try_get_by_index(0)?);
            Ok(())
        })
        .await?;
        let aside = self.scan_aside(subject, scanned).await?;
        hits.extend(aside);
        Ok(hits)
    }

    /// The same for a table whose rows have ids.
    pub(super) async fn scan_ids(&self, subject: &Subject, scanned: &Scanned) -> Result<Vec<Uuid>, StorageError> {
        let mut hits = Vec::new();
        self.scan_rows(subject, scanned, &mut |row| {
            hits.push(row.try_get_by_index(0)?);
            Ok(())
        })
        .await?;
        Ok(hits)
    }

    async fn scan_rows(
        &self,
        subject: &Subject,
        scanned: &Scanned,
        hit: &mut (dyn FnMut(&QueryResult) -> Result<(), StorageError> + Send),
    ) -> Result<(), StorageError> {
        let needles = subject.needles();
        let mentions = |column: &&str| {
            let one = format!("instr(lower(CAST({column} AS TEXT)), ?) > 0");
            format!("({})", vec![one; needles.len()].join(" AND "))
        };
        let texts = scanned.texts.iter().map(|column| format!("CAST({column} AS BLOB)")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {}, {texts} FROM {} WHERE rowid >= ? AND rowid < ? AND ({})",
            scanned.owner,
            scanned.table,
            scanned.texts.iter().map(mentions).collect::<Vec<_>>().join(" OR ")
        );
        for from in self.chunks(scanned.table).await? {
            let mut values: Vec<Value> = vec![from.into(), (from + CHUNK).into()];
            values.extend(scanned.texts.iter().flat_map(|_| needles.iter().map(|needle| Value::from(*needle))));
            let statement = Statement::from_sql_and_values(self.read().get_database_backend(), &sql, values);
            for row in self.read().query_all_raw(statement).await? {
                // The database knows where it may stand; whether it does is decided here.
                let mut is_hit = false;
                for index in 1..=scanned.texts.len() {
                    let text: Option<Vec<u8>> = row.try_get_by_index(index)?;
                    is_hit = is_hit || text.is_some_and(|text| subject.is_in(&text));
                }
                if is_hit {
                    hit(&row)?;
                }
            }
        }
        Ok(())
    }

    async fn scan_aside(&self, subject: &Subject, scanned: &Scanned) -> Result<Vec<i64>, StorageError> {
        let mut hits = Vec::new();
        for column in scanned.aside {
            let sql = format!(
                "SELECT {}, {column} FROM {} WHERE rowid >= ? AND rowid < ? AND {column} IS NOT NULL",
                scanned.owner, scanned.table
            );
            for from in self.chunks(scanned.table).await? {
                let values = [from.into(), (from + CHUNK).into()];
                let statement = Statement::from_sql_and_values(self.read().get_database_backend(), &sql, values);
                let rows = self.read().query_all_raw(statement).await?;
                let pairs: Result<Vec<(i64, i64)>, StorageError> =
                    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect();
                for pairs in pairs?.chunks(UNPACKED) {
                    let ids = pairs.iter().map(|(_, id)| *id).collect();
                    let unpacked = payload::load_many(self.read(), ids).await?;
                    let mentions = |id: &i64| unpacked.get(id).is_some_and(|bytes| subject.is_in(bytes));
                    hits.extend(pairs.iter().filter(|(_, id)| mentions(id)).map(|(owner, _)| *owner));
                }
            }
        }
        Ok(hits)
    }

    /// Where the pieces of a table begin.
    async fn chunks(&self, table: &str) -> Result<impl Iterator<Item = i64> + use<>, StorageError> {
        let bound = async |which: &str| -> Result<Option<i64>, StorageError> {
            let sql = format!("SELECT {which}(rowid) FROM {table}");
            let statement = Statement::from_string(self.read().get_database_backend(), sql);
            let row = self.read().query_one_raw(statement).await?;
            Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.flatten())
        };
        let (low, high) = (bound("MIN").await?, bound("MAX").await?);
        let whole = low.zip(high).map(|(low, high)| (low..=high).step_by(usize::try_from(CHUNK).unwrap_or(1)));
        Ok(whole.into_iter().flatten())
    }
}
