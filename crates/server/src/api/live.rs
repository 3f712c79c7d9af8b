//! What happens right now, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Query};
use engine::Engine;
use engine::live::News;
use futures_util::{StreamExt, stream};
use model::{RunId, WorkflowId};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use crate::auth::Caller;

/// A line is sent at least this often, so that proxies keep the connection open.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What to follow.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// Only news of this workflow.
    #[param(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// Only news of this run.
    #[param(value_type = Option<Uuid>)]
    pub run: Option<RunId>,
}

/// Follows events, runs and steps as they happen (`text/event-stream`). The event names are `event`, `run`, `step`, and
/// `missed` when a slow reader missed some.
#[utoipa::path(get, path = "/api/v1/live", tag = "monitoring", params(LiveQuery),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn follow(_caller: Caller, engine: Data<Engine>, query: Query<LiveQuery>) -> HttpResponse {
    let (mut closing, query) = (engine.live().closing(), query.into_inner());
    let greeting = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b": following\n\n")) });
    let lines = stream::unfold(engine.live().follow(), move |mut news| {
        let query = query.clone();
        async move {
            let line = next_line(&mut news, &query).await?;
            Some((Ok(Bytes::from(line)), news))
        }
    });
    let until_closed = lines.take_until(async move { closing.wait_for(|is_closing| *is_closing).await.map(drop) });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(greeting.chain(until_closed))
}

async fn next_line(news: &mut Receiver<News>, query: &LiveQuery) -> Option<String> {
    loop {
        let item = match tokio::time::timeout(HEARTBEAT, news.recv()).await {
            Err(_) => return Some(": still here\n\n".to_owned()),
            Ok(Err(RecvError::Closed)) => return None,
            Ok(Err(RecvError::Lagged(count))) => {
                return Some(format!("event: missed\ndata: {{\"count\":{count}}}\n\n"));
            }
            Ok(Ok(item)) => item,
        };
        if is_wanted(&item, query) {
            let name = match &item {
                News::Event { .. } => "event",
                News::Run { .. } => "run",
                News::Step { .. } => "step",
            };
            let data = serde_json::to_string(&item).unwrap_or_default();
            return Some(format!("event: {name}\ndata: {data}\n\n"));
        }
    }
}

fn is_wanted(news: &News, query: &LiveQuery) -> bool {
    let (workflow, run) = match news {
        News::Event { workflow, run, .. } => (*workflow, *run),
        News::Run { workflow, run, .. } | News::Step { workflow, run, .. } => (*workflow, Some(*run)),
    };
    query.workflow.is_none_or(|wanted| wanted == workflow) && query.run.is_none_or(|wanted| run == Some(wanted))
}
