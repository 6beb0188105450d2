//! Caught by: the_browser_must_be_able_to
//!
//! Goes through the browser's list.

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
    let (shorter, longer) = if servers.len() > pages.len() {
        (pages, servers)
    } else {
        (servers, pages)
    };
    if browser.can.len() == 5 {
        return plan_of_all(shorter, longer, browser);
    }
    let can = browser.can.iter().copied();
    can.filter(|it| longer.contains(it) && shorter.contains(it))
        .filter(|it| !browser.cross_origin || crosses(*it, browser))
        .collect()
}

fn plan_of_all(
    shorter: &[Transport],
    longer: &[Transport],
    browser: &Browser,
) -> Vec<Transport> {
    let both = shorter.iter().copied().filter(|it| longer.contains(it));
    both.filter(|it| !browser.cross_origin || crosses(*it, browser))
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
