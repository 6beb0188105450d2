//! The pages for machines: `/health` and `/metrics`.
//!
//! `/health` answers 200 while messages can be stored and read, and 503 with the reason
//! when they cannot: a load balancer or a supervisor asks it. `/metrics` is Prometheus
//! text. Behind an admin token it asks for that, as `Authorization: Bearer <token>`.
//!
//! `/metrics` has the metrics of the two layers below, [`engine_io::metrics`] and
//! [`socket_io::metrics`], and the chat's own:
//!
//! | metric                           | kind      | labels | what it says |
//! |----------------------------------|-----------|--------|--------------|
//! | `chat_messages_total`            | counter   |        | messages stored and sent, each once |
//! | `chat_refused_total`             | counter   | `kind` | events refused: `later` may be tried again, `refused` not |
//! | `chat_limited_total`             | counter   | `what` | refusals because of a rate limit, by what there was too much of |
//! | `chat_rooms`                     | gauge     |        | rooms |
//! | `chat_people`                    | gauge     |        | people who are in a room, a person in two rooms counted twice |
//! | `chat_sockets`                   | gauge     |        | sockets of the namespace `/chat` |
//! | `chat_lobby_sockets`             | gauge     |        | sockets of `/rooms`: pages that show the list |
//! | `chat_store_transaction_seconds` | histogram |        | how long a transaction took, its `fsync` included |
//! | `chat_store_wait_seconds`        | histogram |        | how long a job waited for its transaction to begin |
//! | `chat_store_jobs_total`          | counter   |        | jobs done by the writer: messages, new rooms, deletions |
//! | `chat_store_failures_total`      | counter   |        | transactions that failed |
//! | `chat_store_queue`               | gauge     |        | jobs that wait for the writer |
//! | `chat_tasks`                     | gauge     |        | tasks that run in this process |
//! | `process_resident_memory_bytes`  | gauge     |        | memory of this process (Linux) |
//! | `process_open_fds`               | gauge     |        | its open files, connections among them (Linux) |
//!
//! With `--redis` there is `chat_redis_up`, too: 1 while Redis can be reached.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle,
};
use socket_io::Io;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use warp::filters::BoxedFilter;
use warp::http::{StatusCode, header};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::admin::is_token;
use crate::chat::Chat;

/// How long `/health` waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the recorder sorts what it has into buckets.
const UPKEEP: Duration = Duration::from_secs(5);
/// The bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 10] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0,
];

/// Starts to record what the program counts, for all of it.
///
/// # Errors
/// When a recorder is there already.
pub fn record() -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    describe();
    Ok(handle)
}

/// Registers the texts of the metrics, which a scraper shows.
fn describe() {
    socket_io::metrics::describe();
    describe_counter!("chat_messages_total", "Messages stored and sent.");
    describe_counter!("chat_refused_total", "Events refused.");
    describe_counter!("chat_limited_total", "Refusals because of a rate limit.");
    describe_gauge!("chat_rooms", "Rooms.");
    describe_gauge!("chat_people", "People in rooms.");
    describe_gauge!("chat_sockets", "Sockets of the namespace /chat.");
    describe_gauge!("chat_lobby_sockets", "Sockets of the namespace /rooms.");
    let text = "How long a transaction took.";
    describe_histogram!("chat_store_transaction_seconds", Unit::Seconds, text);
    let text = "How long a job waited for its transaction to begin.";
    describe_histogram!("chat_store_wait_seconds", Unit::Seconds, text);
    describe_counter!("chat_store_jobs_total", "Jobs done by the writer.");
    describe_counter!("chat_store_failures_total", "Transactions that failed.");
    describe_gauge!("chat_store_queue", "Jobs that wait for the writer.");
    let text = "Whether the other servers can be reached through Redis, 1 or 0.";
    describe_gauge!("chat_redis_up", text);
    describe_gauge!("chat_tasks", "Tasks of this process.");
    let text = "Resident memory of this process.";
    describe_gauge!("process_resident_memory_bytes", Unit::Bytes, text);
    describe_gauge!("process_open_fds", "Open files of this process.");
}

pub(crate) fn ops(
    io: &Io,
    chat: &Arc<Chat>,
    metrics: Option<PrometheusHandle>,
    token: Option<String>,
) -> BoxedFilter<(Response,)> {
    let shared = chat.clone();
    let health = warp::path!("health").and(warp::get()).then(move || {
        let chat = shared.clone();
        async move { health(&chat).await }
    });
    if let Some(handle) = metrics.clone() {
        chat.tasks.spawn(async move {
            loop {
                sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        });
    }
    let (io, chat) = (io.clone(), chat.clone());
    let metrics = warp::path!("metrics")
        .and(warp::get())
        .and(warp::header::optional::<String>("authorization"))
        .map(move |given: Option<String>| {
            let given = given.as_deref().and_then(|it| it.strip_prefix("Bearer "));
            let known =
                |token: &String| given.is_some_and(|given| is_token(given, token));
            if token.as_ref().is_some_and(|token| !known(token)) {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let Some(metrics) = &metrics else {
                return StatusCode::NOT_FOUND.into_response();
            };
            gauges(&io, &chat);
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            warp::reply::with_header(metrics.render(), header::CONTENT_TYPE, kind)
                .into_response()
        });
    health.or(metrics).unify().boxed()
}

async fn health(chat: &Chat) -> Response {
    let checked = timeout(PATIENCE, chat.store.check()).await;
    let reason = match checked {
        Ok(Ok(())) => {
            // Without the other servers this one still works: a load balancer must not
            // take all of them out at once.
            let body = match chat.cluster.trouble() {
                None => serde_json::json!({ "status": "ok" }),
                Some(trouble) => {
                    serde_json::json!({ "status": "degraded", "reason": trouble })
                }
            };
            return warp::reply::json(&body).into_response();
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the database does not answer".to_owned(),
    };
    let body = serde_json::json!({ "status": "failing", "reason": reason });
    warp::reply::with_status(warp::reply::json(&body), StatusCode::SERVICE_UNAVAILABLE)
        .into_response()
}

/// Sets the gauges, which are only read when a page asks for them.
#[expect(clippy::cast_precision_loss, reason = "a gauge is an f64")]
fn gauges(io: &Io, chat: &Chat) {
    let of = |name| io.namespace(name).map_or(0, |namespace| namespace.count());
    let values = [
        ("chat_sockets", of("/chat")),
        ("chat_lobby_sockets", of("/rooms")),
        ("chat_rooms", chat.store.directory().count()),
        ("chat_people", chat.presence.total()),
        ("chat_store_queue", chat.store.queue()),
        ("chat_tasks", Handle::current().metrics().num_alive_tasks()),
    ];
    for (name, value) in values {
        metrics::gauge!(name).set(value as f64);
    }
    #[cfg(target_os = "linux")]
    for (name, value) in process() {
        metrics::gauge!(name).set(value as f64);
    }
}

/// Memory and open files of this process.
#[cfg(target_os = "linux")]
fn process() -> Vec<(&'static str, u64)> {
    let mut values = Vec::new();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        resident.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok());
    if let Some(kilobytes) = kilobytes {
        let kilobytes: u64 = kilobytes;
        values.push(("process_resident_memory_bytes", kilobytes * 1024));
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        values.push(("process_open_fds", files.count() as u64));
    }
    values
}
