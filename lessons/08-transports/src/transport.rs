//! The names of the transports, from the most capable down.

use std::fmt;
use std::str::FromStr;

/// A transport: a way to bring events to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Both ways on one connection (lesson 07).
    WebSocket,
    /// Server-Sent Events: a stream that the browser itself reads, and reopens when it
    /// breaks.
    Sse,
    /// A response that does not end, read by a script as it arrives.
    Streaming,
    /// The same in parts, each with headers: the streaming of the talk.
    Multipart,
    /// A page in a hidden frame that never finishes loading; each event is a script in
    /// it.
    ForeverIframe,
    /// A response that is delayed until there is an event.
    LongPolling,
    /// Long polling with `<script>` elements.
    JsonpPolling,
}

impl Transport {
    /// All transports, the most capable first: the order in which a chooser tries them.
    pub const ALL: [Self; 7] = [
        Self::WebSocket,
        Self::Sse,
        Self::Streaming,
        Self::Multipart,
        Self::ForeverIframe,
        Self::LongPolling,
        Self::JsonpPolling,
    ];

    /// Returns its name, as in flags and in the last part of its path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
            Self::Streaming => "streaming",
            Self::Multipart => "multipart",
            Self::ForeverIframe => "iframe",
            Self::LongPolling => "polling",
            Self::JsonpPolling => "jsonp",
        }
    }

    /// Returns whether it is a response that does not end, which a buffering proxy holds
    /// back.
    pub const fn is_stream(self) -> bool {
        matches!(
            self,
            Self::Sse | Self::Streaming | Self::Multipart | Self::ForeverIframe
        )
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|transport| transport.name() == name)
            .ok_or_else(|| format!("no transport `{name}`"))
    }
}
