//! Which page a request comes from.

use http::{HeaderMap, header};

/// Returns whether a page of `origin` (`http://host:port`) was served by `host`.
pub fn is_same_origin(origin: &str, host: &str) -> bool {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|name| name == host)
}

// ANCHOR: from_another_site
/// Returns whether a request comes from a page of another origin. Browsers send `Origin`
/// with requests of scripts to other origins, but not with the GET of a `<script>` or
/// `<iframe>`; for those, current browsers send `Sec-Fetch-Site`. A client that sends
/// neither is an old browser, or not a browser.
pub fn from_another_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST.as_str()).unwrap_or_default();
    text("origin").is_some_and(|origin| !is_same_origin(origin, host))
        || text("sec-fetch-site")
            .is_some_and(|site| site != "same-origin" && site != "none")
}
// ANCHOR_END: from_another_site
