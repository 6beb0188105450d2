//! Whose page asks.

use http::{HeaderMap, header};

/// Whether a page of `origin` (`http://host:port`) was served by `host`.
pub fn is_same_origin(origin: &str, host: &str) -> bool {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|name| name == host)
}

// ANCHOR: from_another_site
/// Whether a request comes from a page of another site. Scripts say so in `Origin`;
/// `<script>` and `<iframe>` send no `Origin` with a GET, but since 2023 every browser
/// says where a request comes from in `Sec-Fetch-Site`. A client that sends neither is no
/// browser, or an old one.
pub fn from_another_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST.as_str()).unwrap_or_default();
    text("origin").is_some_and(|origin| !is_same_origin(origin, host))
        || text("sec-fetch-site")
            .is_some_and(|site| site != "same-origin" && site != "none")
}
// ANCHOR_END: from_another_site
