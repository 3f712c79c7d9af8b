//! Shows errors the way the client understands: programs get `application/problem+json`, people get a page.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError};

use super::is_for_programs;
use crate::auth::Accounts;
use crate::pages;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::texts::Language;

/// Turns errors of handlers, and bare error statuses such as actix's own 404 and 405, into what the client understands.
pub async fn present_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let for_programs = is_for_programs(request.path());
    let asked = Asked {
        language: Language::of_service_request(&request),
        is_read: matches!(*request.method(), Method::GET | Method::HEAD),
        path_and_query: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
    };
    let response = next.call(request).await?;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response.map_into_boxed_body());
    }
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_problem = content_type.is_some_and(|text| text.starts_with(MEDIA_TYPE));
    // A handler that answers an error status with a body of its own (a form with a hint) means it, and so does a workflow
    // that answers its webhook with an error status and no body.
    let is_answer = response.request().path().starts_with("/hooks/") && response.request().match_pattern().is_some();
    let is_bare = response.response().error().is_some() || (content_type.is_none() && !is_answer);
    if (for_programs && is_problem) || !is_bare {
        return Ok(response.map_into_boxed_body());
    }
    let cause = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let Some(problem) = cause.or_else(|| Problem::of_status(status.as_u16())) else {
        return Ok(response.map_into_boxed_body());
    };
    let allowed = response.headers().get(header::ALLOW).cloned();
    let (request, _) = response.into_parts();
    let mut answer = if for_programs {
        problem.error_response()
    } else {
        let signed_in = match request.app_data::<Data<Accounts>>() {
            Some(accounts) => accounts.signed_in(&request).await.ok(),
            None => None,
        };
        let path = asked.is_read.then_some(asked.path_and_query.as_str());
        let visitor = signed_in.as_ref().map(|signed_in| (&request, signed_in));
        pages::error_page(&problem, asked.language, path, visitor)
    };
    if let Some(allowed) = allowed {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    Ok(ServiceResponse::new(request, answer))
}

/// What has to be known of the request once it is gone.
struct Asked {
    language: Language,
    is_read: bool,
    path_and_query: String,
}
