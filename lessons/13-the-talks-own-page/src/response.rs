//! Responses, and the ways in which scripts were delivered.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderValue, StatusCode, header};
use warp::Reply;
use warp::reply::Response;

/// A response of plain text that nothing may keep.
pub(crate) fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response {
    with_type(status, "text/plain; charset=UTF-8", body)
}

/// A response of this type.
pub(crate) fn with_type(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response {
    let mut response = Response::new(Bytes::into(body.into()));
    *response.status_mut() = status;
    no_store(&mut response, kind);
    response
}

fn no_store(response: &mut Response, kind: &'static str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A browser must not take a response for anything other than what it says.
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

/// A response that does not end before its session does.
pub(crate) fn stream(
    kind: &'static str,
    body: impl Stream<Item = String> + Send + Sync + 'static,
) -> Response {
    use futures_util::StreamExt;
    let body = body.map(|text| Ok::<_, Infallible>(Bytes::from(text)));
    let mut response = warp::reply::stream(body).into_response();
    no_store(&mut response, kind);
    response
}

// ANCHOR: jsonp
/// A call of the page's function with a text, as a script.
///
/// The name of the function is a number in brackets, because a name that the client may
/// choose could be a program in another language. The text is JSON, in which two line
/// separators had to be escaped before JavaScript allowed them in 2019.
///
/// ```
/// assert_eq!(heritage::script("io.j", 2, "1::"), r#"io.j[2]("1::");"#);
/// ```
pub fn script(object: &str, index: u64, text: &str) -> String {
    format!("{object}[{index}]({});", literal(text))
}

/// A text as a literal of JavaScript.
pub(crate) fn literal(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
// ANCHOR_END: jsonp

/// A script as a response.
pub(crate) fn javascript(script: String) -> Response {
    with_type(StatusCode::OK, "text/javascript; charset=UTF-8", script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_a_script_whatever_the_text() {
        let script = script("io.j", 0, "a\u{2028}b\u{2029}\"\\\n");
        assert_eq!(script, r#"io.j[0]("a\u2028b\u2029\"\\\n");"#);
    }
}
