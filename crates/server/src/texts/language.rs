//! Which language somebody reads.

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header;

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

/// The cookie that remembers what somebody chose.
pub const LANGUAGE_COOKIE: &str = "stellwerk_language";

impl Language {
    /// The code for `lang` attributes (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::En, Self::De].into_iter().find(|language| language.code() == code)
    }

    /// What the browser chose by a cookie, else what it prefers, else English.
    pub fn of_request(request: &HttpRequest) -> Self {
        let chosen = request.cookie(LANGUAGE_COOKIE).and_then(|cookie| Self::from_code(cookie.value()));
        let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen.or_else(|| accepted.and_then(Self::preferred)).unwrap_or(Self::En)
    }

    /// The same before the request has reached its handler.
    pub fn of_service_request(request: &ServiceRequest) -> Self {
        Self::of_request(request.request())
    }

    /// The first language of an `Accept-Language` (RFC 9110 §12.5.4) that the product speaks, by weight.
    fn preferred(accepted: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in accepted.split(',') {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameter.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let (Some(language), Some(weight)) = (Self::from_code(&primary), weight)
                && weight > best.map_or(0.0, |(weight, _)| weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::cookie::Cookie;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_language_follows_the_choice_then_the_browser() {
        let cases = [
            (None, "", Language::En),
            (None, "de", Language::De),
            (None, "de-AT,de;q=0.9,en;q=0.8", Language::De),
            (None, "fr, en;q=0.5, de;q=0.7", Language::De),
            (None, "fr", Language::En),
            (None, "de;q=0", Language::En),
            (None, "de;q=x, *", Language::En),
            (Some("en"), "de", Language::En),
            (Some("xx"), "de", Language::De),
        ];
        for (chosen, accepted, expected) in cases {
            let mut request = TestRequest::default().insert_header((header::ACCEPT_LANGUAGE, accepted));
            if let Some(chosen) = chosen {
                request = request.cookie(Cookie::new(LANGUAGE_COOKIE, chosen));
            }
            assert_eq!(Language::of_request(&request.to_http_request()), expected, "{chosen:?} {accepted}");
        }
    }
}
