//! `stellwerk serve`: the server from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use engine::effects::Effects;
use engine::{Engine, Vault};
use model::clock::SystemClock;
use storage::{Role, Storage};

use crate::app::Parts;
use crate::auth::{Accounts, NewOwner, SetupCode};
use crate::cli::Failure;
use crate::config::{Config, Loaded};
use crate::console::Console;
use crate::housekeeping::Housekeeping;
use crate::pages::Site;
use crate::{key, middleware, parts, schedules};

/// Runs the server until the process is told to stop (SIGINT or SIGTERM).
pub async fn serve(loaded: Loaded, console: Console) -> Result<(), Failure> {
    let config = loaded.config;
    #[cfg(any(debug_assertions, feature = "crash-points"))]
    if let Some(at) = crate::config::crash_at() {
        storage::crash_points::arm(&at).map_err(Failure::new)?;
    }
    // From here on, so that a word to stop is heard also while the server is still starting.
    let told_to_stop = told_to_stop();
    let storage = parts::open_storage(&config, Role::Server).await?;
    schedules::reconcile(&storage).await?;
    let catalogue = Arc::new(parts::load_catalogue(&config).map_err(|error| Failure::new(error.to_string()))?);
    let accounts = Accounts::new(storage.clone(), &config);
    let code = accounts.prepare(owner_of(&config)).await?;
    let listener = std::net::TcpListener::bind(config.listen)
        .map_err(|error| Failure::new(format!("{} cannot be listened on: {error}.", config.listen)))?;
    let site = Site { base_url: config.base_url(listener.local_addr()?) };
    let engine = engine_of(&config, &site, &storage, &catalogue)?;
    tell(&site, code.as_ref(), console);

    let grace = Duration::from_millis(config.shutdown_wait_ms);
    let threads = match config.http_threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let app = Parts::new(config, storage.clone(), engine.clone(), catalogue, accounts, site);
    let housekeeping = Housekeeping::clone(&app.housekeeping);
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(middleware::present_errors))
            .wrap(from_fn(middleware::compress))
            .wrap(from_fn(middleware::security_headers))
            .wrap(from_fn(middleware::log_requests))
            .configure(|config| app.configure(config))
    });
    let worker = tokio::spawn({
        let engine = engine.clone();
        async move { engine.work(grace).await }
    });
    let replaying = tokio::spawn({
        let engine = engine.clone();
        async move { engine.work_on_replays().await }
    });
    let housekeeping = tokio::spawn(housekeeping.work());
    let server = server.workers(threads).shutdown_timeout(grace.as_secs().max(1)).disable_signals();
    let server = server.listen(listener)?.run();
    let (handle, live) = (server.handle(), engine.live().clone());
    let stopper = tokio::spawn(async move {
        told_to_stop.await;
        // Whoever follows the news would keep the connection open for the whole grace time.
        live.close();
        handle.stop(true).await;
    });
    server.await?;
    stopper.abort();
    housekeeping.abort();
    // Nothing comes in any more; what is under way may end, and the rest is resumed at the next start.
    engine.stop();
    if let Err(error) = replaying.await {
        tracing::error!(%error, "replays did not end in good order; they go on at the next start");
    }
    if let Err(error) = worker.await {
        tracing::error!(%error, "the engine did not end in good order");
    }
    storage.close().await;
    Ok(())
}

/// Listens for SIGINT (Ctrl+C) and SIGTERM from now on, and is over when one of them comes.
fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let interrupt = tokio::signal::ctrl_c();
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt => {}
            }
            return;
        }
        if let Err(error) = interrupt.await {
            tracing::error!(%error, "the server cannot hear signals; end it through its process");
            std::future::pending::<()>().await;
        }
    }
}

/// The owner that the settings name.
pub fn owner_of(config: &Config) -> Option<NewOwner> {
    let (email, password) = (config.owner.email.clone()?, config.owner.password.as_ref()?.reveal().to_owned());
    Some(NewOwner { email, password, language: None })
}

fn engine_of(
    config: &Config,
    site: &Site,
    storage: &Storage,
    catalogue: &Arc<nodes::Catalogue>,
) -> Result<Engine, Failure> {
    let sealing_key = key::load_or_make(config).map_err(Failure::new)?;
    let effects = parts::effect_settings(config).map_err(Failure::new)?;
    let effects = Effects::new(effects, storage.clone()).map_err(|error| Failure::new(error.to_string()))?;
    Ok(Engine::new(engine::Parts {
        storage: storage.clone(),
        catalogue: catalogue.clone(),
        effects,
        vault: Vault::new(storage.clone(), catalogue.clone(), sealing_key),
        clock: Arc::new(SystemClock),
        settings: parts::engine_settings(config, &site.base_url),
        chance: Box::new(chance),
    }))
}

/// A random number in 0..1; it only spreads retries, so the middle does when the system has none to give.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// Tells the person at the console where to go.
fn tell(site: &Site, code: Option<&SetupCode>, console: Console) {
    console.hint(format!("Stellwerk listens at {}", site.base_url));
    if let Some(code) = code {
        console.hint(format!("Set it up at {}setup?code={}", site.base_url, code.reveal()));
    }
}
