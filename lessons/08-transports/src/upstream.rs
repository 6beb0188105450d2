//! Messages from the client, for transports that only carry events to it: a POST each.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use warp::reply::Response;

use crate::Hub;
use crate::long_polling::reply;

/// Publishes a JSON string. The content type is a protection, not a formality: a form on
/// another site can send a POST with its visitor's cookies, but not as
/// `application/json`.
pub(crate) fn send(hub: &Hub, headers: &HeaderMap, body: &Bytes) -> Response {
    // ANCHOR: content_type
    if headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind != "application/json")
    {
        return reply(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "text/plain",
            "send application/json\n".to_owned(),
        );
    }
    // ANCHOR_END: content_type
    match serde_json::from_slice::<String>(body) {
        Ok(text) => reply(
            StatusCode::OK,
            "application/json",
            hub.publish(&text).to_string(),
        ),
        Err(_) => reply(
            StatusCode::BAD_REQUEST,
            "text/plain",
            "send a JSON string\n".to_owned(),
        ),
    }
}
