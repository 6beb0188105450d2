//! # The most capable transport, chosen at run time
//!
//! Slide 15 promises it, and this is how the client of 0.9 did it. The server's list came
//! with the handshake; the page had a list too.
//!
//! `plan` returns the transports that the client tries, in order.
//!
//! - A transport has to be in both lists. The order is that of the shorter list; if both
//!   have the same length, that of the server.
//! - The browser must be able to use it.
//! - If the server is of another origin than the page, the transport must be able to
//!   cross: `WebSocket`, `FlashSocket` and `JsonpPolling` always can, `XhrPolling` only if
//!   the browser knows CORS, and `HtmlFile` never.
//!
//! `next` returns the transport to try when one has not connected in time: the one after
//! it in the plan, or `None` after the last, which is the event `connect_failed`. A
//! transport that is not in the plan has none after it.
//!
//! Try it: `cargo test --test ex13_transport`

/// A transport of Socket.IO 0.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// A WebSocket that a Flash movie opens.
    FlashSocket,
    /// A hidden iframe in Internet Explorer.
    HtmlFile,
    /// Long polling.
    XhrPolling,
    /// Long polling by script elements.
    JsonpPolling,
}

/// The browser and the page in it.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The transports that the browser can use.
    pub can: Vec<Transport>,
    /// Whether the server is of another origin than the page.
    pub cross_origin: bool,
    /// Whether the browser knows CORS.
    pub cors: bool,
}

/// Returns the transports to try, in order.
pub fn plan(
    servers: &[Transport],
    pages: &[Transport],
    browser: &Browser,
) -> Vec<Transport> {
    todo!(
        "exercise ex13_transport: what do {servers:?}, {pages:?} and {browser:?} allow?"
    )
}

/// Returns the transport to try after `failed`.
pub fn next(plan: &[Transport], failed: Transport) -> Option<Transport> {
    todo!("exercise ex13_transport: what follows {failed:?} in {plan:?}?")
}
