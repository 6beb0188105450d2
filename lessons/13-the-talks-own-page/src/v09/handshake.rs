//! The handshake of 0.9: one line that says everything, and the client's choice.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A transport of Socket.IO 0.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// A WebSocket that a Flash movie opens.
    FlashSocket,
    /// A hidden iframe whose page never ends, in Internet Explorer.
    HtmlFile,
    /// A response in parts, which Firefox could read one by one.
    XhrMultipart,
    /// Long polling.
    XhrPolling,
    /// Long polling by script elements, for a page of another origin.
    JsonpPolling,
}

impl Transport {
    /// All of them, the most capable first: the order of the reference client.
    pub const ALL: [Self; 6] = [
        Self::WebSocket,
        Self::FlashSocket,
        Self::HtmlFile,
        Self::XhrMultipart,
        Self::XhrPolling,
        Self::JsonpPolling,
    ];

    /// Returns the name, as it appears in addresses and in the handshake.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::FlashSocket => "flashsocket",
            Self::HtmlFile => "htmlfile",
            Self::XhrMultipart => "xhr-multipart",
            Self::XhrPolling => "xhr-polling",
            Self::JsonpPolling => "jsonp-polling",
        }
    }

    /// Whether it is carried by a WebSocket.
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::WebSocket | Self::FlashSocket)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown name of a transport.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no transport of Socket.IO 0.9 has this name")]
pub struct UnknownTransport;

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.name() == name).ok_or(UnknownTransport)
    }
}

/// The body of the handshake: `<sid>:<heartbeat>:<close>:<transports>`.
///
/// ```
/// use heritage::v09::{Handshake, Transport};
///
/// let line = "R4x:60:60:websocket,xhr-polling";
/// let handshake = Handshake::parse(line).unwrap();
/// assert_eq!(handshake.sid, "R4x");
/// assert_eq!(handshake.heartbeat.unwrap().as_secs(), 60);
/// assert_eq!(handshake.transports, [Transport::WebSocket, Transport::XhrPolling]);
/// assert_eq!(handshake.to_string(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The session's id.
    pub sid: String,
    /// How long the client waits for a heartbeat before it gives the connection up.
    /// `None` if the server sends none.
    pub heartbeat: Option<Duration>,
    /// How long each side waits for the other to come back.
    pub close: Option<Duration>,
    /// The transports that the server offers.
    pub transports: Vec<Transport>,
}

/// A line that is not a handshake.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a handshake is an id, two numbers of seconds and a list of transports")]
pub struct BadHandshake;

impl Handshake {
    /// Reads the line, as a client does. Names of transports that are not ours are left
    /// out.
    ///
    /// # Errors
    /// The line does not have four fields, or has no id.
    pub fn parse(line: &str) -> Result<Self, BadHandshake> {
        let fields: Vec<_> = line.split(':').collect();
        let [sid, heartbeat, close, transports] = fields[..] else {
            return Err(BadHandshake);
        };
        if sid.is_empty() {
            return Err(BadHandshake);
        }
        let seconds = |field: &str| match field {
            "" => Ok(None),
            field => match super::packet::digits(field) {
                Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
                None => Err(BadHandshake),
            },
        };
        Ok(Self {
            sid: sid.to_owned(),
            heartbeat: seconds(heartbeat)?,
            close: seconds(close)?,
            transports: transports
                .split(',')
                .filter_map(|name| name.parse().ok())
                .collect(),
        })
    }
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Option<Duration>| {
            // Up: a client must not give up before we do.
            time.map(|time| time.as_millis().div_ceil(1000).to_string())
                .unwrap_or_default()
        };
        let names: Vec<_> = self.transports.iter().map(|it| it.name()).collect();
        write!(
            f,
            "{}:{}:{}:{}",
            self.sid,
            seconds(self.heartbeat),
            seconds(self.close),
            names.join(",")
        )
    }
}

/// Chooses as the client of 0.9 did: the first transport that both sides have and that
/// the browser can use. Returns `None` if there is none, which the client reported as
/// `connect_failed`.
///
/// The order is that of the *shorter* list, and of the server's if both are as long: the
/// client went through the shorter one to look fewer names up.
///
/// ```
/// use heritage::v09::{Transport, choose};
///
/// let offered = [Transport::WebSocket, Transport::HtmlFile, Transport::XhrPolling];
/// let wanted = [Transport::XhrPolling, Transport::WebSocket];
/// assert_eq!(choose(&offered, &wanted, |_| true), Some(Transport::XhrPolling));
/// let no_xhr = |transport| transport != Transport::XhrPolling;
/// assert_eq!(choose(&offered, &wanted, no_xhr), Some(Transport::WebSocket));
/// ```
pub fn choose(
    offered: &[Transport],
    wanted: &[Transport],
    can: impl Fn(Transport) -> bool,
) -> Option<Transport> {
    let (shorter, longer) = if offered.len() > wanted.len() {
        (wanted, offered)
    } else {
        (offered, wanted)
    };
    let mut both = shorter.iter().copied().filter(|it| longer.contains(it));
    both.find(|it| can(*it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        let handshake = Handshake {
            sid: "x".into(),
            heartbeat: Some(Duration::from_millis(1001)),
            close: None,
            transports: vec![Transport::JsonpPolling],
        };
        assert_eq!(handshake.to_string(), "x:2::jsonp-polling");
        let read = Handshake::parse("x:2::jsonp-polling").unwrap();
        assert_eq!(read.close, None);
    }

    #[test]
    fn lines_that_are_no_handshakes_are_refused() {
        for line in [
            "",
            ":::",
            "x",
            "x:1:1",
            "x:1:1:websocket:",
            "x:one:1:websocket",
        ] {
            assert_eq!(Handshake::parse(line), Err(BadHandshake), "{line:?}");
        }
        let read = Handshake::parse("x:1:1:telepathy,websocket").unwrap();
        assert_eq!(read.transports, [Transport::WebSocket]);
    }
}
