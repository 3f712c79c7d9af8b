//! A server's pages in memory, and a browser that keeps cookies.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Data, get, post, resource};
use actix_web::{App, Error, HttpResponse};
use engine::effects::Effects;
use engine::{Engine, Vault};
use model::clock::SystemClock;
use nodes::Catalogue;
use server::auth::{Accounts, Caller};
use server::config::Config;
use server::middleware::{log_requests, present_errors, security_headers};
use server::pages::{Site, configure_pages};
use server::parts;
use server::webhooks::Endpoints;
use storage::{Role, Storage};
use tempfile::TempDir;

/// A data directory with its storage and settings.
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) storage: Storage,
    pub(crate) accounts: Data<Accounts>,
    pub(crate) engine: Engine,
    catalogue: Arc<Catalogue>,
    _directory: TempDir,
}

impl Server {
    /// A fresh server with these `STELLWERK_*` variables.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut all: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert("STELLWERK_DATA_DIR".to_owned(), directory.path().to_str().unwrap().to_owned());
        let config = server::config::load_from(&all, directory.path()).unwrap().config;
        let storage = parts::open_storage(&config, Role::Server).await.unwrap();
        let accounts = Data::new(Accounts::new(storage.clone(), &config));
        let catalogue = Arc::new(parts::load_catalogue(&config).unwrap());
        let engine = engine_of(&config, &storage, &catalogue);
        Self { config, storage, accounts, engine, catalogue, _directory: directory }
    }

    /// The pages of this server, an API of one address that tells who is calling, and a webhook that answers 422.
    pub(crate) async fn app(
        &self,
    ) -> impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
        let site = Site { base_url: self.config.base_url(self.config.listen) };
        let app = App::new()
            .app_data(self.accounts.clone())
            .app_data(Data::new(site))
            .app_data(Data::new(self.storage.clone()))
            .app_data(Data::new(self.config.clone()))
            .app_data(Data::new(self.engine.clone()))
            .app_data(Data::from(self.catalogue.clone()))
            .app_data(Data::new(Endpoints::new(self.storage.clone())))
            .wrap(from_fn(present_errors))
            .wrap(from_fn(security_headers))
            .wrap(from_fn(log_requests))
            .service(resource("/api/v1/me").route(get().to(name)).route(post().to(name)))
            .service(resource("/hooks/v1/{slug}/{id}").to(answer))
            .configure(configure_pages);
        init_service(app).await
    }
}

/// An engine that works on runs only when a test tells it to.
fn engine_of(config: &Config, storage: &Storage, catalogue: &Arc<Catalogue>) -> Engine {
    let effects = Effects::new(parts::effect_settings(config).unwrap(), storage.clone()).unwrap();
    Engine::new(engine::Parts {
        storage: storage.clone(),
        catalogue: catalogue.clone(),
        effects,
        vault: Vault::new(storage.clone(), catalogue.clone(), server::key::load_or_make(config).unwrap()),
        clock: Arc::new(SystemClock),
        settings: parts::engine_settings(config, &config.base_url(config.listen)),
        chance: Box::new(|| 0.5),
    })
}

async fn answer() -> HttpResponse {
    HttpResponse::UnprocessableEntity()
        .insert_header((header::SET_COOKIE, "stellwerk_session=stolen; Path=/"))
        .insert_header(("x-own", "kept"))
        .finish()
}

async fn name(caller: Caller) -> String {
    caller.name()
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The token in the page's form.
    pub(crate) fn csrf(&self) -> &str {
        let start = self.body.find("name=\"csrf\" value=\"").expect("the page has no form") + 19;
        self.body[start..].split('"').next().unwrap()
    }

    pub(crate) fn must_show(&self, text: &str) {
        assert!(self.body.contains(text), "`{text}` is missing in:\n{}", self.body);
    }
}

/// A browser that keeps cookies.
pub(crate) struct Browser<S> {
    app: S,
    cookies: BTreeMap<String, String>,
    language: &'static str,
    address: &'static str,
}

impl<S, B> Browser<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    pub(crate) fn new(app: S) -> Self {
        Self { app, cookies: BTreeMap::new(), language: "en", address: "192.0.2.1:1000" }
    }

    pub(crate) fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    pub(crate) fn has_cookie(&self, name: &str) -> bool {
        self.cookies.contains_key(name)
    }

    pub(crate) fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    pub(crate) fn come_from(&mut self, address: &'static str) {
        self.address = address;
    }

    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(TestRequest::post().uri(path).set_form(fields)).await
    }

    pub(crate) async fn send(&mut self, request: TestRequest) -> Answer {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = request
            .peer_addr(self.address.parse().unwrap())
            .insert_header((header::ACCEPT_LANGUAGE, self.language))
            .insert_header((header::COOKIE, cookies));
        let response = call_service(&self.app, request.to_request()).await;
        for cookie in response.response().cookies() {
            if cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        let status = response.status();
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let bytes = read_body(response).await;
        Answer { status, headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}
