//! The closed list of problem codes.

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// What can go wrong, by a code that never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it is sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What it means, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    InvalidJson = "invalid_json", 400, "The body is not valid JSON";
    /// The body of a webhook request is not what its `Content-Type` says.
    InvalidBody = "invalid_body", 400, "The body is not what its Content-Type says";
    /// The body of a webhook request has too many values or lies too deep.
    BodyTooComplex = "body_too_complex", 400, "The body is too complex";
    /// The query string has an unknown or impossible value.
    InvalidQuery = "invalid_query", 400, "The query string cannot be used";
    /// The request cannot be understood for another reason.
    BadRequest = "bad_request", 400, "The request cannot be understood";
    /// Nobody is signed in.
    Unauthenticated = "unauthenticated", 401, "Sign-in needed";
    /// Address or password are wrong.
    WrongCredentials = "wrong_credentials", 401, "E-mail address or password are wrong";
    /// Signed in, but not allowed.
    Forbidden = "forbidden", 403, "Not allowed";
    /// A request with a cookie that did not come from our own pages.
    CrossSite = "cross_site", 403, "The request did not come from this site";
    /// Nothing is there.
    NotFound = "not_found", 404, "Not found";
    /// The method is not meant for this address.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// Somebody else changed it in the meantime.
    RevisionConflict = "revision_conflict", 409, "Changed in the meantime";
    /// It is not in the state that this needs.
    WrongState = "wrong_state", 409, "Not possible in this state";
    /// There is one already.
    AlreadyExists = "already_exists", 409, "There already";
    /// Something else needs it.
    InUse = "in_use", 409, "In use";
    /// It is larger than allowed.
    TooLarge = "too_large", 413, "Too large";
    /// The type of the body is not understood.
    UnsupportedMediaType = "unsupported_media_type", 415, "Media type not supported";
    /// The compression of the body is not understood.
    UnsupportedContentEncoding = "unsupported_content_encoding", 415, "Content-Encoding not supported";
    /// The charset of the body is not known.
    UnsupportedCharset = "unsupported_charset", 415, "Charset not supported";
    /// The JSON does not have the expected members and types.
    InvalidRequest = "invalid_request", 422, "The request does not have the expected form";
    /// A draft has problems.
    InvalidDefinition = "invalid_definition", 422, "The workflow has problems";
    /// An expression cannot be read or computed.
    InvalidExpression = "invalid_expression", 422, "The expression cannot be computed";
    /// Too many attempts in a short time.
    TooManyRequests = "too_many_requests", 429, "Too many attempts";
    /// A fault of Stellwerk itself.
    Internal = "internal", 500, "Something went wrong here";
    /// Not possible right now.
    Unavailable = "unavailable", 503, "Not possible right now";
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
