//! Long polling: the server delays its response until there is an event.

use std::time::Duration;

use http::{Response as HttpResponse, StatusCode, header};
use tokio::time::timeout;
use warp::reply::{Reply, Response};

use crate::{Callback, Missed, Reader, call};

// ANCHOR: poll
/// Waits for events, for at most `wait`, and returns a JSON array, which can be empty.
async fn poll(mut reader: Reader, wait: Duration) -> Result<String, Missed> {
    match timeout(wait, reader.next()).await {
        Ok(events) => {
            let events: Vec<String> = events?.iter().map(|event| event.json()).collect();
            Ok(format!("[{}]", events.join(",")))
        }
        Err(_) => Ok("[]".to_owned()),
    }
}
// ANCHOR_END: poll

/// Returns the response to a poll: an array of events, or 410 if the client has missed
/// some.
pub(crate) async fn response(reader: Reader, wait: Duration) -> Response {
    match poll(reader, wait).await {
        Ok(json) => reply(StatusCode::OK, "application/json", json),
        Err(missed) => reply(
            StatusCode::GONE,
            "text/plain; charset=utf-8",
            missed.to_string(),
        ),
    }
}

/// Returns the same as a script. A page cannot see the status of a script that fails to
/// load, so missed events are reported by a call too.
pub(crate) async fn jsonp_response(
    reader: Reader,
    wait: Duration,
    callback: Callback,
) -> Response {
    let json = poll(reader, wait).await.unwrap_or_else(|missed| {
        serde_json::json!({ "missed": missed.to_string() }).to_string()
    });
    reply(
        StatusCode::OK,
        "text/javascript; charset=utf-8",
        call(&callback, &json),
    )
}

pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response {
    let mut response = HttpResponse::new(body).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    response
}
