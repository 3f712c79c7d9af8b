//! HTTP requests: checked, sent with their credential, followed through redirects, read within limits.

mod answer;
mod body;
mod failure;
mod outgoing;
mod redirect;
mod retry_after;
mod signature;

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ErrorCode, NodeError, Timestamp};
use nodes::effect::{HttpReply, HttpRequest, Reply};
use nodes::manifest::Apply;
use reqwest::header::HeaderMap;
use reqwest::{Client, Request, Response};
use serde_json::Value;

use self::answer::{Answer, ReadFailure};
use self::outgoing::{Outgoing, host_and_port};
use super::exchange::{Record, joined_headers, shortened, shown_headers};
use super::redact::Redactor;
use super::resolve::Resolver;
use super::settings::EffectSettings;
use super::stored::Stored;
use super::trust::Trust;
use super::{Call, Done, EffectError, EffectSetupError, hosts};

/// Sends HTTP requests. One connection pool serves all of them.
pub(super) struct HttpSender {
    client: Client,
    resolver: Resolver,
    settings: Arc<EffectSettings>,
    stored: Stored,
}

impl HttpSender {
    /// A sender that reaches only what `resolver` permits and trusts only what is in `trust`.
    pub(super) fn new(
        settings: Arc<EffectSettings>,
        resolver: Resolver,
        trust: &Trust,
        stored: Stored,
    ) -> Result<Self, EffectSetupError> {
        let mut tls = trust.client_config()?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver.clone())
            // A proxy would connect to addresses that were never checked, and a redirect must be judged hop by hop.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .pool_idle_timeout(Duration::from_millis(settings.idle_connection_ms))
            .pool_max_idle_per_host(settings.idle_connections_per_host)
            .user_agent(settings.user_agent.as_str())
            .build()
            .map_err(|error| EffectSetupError::Client(super::cause::innermost(&error).to_string()))?;
        Ok(Self { client, resolver, settings, stored })
    }

    /// Sends `request` and reads its answer, within the call's time.
    pub(super) async fn send(&self, request: &HttpRequest, call: &Call<'_>) -> Result<Done, EffectError> {
        let redactor = Redactor::new(call.credential);
        let mut record = Record::default();
        let mut name = request.method.clone();
        let started = Instant::now();
        let work = Box::pin(self.attempt(request, call, &redactor, &mut record, &mut name));
        let result = tokio::time::timeout(Duration::from_millis(call.timeout_ms), work)
            .await
            .unwrap_or_else(|_| Err(failure::timed_out(&name, call.timeout_ms)));
        let is_out = record.is_out;
        let exchange = record.finish(started.elapsed(), &redactor);
        match result {
            Ok(reply) => Ok(Done { reply: Reply::Http(reply), exchange }),
            Err(error) => Err(EffectError::uncertain(redactor.error(error), exchange, is_out)),
        }
    }

    async fn attempt(
        &self,
        request: &HttpRequest,
        call: &Call<'_>,
        redactor: &Redactor,
        record: &mut Record,
        name: &mut String,
    ) -> Result<HttpReply, NodeError> {
        let mut outgoing = Outgoing::prepare(request, call.idempotency_key, &self.stored, &self.settings).await?;
        let most_redirects = self.settings.max_redirects.min(request.redirects.unwrap_or(u32::MAX));
        let mut with_credential = call.credential.is_some();
        let mut redirects = 0;
        loop {
            *name = outgoing.name();
            self.check_reach(&outgoing, call, with_credential)?;
            let wire = wire_request(&outgoing, call, with_credential, self.stored.now())?;
            note_request(record, &wire, &outgoing.shown_body);
            record.is_out = true;
            let mut response = self.client.execute(wire).await.map_err(|error| {
                record.is_out = !failure::was_not_sent(&error);
                failure::failure(&error, name, &host_and_port(&outgoing.url))
            })?;
            let next = match most_redirects {
                0 => None,
                _ => redirect::target(response.status(), response.headers(), &outgoing.url)?,
            };
            let Some(next) = next else {
                return self.read(request, (call, redactor), record, &outgoing, &mut response).await;
            };
            record.is_out = false;
            redirects += 1;
            if redirects > most_redirects {
                return Err(too_many_redirects(name, most_redirects));
            }
            record.redirected(response.status().as_u16(), next.as_str());
            with_credential = redirect::follow(&mut outgoing, response.status(), next, with_credential)?;
        }
    }

    /// Whether the node, and the credential if there is one, may go to this address.
    fn check_reach(&self, outgoing: &Outgoing, call: &Call<'_>, with_credential: bool) -> Result<(), NodeError> {
        // A node type without hosts of its own reaches those of its credential, and nothing else.
        match call.credential {
            Some(credential) if call.allowed_hosts.is_empty() => hosts::check_node(&credential.hosts, &outgoing.url)?,
            _ => hosts::check_node(call.allowed_hosts, &outgoing.url)?,
        }
        if let Some(credential) = call.credential.filter(|_| with_credential) {
            hosts::check_credential(&credential.hosts, &outgoing.url)?;
        }
        self.resolver.check_literal(&outgoing.url)
    }

    async fn read(
        &self,
        request: &HttpRequest,
        (call, redactor): (&Call<'_>, &Redactor),
        record: &mut Record,
        outgoing: &Outgoing,
        response: &mut Response,
    ) -> Result<HttpReply, NodeError> {
        let status = response.status();
        let headers: HeaderMap = response.headers().clone();
        record.response.insert("status".to_owned(), status.as_u16().into());
        record.response.insert("url".to_owned(), outgoing.url.as_str().into());
        record.response.insert("headers".to_owned(), shown_headers(&headers));
        let name = outgoing.name();
        let limit = self.settings.max_response_bytes;
        let body = answer::read(response, limit).await;
        // An answer that broke off tells little, one that is too large or cannot be read tells that the request arrived.
        record.is_out = matches!(body, Err(ReadFailure::Broken(_)));
        let body = body.map_err(|problem| match problem {
            ReadFailure::TooLarge => NodeError::permanent(
                ErrorCode::TooLarge,
                format!(
                    "{name} was answered with more than the {limit} bytes that may be read. Ask for less at a time."
                ),
            ),
            ReadFailure::Broken(error) => failure::failure(&error, &name, &host_and_port(&outgoing.url)),
        })?;
        // Whatever the other side sent is read from here on, and may be too much for the process.
        crate::at_work::busy();
        let answer = Answer { request_name: &name, status, headers: &headers, url: &outgoing.url, run: call.run, body };
        let body = answer.value(request.response, redactor, &self.stored).await?;
        record.response.insert("body".to_owned(), shortened(body.clone(), self.settings.exchange_excerpt_bytes));
        let shown = redactor.value(Value::Object(joined_headers(&headers)));
        Ok(HttpReply {
            status: status.as_u16(),
            headers: shown.as_object().cloned().unwrap_or_default(),
            body,
            url: redactor.text(outgoing.url.as_str()).into_owned(),
            retry_after_ms: retry_after::retry_after_ms(&headers, self.stored.now()),
        })
    }
}

/// The request as it goes out, with its credential.
fn wire_request(
    outgoing: &Outgoing,
    call: &Call<'_>,
    with_credential: bool,
    now: Timestamp,
) -> Result<Request, NodeError> {
    let mut url = outgoing.url.clone();
    let mut headers = outgoing.headers.clone();
    if let Some(credential) = call.credential.filter(|_| with_credential) {
        match &credential.kind.apply {
            Apply::StandardWebhooks { secret } => {
                let body = outgoing.body.as_deref().unwrap_or_default();
                headers.extend(signature::sign(credential, secret, call.idempotency_key, now, body)?);
            }
            _ => credential.apply(&mut url, &mut headers)?,
        }
    }
    let mut wire = Request::new(outgoing.method.clone(), url);
    *wire.headers_mut() = headers;
    *wire.body_mut() = outgoing.body.clone().map(Into::into);
    Ok(wire)
}

fn note_request(record: &mut Record, wire: &Request, shown_body: &Value) {
    record.request.insert("method".to_owned(), wire.method().as_str().into());
    record.request.insert("url".to_owned(), wire.url().as_str().into());
    record.request.insert("headers".to_owned(), shown_headers(wire.headers()));
    record.request.insert("body".to_owned(), shown_body.clone());
}

fn too_many_redirects(name: &str, limit: u32) -> NodeError {
    NodeError::permanent(
        ErrorCode::Response,
        format!("{name} was redirected more than {limit} times. Check the address; it may lead in a circle."),
    )
}
