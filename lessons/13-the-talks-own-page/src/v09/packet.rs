//! A packet of Socket.IO 0.9: four fields, separated by colons.
//!
//! ```text
//! <type>:[<id>[+]]:[<endpoint>][:<data>]
//!
//!   1::/chat                                   connect to /chat
//!   5:1+:/chat:{"name":"join","args":["tea"]}  event 1; its handler's value is asked for
//!   6::/chat:1+[true]                          acknowledgement of event 1, with the value
//!   2::                                        heartbeat
//!   7:::1+0                                    error 1 ("client not handshaken"), advice 0
//!                                              ("reconnect")
//! ```
//! (Socket.IO 0.9, README of `socket.io-spec`)

use std::fmt;

use thiserror::Error;

/// The type of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0`: the endpoint, or without one the whole connection, ends.
    Disconnect,
    /// `1`: asks for an endpoint; the server confirms with the same packet.
    Connect,
    /// `2`: the server asks whether the client is there, and the client says so.
    Heartbeat,
    /// `3`: text.
    Message,
    /// `4`: a value in JSON.
    Json,
    /// `5`: an event, `{"name":…,"args":[…]}`.
    Event,
    /// `6`: an acknowledgement.
    Ack,
    /// `7`: an error, perhaps with the advice to reconnect.
    Error,
    /// `8`: nothing, so that a poll ends.
    Noop,
}

const KINDS: [Kind; 9] = [
    Kind::Disconnect,
    Kind::Connect,
    Kind::Heartbeat,
    Kind::Message,
    Kind::Json,
    Kind::Event,
    Kind::Ack,
    Kind::Error,
    Kind::Noop,
];

/// Why a text is not a packet.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PacketError {
    /// It does not start with a digit from 0 to 8 and a colon.
    #[error("a packet starts with its type, a digit from 0 to 8, and a colon")]
    Kind,
    /// The second field is neither empty nor a number, perhaps with a `+`.
    #[error("the second field of a packet is a number, perhaps with a `+` after it")]
    Id,
    /// An endpoint that does not start with a slash, or that has a character that the
    /// names of today cannot have.
    #[error("an endpoint is a path, without commas and control characters")]
    Endpoint,
}

/// The four fields of a packet. It borrows from the message in which it arrived.
///
/// ```
/// use heritage::v09::{Kind, Packet};
///
/// let packet = Packet::parse(r#"5:1+:/chat:{"name":"join","args":["tea"]}"#).unwrap();
/// assert_eq!((packet.kind, packet.id, packet.wants_value), (Kind::Event, Some(1), true));
/// assert_eq!(packet.endpoint, "/chat");
/// assert_eq!(packet.data, r#"{"name":"join","args":["tea"]}"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The type.
    pub kind: Kind,
    /// The number under which the sender wants to be acknowledged.
    pub id: Option<u64>,
    /// A `+` follows the number: the value of the handler is to come back, and not just
    /// the fact that the packet has arrived.
    pub wants_value: bool,
    /// The endpoint, which is called a namespace today, perhaps with a query. Empty for
    /// the connection itself.
    pub endpoint: &'a str,
    /// The rest. It may contain colons.
    pub data: &'a str,
}

impl<'a> Packet<'a> {
    /// A packet with only a type, for the connection itself.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            id: None,
            wants_value: false,
            endpoint: "",
            data: "",
        }
    }

    /// Takes a packet apart.
    ///
    /// # Errors
    /// Returns the field that is not as it should be.
    pub fn parse(text: &'a str) -> Result<Self, PacketError> {
        let (kind, rest) = text.split_once(':').ok_or(PacketError::Kind)?;
        let (id, rest) = rest.split_once(':').ok_or(PacketError::Id)?;
        // The third colon is there only if data follows, and the data may have more.
        let (endpoint, data) = rest.split_once(':').unwrap_or((rest, ""));
        let kind = match kind.as_bytes() {
            [digit @ b'0'..=b'8'] => KINDS[usize::from(digit - b'0')],
            _ => return Err(PacketError::Kind),
        };
        let (number, wants_value) = match id.strip_suffix('+') {
            Some(number) => (number, true),
            None => (id, false),
        };
        let id = if id.is_empty() {
            None
        } else {
            Some(digits(number).ok_or(PacketError::Id)?)
        };
        if !is_endpoint(endpoint) {
            return Err(PacketError::Endpoint);
        }
        Ok(Self {
            kind,
            id,
            wants_value,
            endpoint,
            data,
        })
    }
}

/// A number in decimal digits, and nothing else: `str::parse` would accept a sign.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// In the protocol of today a comma ends a namespace's name.
fn is_endpoint(name: &str) -> bool {
    let fits = |char: char| char != ',' && !char.is_control();
    name.is_empty() || name.starts_with('/') && name.chars().all(fits)
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind as u8)?;
        if let Some(id) = self.id {
            write!(f, "{id}{}", if self.wants_value { "+" } else { "" })?;
        }
        write!(f, ":{}", self.endpoint)?;
        if !self.data.is_empty() {
            write!(f, ":{}", self.data)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colon_in_the_data_belongs_to_the_data() {
        let packet = Packet::parse("3:::at 12:30").unwrap();
        assert_eq!(
            (packet.kind, packet.endpoint, packet.data),
            (Kind::Message, "", "at 12:30")
        );
    }

    #[test]
    fn texts_that_are_no_packets_are_refused() {
        use PacketError::{Endpoint, Id, Kind};
        for (text, error) in [
            ("", Kind),
            ("5", Kind),
            ("9::", Kind),
            ("55::", Kind),
            ("-1::", Kind),
            ("٣::", Kind),
            ("5:", Id),
            ("5:x:", Id),
            ("5:+:", Id),
            ("5:+1:", Id),
            ("5:1++:", Id),
            ("5:18446744073709551616:", Id),
            ("1::chat", Endpoint),
            ("1::/a,b", Endpoint),
            ("1::/a\nb", Endpoint),
        ] {
            assert_eq!(Packet::parse(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            kind in 0_usize..9,
            id in proptest::option::of(any::<(u64, bool)>()),
            endpoint in "(/[a-z?=&/]{0,8})?",
            data in ".*",
        ) {
            let packet = Packet {
                kind: KINDS[kind],
                id: id.map(|(id, _)| id),
                wants_value: id.is_some_and(|(_, plus)| plus),
                endpoint: &endpoint,
                data: &data,
            };
            let text = packet.to_string();
            prop_assert_eq!(Packet::parse(&text), Ok(packet));
        }

        #[test]
        fn parse_never_panics(text in "[0-9:+/,a-z\u{fffd}👋]*") {
            if let Ok(packet) = Packet::parse(&text) {
                let again = packet.to_string();
                prop_assert_eq!(Packet::parse(&again), Ok(packet));
            }
        }
    }
}
