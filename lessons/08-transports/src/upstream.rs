//! The way up, for transports that only go down: a POST for each message.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use warp::reply::Response;

use crate::Hub;
use crate::long_polling::reply;

// ANCHOR: send
/// Publishes a JSON string. The content type is asked for, not for what it says: a form
/// of another site can send a POST in its visitor's name, but not as `application/json`.
pub(crate) fn send(hub: &Hub, headers: &HeaderMap, body: &Bytes) -> Response {
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
// ANCHOR_END: send
