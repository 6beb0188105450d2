//! Packets: what a Socket.IO client and server say, as text over Engine.IO messages.
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON]
//!
//!   0{"token":"123"}                         CONNECT to / with a payload
//!   2/chat,["user message","hello"]          EVENT in /chat
//!   212["join","room"]                       EVENT that wants acknowledgement 12
//!   312[true]                                ACK for it
//!   51-["photo",{"_placeholder":true,"num":0}]   BINARY_EVENT; one binary message follows
//! ```
//! (Socket.IO protocol 5, "Packet encoding")
//!
//! Reading makes no JSON tree: it finds the parts and leaves the data as text, which is
//! decoded once, straight into the types that a handler asks for.

use std::fmt::Write;

use engine_io::EncodedMessage;

use crate::error::ParseError;
use crate::limits::Limits;

/// A packet's type (Socket.IO protocol 5, "Packet types").
///
/// ```
/// use socket_io::packet::{Packet, PacketType};
///
/// assert_eq!(Packet::parse(r#"2["tea"]"#).unwrap().kind, PacketType::Event);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    /// `0`: a client asks to join a namespace, or the server confirms that it has joined.
    Connect,
    /// `1`: leave a namespace.
    Disconnect,
    /// `2`: an event.
    Event,
    /// `3`: the answer to one.
    Ack,
    /// `4`: the server refuses a client that asked to join.
    ConnectError,
    /// `5`: an event with attachments.
    BinaryEvent,
    /// `6`: an answer with attachments.
    BinaryAck,
}

impl PacketType {
    fn digit(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }
}

/// The text part of a packet. It borrows from the message in which it arrived.
///
/// ```
/// use socket_io::packet::{Packet, PacketType};
///
/// let packet = Packet {
///     kind: PacketType::BinaryEvent,
///     attachments: 1,
///     namespace: "/",
///     id: None,
///     data: r#"["photo",{"_placeholder":true,"num":0}]"#,
/// };
/// assert_eq!(packet.to_text(), r#"51-["photo",{"_placeholder":true,"num":0}]"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The type.
    pub kind: PacketType,
    /// How many binary messages follow a packet of one of the two binary types.
    pub attachments: usize,
    /// The namespace, or `/` if the packet has none.
    pub namespace: &'a str,
    /// The acknowledgement id.
    pub id: Option<u64>,
    /// JSON, as text; empty if the packet has none.
    pub data: &'a str,
}

/// The limits of what a packet may announce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketLimits {
    pub(crate) max_attachments: usize,
    pub(crate) max_depth: usize,
}

impl<'a> Packet<'a> {
    /// Takes a packet's text apart, with the default limits. The data is scanned for its
    /// depth but not yet parsed.
    ///
    /// # Errors
    /// [`ParseError`] for whatever is not of the packet's form.
    ///
    /// ```
    /// use socket_io::packet::{Packet, PacketType};
    /// let packet = Packet::parse(r#"2/chat,12["join","lobby"]"#).unwrap();
    /// assert_eq!((packet.kind, packet.namespace, packet.id), (PacketType::Event, "/chat", Some(12)));
    /// assert_eq!(packet.data, r#"["join","lobby"]"#);
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let limits = Limits::default();
        Self::parse_within(
            text,
            PacketLimits {
                max_attachments: limits.max_attachments,
                max_depth: limits.max_depth,
            },
        )
    }

    pub(crate) fn parse_within(
        text: &'a str,
        limits: PacketLimits,
    ) -> Result<Self, ParseError> {
        let kind = match text.as_bytes().first() {
            Some(b'0') => PacketType::Connect,
            Some(b'1') => PacketType::Disconnect,
            Some(b'2') => PacketType::Event,
            Some(b'3') => PacketType::Ack,
            Some(b'4') => PacketType::ConnectError,
            Some(b'5') => PacketType::BinaryEvent,
            Some(b'6') => PacketType::BinaryAck,
            _ => return Err(ParseError::UnknownType),
        };
        let mut rest = &text[1..];
        let mut attachments = 0;
        if kind.is_binary() {
            let (count, behind) =
                rest.split_once('-').ok_or(ParseError::AttachmentCount)?;
            if count.is_empty() || !count.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(ParseError::AttachmentCount);
            }
            let count = count.parse().unwrap_or(u64::MAX);
            if count == 0 || count > limits.max_attachments as u64 {
                return Err(ParseError::TooManyAttachments(count));
            }
            attachments = usize::try_from(count).unwrap_or(usize::MAX);
            rest = behind;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            // A query after the name belongs to protocol 4 and means nothing here.
            let (name, behind) = rest.split_once(',').unwrap_or((rest, ""));
            namespace = name.split_once('?').map_or(name, |(name, _)| name);
            rest = behind;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        let id = if id.is_empty() {
            None
        } else {
            Some(id.parse().map_err(|_| ParseError::Id)?)
        };
        let fits = match kind {
            PacketType::Connect => data.is_empty() || data.starts_with('{'),
            PacketType::Disconnect => data.is_empty(),
            PacketType::ConnectError => true,
            PacketType::Event | PacketType::BinaryEvent => data.starts_with('['),
            PacketType::Ack | PacketType::BinaryAck => {
                data.starts_with('[') && id.is_some()
            }
        };
        if !fits {
            return Err(ParseError::Data);
        }
        check_depth(data, limits.max_depth)?;
        Ok(Self {
            kind,
            attachments,
            namespace,
            id,
            data,
        })
    }

    /// Writes the text part.
    ///
    /// ```
    /// use socket_io::packet::{Packet, PacketType};
    /// let packet =
    ///     Packet { kind: PacketType::Ack, attachments: 0, namespace: "/chat", id: Some(12), data: "[true]" };
    /// assert_eq!(packet.to_text(), "3/chat,12[true]");
    /// ```
    pub fn to_text(&self) -> String {
        // With room for the numbers, and for the offset of a recovered event.
        let mut text = String::with_capacity(self.namespace.len() + self.data.len() + 40);
        text.push(self.kind.digit());
        if self.kind.is_binary() {
            let _ = write!(text, "{}-", self.attachments);
        }
        if self.namespace != "/" {
            text.push_str(self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        text.push_str(self.data);
        text
    }

    pub(crate) fn encode(&self) -> EncodedMessage {
        EncodedMessage::text(&self.to_text())
    }
}

/// Refuses JSON nested deeper than `max`, because a parser that uses recursion would
/// overflow its stack.
pub(crate) fn check_depth(json: &str, max: usize) -> Result<(), ParseError> {
    // Few brackets cannot be deep, and counting is many times faster than reading: in
    // bytes that cannot overflow, the compiler counts sixteen at a time.
    let brackets = json.as_bytes().chunks(255).map(|chunk| {
        let is_bracket = |byte: &u8| u8::from(matches!(byte, b'[' | b'{'));
        usize::from(chunk.iter().map(is_bracket).sum::<u8>())
    });
    if brackets.sum::<usize>() <= max {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return Err(ParseError::TooDeep);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_of_the_protocol() {
        let plain = |kind, namespace, id, data| Packet {
            kind,
            attachments: 0,
            namespace,
            id,
            data,
        };
        for (text, packet) in [
            ("0", plain(PacketType::Connect, "/", None, "")),
            (
                "0/admin,{\"sid\":\"x\"}",
                plain(PacketType::Connect, "/admin", None, "{\"sid\":\"x\"}"),
            ),
            (
                "1/admin,",
                plain(PacketType::Disconnect, "/admin", None, ""),
            ),
            (
                "2[\"foo\"]",
                plain(PacketType::Event, "/", None, "[\"foo\"]"),
            ),
            (
                "2/admin,456[\"a\"]",
                plain(PacketType::Event, "/admin", Some(456), "[\"a\"]"),
            ),
            ("30[]", plain(PacketType::Ack, "/", Some(0), "[]")),
            (
                "4/admin,{\"message\":\"no\"}",
                plain(
                    PacketType::ConnectError,
                    "/admin",
                    None,
                    "{\"message\":\"no\"}",
                ),
            ),
            (
                "51-[\"a\",1]",
                Packet {
                    attachments: 1,
                    ..plain(PacketType::BinaryEvent, "/", None, "[\"a\",1]")
                },
            ),
            (
                "510-[\"a\"]",
                Packet {
                    attachments: 10,
                    ..plain(PacketType::BinaryEvent, "/", None, "[\"a\"]")
                },
            ),
            (
                "62-/admin,7[1]",
                Packet {
                    attachments: 2,
                    ..plain(PacketType::BinaryAck, "/admin", Some(7), "[1]")
                },
            ),
        ] {
            assert_eq!(Packet::parse(text).unwrap(), packet, "{text}");
            assert_eq!(packet.to_text(), text);
        }
        assert_eq!(Packet::parse("0/admin").unwrap().namespace, "/admin");
        assert_eq!(
            Packet::parse("0/admin?token=1,").unwrap().namespace,
            "/admin"
        );
    }

    #[test]
    fn what_is_no_packet() {
        for text in [
            "",
            "7",
            "x",
            "é",
            "0[]",
            "1{}",
            "2",
            "2{}",
            "2\"a\"",
            "3[]",
            "5[\"a\"]",
            "5x-[\"a\"]",
            "50-[\"a\"]",
            "511-[\"a\"]",
            "5-[\"a\"]",
            "5+1-[\"a\"]",
            "299999999999999999999[\"a\"]",
        ] {
            assert!(Packet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_counts_brackets_and_not_strings() {
        let deep = format!("2{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(Packet::parse(&deep), Err(ParseError::TooDeep)));
        let flat = format!(r#"2["{}","\"{}"]"#, "[".repeat(1000), "{".repeat(1000));
        assert!(Packet::parse(&flat).is_ok());
        let wide = format!(r#"2["a"{}]"#, ",[],{}".repeat(1000));
        assert!(
            Packet::parse(&wide).is_ok(),
            "a closed bracket no longer counts"
        );
        let nested =
            |levels: usize| format!("2{}{}", "[".repeat(levels), "]".repeat(levels));
        let max = Limits::default().max_depth;
        assert!(Packet::parse(&nested(max)).is_ok());
        assert!(matches!(
            Packet::parse(&nested(max + 1)),
            Err(ParseError::TooDeep)
        ));
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in ".*") {
            let _ = Packet::parse(&text);
        }

        #[test]
        fn what_starts_like_a_packet_never_panics(text in "[0-6][0-9]{0,3}-?(/[a-z]*,?)?[0-9]{0,22}[\\[{].*") {
            let _ = Packet::parse(&text);
        }

        #[test]
        fn to_text_then_parse_is_the_identity(
            kind in prop_oneof![Just(PacketType::Event), Just(PacketType::BinaryEvent)],
            namespace in "/[a-z]{0,8}",
            id in any::<Option<u64>>(),
            count in 1usize..10,
            name in ".*",
        ) {
            let data = serde_json::to_string(&[name]).unwrap();
            let attachments = if kind == PacketType::BinaryEvent { count } else { 0 };
            let packet = Packet { kind, attachments, namespace: &namespace, id, data: &data };
            let text = packet.to_text();
            prop_assert_eq!(Packet::parse(&text).unwrap(), packet);
        }
    }
}
