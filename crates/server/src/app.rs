//! The whole server on one screen: what it is made of, and every address that it answers.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{Data, PayloadConfig, ServiceConfig, resource, route, scope};
use actix_web::{FromRequest, Handler, Resource, Responder, Route};
use engine::Engine;
use nodes::Catalogue;
use storage::Storage;

use crate::api::{
    audit, contacts, credential_test, credentials, dead_letters, doubts, dry_run, events, expressions, health, live,
    node_types, openapi, outbox, persons, publishing, replay, replays, runs, samples, schedules, start, stats,
    storage_use, tables, test_step, turns, versions, workflows,
};
use crate::auth::Accounts;
use crate::config::Config;
use crate::housekeeping::Housekeeping;
use crate::pages::{Site, configure_pages};
use crate::problem::{Problem, ProblemCode, extractor_errors};
use crate::webhooks::{self, BodyMemory, Endpoints};

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
    /// Room for bodies that arrive.
    pub body_memory: Data<BodyMemory>,
    /// Forgetting and tidying up.
    pub housekeeping: Data<Housekeeping>,
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
            body_memory: Data::new(BodyMemory::new(config.ingress.body_memory_bytes, config.ingress.max_body_bytes)),
            housekeeping: Data::new(Housekeeping::new(storage.clone(), &config.history)),
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
            .app_data(self.body_memory.clone())
            .app_data(self.housekeeping.clone())
            .app_data(PayloadConfig::new(self.config.ingress.max_body_bytes));
        extractor_errors(app, self.config.api.max_body_bytes);
        app.configure(routes);
    }
}

/// Every address.
fn routes(app: &mut ServiceConfig) {
    // Addresses are tried in this order, so the one that must be fast comes first.
    app.service(resource("/hooks/v1/{slug}/{id}").route(route().to(webhooks::receive)))
        .service(resource("/hooks/v1/resume/{run}/{node}/{token}").route(route().to(webhooks::resume::resume)))
        .service(at("/healthz").get(health::alive).done())
        .service(at("/readyz").get(health::ready).done())
        .service(scope("/api/v1").configure(api).default_service(route().to(nothing_here)))
        .configure(configure_pages);
}

fn api(api: &mut ServiceConfig) {
    api.service(at("/openapi.json").get(openapi::serve).done())
        .service(at("/workflows").get(workflows::list).post(workflows::create).done())
        .service(at("/workflows/{id}").get(workflows::read).put(workflows::update).delete(workflows::delete).done())
        .service(at("/workflows/{id}/duplicate").post(workflows::duplicate).done())
        .service(at("/workflows/{id}/restore").post(workflows::restore).done())
        .service(at("/workflows/{id}/samples").get(samples::list).done())
        .service(at("/workflows/{id}/samples/{node}").put(samples::set).delete(samples::delete).done())
        .service(at("/workflows/{id}/test-step").post(test_step::test).done())
        .service(at("/workflows/{id}/dry-run").post(dry_run::dry_run).done())
        .service(at("/workflows/{id}/check").get(publishing::check).done())
        .service(at("/workflows/{id}/publish").post(publishing::publish).done())
        .service(at("/workflows/{id}/activate").post(publishing::activate).done())
        .service(at("/workflows/{id}/pause").post(publishing::pause).done())
        .service(at("/workflows/{id}/webhooks").get(publishing::webhooks).done())
        .service(at("/workflows/{id}/versions").get(versions::list).done())
        .service(at("/workflows/{id}/versions/{version}").get(versions::read).done())
        .service(at("/workflows/{id}/run").post(start::run).done())
        .service(at("/events").get(events::list).done())
        .service(at("/events/{id}").get(events::read).done())
        .service(at("/events/{id}/body").get(events::raw_body).done())
        .service(at("/runs").get(runs::list).done())
        .service(at("/runs/{id}").get(runs::read).done())
        .service(at("/events/{id}/reveal").post(events::reveal).done())
        .service(at("/runs/{id}/turns").get(turns::list).done())
        .service(at("/runs/{id}/reveal").post(runs::reveal).done())
        .service(at("/runs/{id}/definition").get(runs::definition).done())
        .service(at("/runs/{id}/cancel").post(runs::cancel).done())
        .service(at("/runs/{id}/replay").post(replay::replay).done())
        .service(at("/dead-letters").get(dead_letters::list).done())
        .service(at("/dead-letters/groups").get(dead_letters::groups).done())
        .service(at("/dead-letters/discard").post(dead_letters::discard).done())
        .service(at("/dead-letters/replay").post(replays::begin).done())
        .service(at("/dead-letters/replays/{id}").get(replays::read).done())
        .service(at("/dead-letters/replays/{id}/stop").post(replays::stop).done())
        .service(at("/dead-letters/{run}/discard").post(dead_letters::discard_one).done())
        .service(at("/dead-letters/{run}/undo").post(dead_letters::undo).done())
        .service(at("/dead-letters/{run}/answer").post(doubts::answer).done())
        .service(at("/dead-letters/{run}/fetch").post(doubts::fetch).done())
        .service(at("/tables").get(tables::list).post(tables::create).done())
        .service(at("/tables/{id}").get(tables::read).put(tables::update).delete(tables::delete).done())
        .service(at("/tables/{id}/rows").get(tables::rows).post(tables::add_row).done())
        .service(at("/tables/{id}/rows/{row}").put(tables::update_row).delete(tables::delete_row).done())
        .service(at("/tables/{id}/csv").get(tables::as_csv).post(tables::import_csv).done())
        .service(at("/audit").get(audit::list).done())
        .service(at("/node-types").get(node_types::list).done())
        .service(at("/credential-kinds").get(credentials::kinds).done())
        .service(at("/credentials").get(credentials::list).post(credentials::create).done())
        .service(
            at("/credentials/{id}").get(credentials::read).put(credentials::update).delete(credentials::delete).done(),
        )
        .service(at("/credentials/{id}/test").post(credential_test::test).done())
        .service(at("/expressions/evaluate").post(expressions::evaluate).done())
        .service(at("/schedules/preview").post(schedules::preview).done())
        .service(at("/stats").get(stats::read).done())
        .service(at("/storage").get(storage_use::read).done())
        .service(at("/storage/sweep").get(storage_use::preview).post(storage_use::sweep).done())
        .service(at("/persons/find").post(persons::find).done())
        .service(at("/persons/export").post(persons::export).done())
        .service(at("/persons/erase").post(persons::erase).done())
        .service(at("/live").get(live::follow).done())
        .service(at("/contacts").get(contacts::list).done())
        .service(at("/contacts/{id}").delete(contacts::delete).done())
        .service(at("/outbox").get(outbox::list).delete(outbox::delete_all).done())
        .service(at("/outbox/{id}").delete(outbox::delete).done())
        .service(at("/outbox/{id}/message").get(outbox::message).done());
}

async fn nothing_here() -> Problem {
    let detail = "There is nothing at this address. Every address of the API is in /api/v1/openapi.json.";
    Problem::new(ProblemCode::NotFound, detail)
}

/// An address with a handler for each of its methods; any other method is told which there are.
struct Address {
    resource: Resource,
    methods: Vec<Method>,
}

fn at(path: &str) -> Address {
    Address { resource: resource(path), methods: Vec::new() }
}

macro_rules! methods {
    ($($name:ident = $method:ident;)*) => {$(
        fn $name<F, Args>(self, handler: F) -> Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.on(Method::$method, route().method(Method::$method).to(handler))
        }
    )*};
}

impl Address {
    methods! { get = GET; post = POST; put = PUT; delete = DELETE; }

    fn on(mut self, method: Method, route: Route) -> Self {
        self.methods.push(method);
        Self { resource: self.resource.route(route), methods: self.methods }
    }

    fn done(self) -> Resource {
        let methods = self.methods;
        self.resource.default_service(route().to(move || {
            let problem = Problem::method_not_allowed(&methods);
            async move { problem }
        }))
    }
}
