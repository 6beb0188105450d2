//! # The most capable transport, chosen at run time
//!
//! Slide 15 promises this choice, and the client of 0.9 made it as follows. The server's
//! list came with the handshake, and the page had a list, too.
//!
//! `plan` returns the transports that the client tries, in order.
//!
//! - A transport must be in both lists. The plan has the order of the shorter list; if
//!   both have the same length, it has the order of the server's list.
//! - The browser must be able to use the transport.
//! - If the page and the server have different origins, the transport must work across
//!   origins: `WebSocket`, `FlashSocket` and `JsonpPolling` always do, `XhrPolling` does
//!   if the browser supports CORS, and `HtmlFile` never does.
//!
//! `next` returns the transport to try when `failed` has not connected in time: the one
//! after it in the plan. It returns `None` after the last transport, when the client
//! emits `connect_failed`, and for a transport that is not in the plan.
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
    /// Whether the page and the server have different origins.
    pub cross_origin: bool,
    /// Whether the browser supports CORS.
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
