//! Caught by: the_shorter_list_has_the_order
//!
//! Goes through the page's list, however long it is.

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
    let (shorter, longer) = (pages, servers);
    shorter
        .iter()
        .copied()
        .filter(|it| longer.contains(it))
        .filter(|it| browser.can.contains(it))
        .filter(|it| !browser.cross_origin || crosses(*it, browser))
        .collect()
}

fn crosses(transport: Transport, browser: &Browser) -> bool {
    match transport {
        Transport::WebSocket | Transport::FlashSocket | Transport::JsonpPolling => true,
        Transport::XhrPolling => browser.cors,
        Transport::HtmlFile => false,
    }
}

/// Returns the transport to try after `failed`.
pub fn next(plan: &[Transport], failed: Transport) -> Option<Transport> {
    let mut rest = plan.iter().skip_while(|it| **it != failed);
    rest.next()?;
    rest.next().copied()
}
