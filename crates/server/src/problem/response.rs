//! How a problem is sent.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};

use super::{MEDIA_TYPE, Problem, ProblemCode};

impl Problem {
    /// The problem that stands for a bare status that something outside our handlers answered with.
    pub fn of_status(status: u16) -> Option<Self> {
        let problem = match status {
            401 => Self::unauthenticated(),
            403 => Self::forbidden(),
            404 => Self::new(ProblemCode::NotFound, "There is nothing at this address."),
            405 => Self::new(ProblemCode::MethodNotAllowed, "This address does not take this method."),
            413 => Self::new(ProblemCode::TooLarge, "The body is too large."),
            415 => Self::new(ProblemCode::UnsupportedMediaType, "Send the body as application/json."),
            400..=499 => Self::new(ProblemCode::BadRequest, "The request cannot be understood."),
            500..=599 => Self::unexpected("an answer without a reason"),
            _ => return None,
        };
        Some(problem)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(methods) = self.allowed_methods.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.insert_header((header::ALLOW, methods));
        }
        if self.code() == ProblemCode::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"Stellwerk\""));
        }
        response.body(serde_json::to_vec(&self.document).unwrap_or_default())
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse<BoxBody> {
        // Through the error, so that a middleware finds the problem in the response.
        HttpResponse::from_error(self)
    }
}
