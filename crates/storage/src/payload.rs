//! Values that are small enough stand in their row; big ones go compressed into a table of their own.

use std::collections::BTreeMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::entities::payload;
use crate::error::StorageError;

/// A value on its way into the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Stands in the row.
    Inline(Vec<u8>),
    /// Goes beside it; `bytes` are compressed.
    Aside { bytes: Vec<u8>, size_bytes: usize },
}

const ZSTD: &str = "zstd";

/// Fast and still two to five times smaller for JSON.
const COMPRESSION_LEVEL: i32 = 1;

/// What a compressed value may grow to when it is read, in bytes. Nothing larger is ever written.
const MAX_BYTES: usize = 1 << 30;

impl Payload {
    /// Decides by size, and compresses what goes aside.
    pub(crate) fn pack(bytes: Vec<u8>, inline_bytes: usize) -> Result<Self, StorageError> {
        if bytes.len() <= inline_bytes {
            return Ok(Self::Inline(bytes));
        }
        let size_bytes = bytes.len();
        let bytes = zstd::bulk::compress(&bytes, COMPRESSION_LEVEL)?;
        Ok(Self::Aside { bytes, size_bytes })
    }

    /// Splits it into what stands in the row and the row beside it, if any.
    pub(crate) fn split(self, next_id: &mut i64) -> (Option<Vec<u8>>, Option<payload::ActiveModel>) {
        match self {
            Self::Inline(bytes) => (Some(bytes), None),
            Self::Aside { bytes, size_bytes } => {
                let id = *next_id;
                *next_id += 1;
                let row = payload::ActiveModel {
                    id: Set(id),
                    encoding: Set(ZSTD.to_owned()),
                    size_bytes: Set(i64::try_from(size_bytes).unwrap_or(i64::MAX)),
                    bytes: Set(bytes),
                };
                (None, Some(row))
            }
        }
    }
}

/// A value as it lies aside, and its size before it was compressed.
pub(crate) fn compressed(bytes: &[u8]) -> Result<(Vec<u8>, i64), StorageError> {
    Ok((zstd::bulk::compress(bytes, COMPRESSION_LEVEL)?, i64::try_from(bytes.len()).unwrap_or(i64::MAX)))
}

/// Reads one value that went aside.
pub(crate) async fn load(connection: &impl ConnectionTrait, id: i64) -> Result<Vec<u8>, StorageError> {
    let row = payload::Entity::find_by_id(id).one(connection).await?;
    unpack(&row.ok_or_else(|| StorageError::Corrupt(format!("payload {id} is missing")))?)
}

/// Reads several values that went aside, by their id.
pub(crate) async fn load_many(
    connection: &impl ConnectionTrait,
    ids: Vec<i64>,
) -> Result<BTreeMap<i64, Vec<u8>>, StorageError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = payload::Entity::find().filter(payload::Column::Id.is_in(ids)).all(connection).await?;
    rows.into_iter().map(|row| Ok((row.id, unpack(&row)?))).collect()
}

/// Turns stored bytes back into text.
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String, StorageError> {
    String::from_utf8(bytes).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn unpack(row: &payload::Model) -> Result<Vec<u8>, StorageError> {
    if row.encoding != ZSTD {
        return Err(StorageError::Corrupt(format!("payload {} has the unknown encoding {}", row.id, row.encoding)));
    }
    let size = usize::try_from(row.size_bytes).unwrap_or(MAX_BYTES).min(MAX_BYTES);
    Ok(zstd::bulk::decompress(&row.bytes, size)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_value_stays_in_its_row() {
        let payload = Payload::pack(b"small".to_vec(), 10).unwrap();
        assert_eq!(payload.split(&mut 1), (Some(b"small".to_vec()), None));
    }

    #[test]
    fn a_big_value_goes_compressed_beside_it_and_comes_back_whole() {
        let value = b"abc".repeat(10_000);
        let mut next_id = 7;
        let (inline, row) = Payload::pack(value.clone(), 10).unwrap().split(&mut next_id);
        let row = row.unwrap();
        assert_eq!((inline, next_id, row.id.clone().unwrap()), (None, 8, 7));
        let stored = payload::Model {
            id: 7,
            encoding: row.encoding.unwrap(),
            size_bytes: row.size_bytes.unwrap(),
            bytes: row.bytes.unwrap(),
        };
        assert!(stored.bytes.len() < 1_000);
        assert_eq!(unpack(&stored).unwrap(), value);
    }
}
