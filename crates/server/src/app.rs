//! The whole server on one screen: what it is made of, and every address that it answers.

use std::sync::Arc;

use actix_web::web::{Data, PayloadConfig, ServiceConfig, delete, get, post, put, resource, route, scope};
use engine::Engine;
use nodes::Catalogue;
use storage::Storage;

use crate::api::{
    contacts, credentials, events, expressions, health, live, node_types, openapi, outbox, publishing, runs, start,
    stats, versions, workflows,
};
use crate::auth::Accounts;
use crate::config::Config;
use crate::pages::{Site, configure_pages};
use crate::problem::{Problem, extractor_errors};
use crate::webhooks::{self, Endpoints};

/// What every handler can ask for. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub config: Data<Config>,
    /// All that is remembered.
    pub storage: Data<Storage>,
    /// What works on runs.
    pub engine: Data<Engine>,
    /// All node types.
    pub catalogue: Data<Catalogue>,
    /// Who is asking.
    pub accounts: Data<Accounts>,
    /// The server's own address.
    pub site: Data<Site>,
    /// What lies behind each webhook's address.
    pub endpoints: Data<Endpoints>,
}

impl Parts {
    /// The parts that handlers share.
    pub fn new(
        config: Config,
        storage: Storage,
        engine: Engine,
        catalogue: Arc<Catalogue>,
        accounts: Accounts,
        site: Site,
    ) -> Self {
        Self {
            endpoints: Data::new(Endpoints::new(storage.clone())),
            config: Data::new(config),
            storage: Data::new(storage),
            engine: Data::new(engine),
            catalogue: Data::from(catalogue),
            accounts: Data::new(accounts),
            site: Data::new(site),
        }
    }

    /// Adds data and addresses to an app.
    pub fn configure(&self, app: &mut ServiceConfig) {
        app.app_data(self.config.clone())
            .app_data(self.storage.clone())
            .app_data(self.engine.clone())
            .app_data(self.catalogue.clone())
            .app_data(self.accounts.clone())
            .app_data(self.site.clone())
            .app_data(self.endpoints.clone())
            .app_data(PayloadConfig::new(self.config.ingress.max_body_bytes));
        extractor_errors(app, self.config.api.max_body_bytes);
        app.configure(routes);
    }
}

/// Every address.
fn routes(app: &mut ServiceConfig) {
    app.route("/healthz", get().to(health::alive))
        .route("/readyz", get().to(health::ready))
        .service(resource("/hooks/v1/{slug}/{id}").route(route().to(webhooks::receive)))
        .service(
            scope("/api/v1")
                .route("/openapi.json", get().to(openapi::serve))
                .service(resource("/workflows").route(get().to(workflows::list)).route(post().to(workflows::create)))
                .service(
                    resource("/workflows/{id}")
                        .route(get().to(workflows::read))
                        .route(put().to(workflows::update))
                        .route(delete().to(workflows::delete)),
                )
                .route("/workflows/{id}/duplicate", post().to(workflows::duplicate))
                .route("/workflows/{id}/check", get().to(publishing::check))
                .route("/workflows/{id}/publish", post().to(publishing::publish))
                .route("/workflows/{id}/activate", post().to(publishing::activate))
                .route("/workflows/{id}/pause", post().to(publishing::pause))
                .route("/workflows/{id}/webhooks", get().to(publishing::webhooks))
                .route("/workflows/{id}/versions", get().to(versions::list))
                .route("/workflows/{id}/versions/{version}", get().to(versions::read))
                .route("/workflows/{id}/run", post().to(start::run))
                .route("/events", get().to(events::list))
                .route("/events/{id}", get().to(events::read))
                .route("/events/{id}/body", get().to(events::raw_body))
                .route("/runs", get().to(runs::list))
                .route("/runs/{id}", get().to(runs::read))
                .route("/runs/{id}/cancel", post().to(runs::cancel))
                .route("/node-types", get().to(node_types::list))
                .route("/credential-kinds", get().to(credentials::kinds))
                .service(
                    resource("/credentials").route(get().to(credentials::list)).route(post().to(credentials::create)),
                )
                .service(
                    resource("/credentials/{id}")
                        .route(get().to(credentials::read))
                        .route(put().to(credentials::update))
                        .route(delete().to(credentials::delete)),
                )
                .route("/expressions/evaluate", post().to(expressions::evaluate))
                .route("/stats", get().to(stats::read))
                .route("/live", get().to(live::follow))
                .route("/contacts", get().to(contacts::list))
                .route("/outbox", get().to(outbox::list))
                .route("/outbox/{id}/message", get().to(outbox::message))
                .default_service(route().to(nothing_here)),
        )
        .configure(configure_pages);
}

async fn nothing_here() -> Problem {
    Problem::not_found("such address in the API; see /api/v1/openapi.json")
}
