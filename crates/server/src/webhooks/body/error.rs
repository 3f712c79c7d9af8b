//! Why a body could not be read.

use std::fmt;

/// A body that could not be read: what is wrong and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyError {
    /// The kind of fault.
    pub code: BodyErrorCode,
    /// What is wrong, in English, in a sentence or two.
    pub detail: String,
    /// Where in the (decompressed) body.
    pub position: Option<Position>,
}

/// The kinds of fault; a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyErrorCode {
    /// It is not what its `Content-Type` says.
    Invalid,
    /// It, or a part of it, is larger than allowed.
    TooLarge,
    /// It has more values, or lies deeper, than allowed.
    TooComplex,
    /// Its `Content-Encoding` is not understood.
    UnsupportedEncoding,
    /// Its charset is not known.
    UnsupportedCharset,
}

impl BodyErrorCode {
    /// The code as it is shown in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid_body",
            Self::TooLarge => "body_too_large",
            Self::TooComplex => "body_too_complex",
            Self::UnsupportedEncoding => "unsupported_content_encoding",
            Self::UnsupportedCharset => "unsupported_charset",
        }
    }

    /// The status of the answer (RFC 9110).
    pub fn status(self) -> u16 {
        match self {
            Self::Invalid | Self::TooComplex => 400,
            Self::TooLarge => 413,
            Self::UnsupportedEncoding | Self::UnsupportedCharset => 415,
        }
    }
}

/// A place in a body; line and column begin at 1, the byte at 0. The column counts bytes of the line's UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    /// The line, beginning at 1.
    pub line: usize,
    /// The column, beginning at 1.
    pub column: usize,
    /// The offset from the beginning.
    pub byte: usize,
}

impl Position {
    /// The place of a byte.
    pub(super) fn of_byte(text: &[u8], byte: usize) -> Self {
        let before = &text[..byte.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Self { line: memchr::memchr_iter(b'\n', before).count() + 1, column: before.len() - line_start + 1, byte }
    }
}

impl BodyError {
    pub(super) fn new(code: BodyErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), position: None }
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(BodyErrorCode::Invalid, detail)
    }

    pub(super) fn too_complex(detail: impl Into<String>) -> Self {
        Self::new(BodyErrorCode::TooComplex, detail)
    }

    pub(super) fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)?;
        match self.position {
            Some(at) => write!(formatter, " (line {}, column {}, byte {})", at.line, at.column, at.byte),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BodyError {}
