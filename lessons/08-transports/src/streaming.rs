//! Responses that do not end: the body that streaming, multipart, Server-Sent Events and
//! the forever iframe have in common.
//!
//! hyper sends such a body chunked. It asks for the next piece only when it has written
//! the last one, so a slow reader has no queue here: it has a position in the log, and
//! falls behind.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use warp::reply::{Reply, Response};

use crate::{Event, Missed, Reader, Transport, iframe, multipart, sse};

/// How many bytes a buffering proxy collects before it passes them on.
const PROXY_BUFFER: usize = 1 << 20;

// ANCHOR: shape
/// The bytes that one transport puts around the events.
struct Shape {
    content_type: &'static str,
    /// Sent before the first event.
    first: String,
    /// Formats an event.
    event: fn(&Event) -> String,
    /// Formats the message to a reader that has fallen behind.
    missed: fn(&Missed) -> String,
}
// ANCHOR_END: shape

fn shape(transport: Transport) -> Shape {
    let missed =
        |missed: &Missed| serde_json::json!({ "missed": missed.to_string() }).to_string();
    match transport {
        // ANCHOR: sse
        Transport::Sse => Shape {
            content_type: "text/event-stream",
            first: ": here we go\n\n".to_owned(),
            event: |event| sse::sse_event(event.id, &event.json()),
            missed: |missed| format!("event: missed\ndata: {missed}\n\n"),
        },
        // ANCHOR_END: sse
        Transport::Multipart => Shape {
            content_type: "multipart/x-mixed-replace; boundary=event",
            first: format!("--{}\r\n", multipart::BOUNDARY),
            event: |event| multipart::part(&event.json()),
            missed: |why| {
                multipart::part(
                    &serde_json::json!({ "missed": why.to_string() }).to_string(),
                )
            },
        },
        Transport::ForeverIframe => Shape {
            content_type: "text/html; charset=utf-8",
            first: iframe::head(),
            event: |event| iframe::script(&event.json()),
            missed: |why| {
                iframe::script(
                    &serde_json::json!({ "missed": why.to_string() }).to_string(),
                )
            },
        },
        _ => Shape {
            content_type: "application/x-ndjson",
            first: "\n".to_owned(),
            event: |event| event.json() + "\n",
            missed,
        },
    }
}

/// Returns a response that does not end; with `buffered`, as a client behind a buffering
/// proxy receives it.
pub(crate) fn response(transport: Transport, reader: Reader, buffered: bool) -> Response {
    let shape = shape(transport);
    let content_type = HeaderValue::from_static(shape.content_type);
    let body = body(shape, reader);
    let mut response = if buffered {
        warp::reply::stream(held(body)).into_response()
    } else {
        warp::reply::stream(body).into_response()
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

// ANCHOR: body
fn body(shape: Shape, reader: Reader) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let first = Bytes::from(shape.first);
    let events = stream::unfold(Some(reader), move |reader| async move {
        let mut reader = reader?;
        Some(match reader.next().await {
            Ok(events) => {
                let text: String =
                    events.iter().map(|event| (shape.event)(event)).collect();
                (Ok(Bytes::from(text)), Some(reader))
            }
            Err(missed) => (Ok(Bytes::from((shape.missed)(&missed) + "\n")), None),
        })
    });
    stream::iter([Ok(first)]).chain(events)
}
// ANCHOR_END: body

/// Holds the body back until there is much of it, as a buffering proxy does.
fn held(
    body: impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync + 'static,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync {
    stream::unfold(Box::pin(body), |mut body| async move {
        let mut held = Vec::new();
        while held.len() < PROXY_BUFFER
            && let Some(Ok(bytes)) = body.next().await
        {
            held.extend_from_slice(&bytes);
        }
        (!held.is_empty()).then(|| (Ok(Bytes::from(held)), body))
    })
}
