//! Between JSON with attachments and MessagePack, in which bytes have a type.
//!
//! [`Args`](crate::Args) keeps an event's arguments as JSON text, with a placeholder
//! wherever the bytes of an attachment belong. The parsers and adapters of Socket.IO that
//! use MessagePack put the bytes themselves there. [`encode()`] and [`decode`] turn one
//! into the other without a tree of values between them.
//!
//! [`Parser::msgpack`] uses them for a server whose clients have
//! [socket.io-msgpack-parser](https://www.npmjs.com/package/socket.io-msgpack-parser) as
//! their `parser`.
//!
//! The bytes are what [notepack.io](https://www.npmjs.com/package/notepack.io), the
//! JavaScript library of these parsers and adapters, reads and writes. (It loses whole
//! numbers past 2⁶⁴ when it writes them. We do not.)

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use bytes::{Buf, Bytes};
use rmp::{Marker, encode};
use serde::de::{self, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

pub use crate::error::DecodeError;
use crate::error::ParseError;
use crate::wire::packet::{Packet, PacketLimits, PacketType};
use crate::wire::parser::{Parser, Translate};
use crate::wire::{binary, repair};

/// The number of levels that `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// The limits of what [`decode`] returns.
///
/// ```
/// use socket_io::msgpack::{self, DecodeError, Limits};
///
/// let limits = Limits { max_depth: 2, ..Limits::default() };
/// assert!(msgpack::decode(b"\x91\x90".as_slice(), limits).is_ok());
/// let deeper = msgpack::decode(b"\x91\x91\x90".as_slice(), limits);
/// assert!(matches!(deeper, Err(DecodeError::TooDeep)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nesting of arrays and objects. Default 64, and never more than 127, which is what
    /// `serde_json` reads.
    pub max_depth: usize,
    /// Attachments. Default 10.
    pub max_attachments: usize,
    /// Bytes of the JSON, which can be six times as long as the MessagePack. Default
    /// 8 MiB.
    pub max_json: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = crate::Limits::default();
        Self {
            max_depth: limits.max_depth,
            max_attachments: limits.max_attachments,
            max_json: limits.max_backlog,
        }
    }
}

/// Writes a JSON value as MessagePack. The attachments replace their placeholders.
///
/// Integers take the shortest form, other numbers are 64-bit floats, and attachments have
/// the type for bytes. Without attachments, an object that looks like a placeholder is
/// only an object. What JSON allows and `serde_json` cannot represent is written as
/// JavaScript would read it: half a surrogate pair as U+FFFD, and as null a number out of
/// range.
///
/// ```
/// use bytes::Bytes;
/// use socket_io::msgpack;
///
/// let json = r#"["photo",{"_placeholder":true,"num":0}]"#;
/// let packed = msgpack::encode(json, &[Bytes::from_static(&[1, 2])])?;
/// assert_eq!(packed, b"\x92\xa5photo\xc4\x02\x01\x02");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// The text is not JSON, or not nested within 127 levels, or has a placeholder for an
/// attachment that is not there.
pub fn encode(json: &str, attachments: &[Bytes]) -> Result<Vec<u8>, serde_json::Error> {
    let write = |json: &str| {
        let attached: usize = attachments.iter().map(Bytes::len).sum();
        let mut output = Vec::with_capacity(json.len() + attached);
        let value = Encode {
            output: &mut output,
            attachments,
        };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        value.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(output)
    };
    write(json).or_else(|error: serde_json::Error| {
        if error.is_data() {
            return Err(error);
        }
        binary::check_json(json)?;
        write(&repair::shape(json))
    })
}

/// Writes the one JSON value that it is given.
struct Encode<'a> {
    output: &'a mut Vec<u8>,
    attachments: &'a [Bytes],
}

/// The part of a value that decides whether the object around it is a placeholder.
#[derive(PartialEq)]
enum Written {
    True,
    Number(u64),
    Other,
}

impl Encode<'_> {
    fn inner(&mut self) -> Encode<'_> {
        Encode {
            output: self.output,
            attachments: self.attachments,
        }
    }

    /// Replaces the byte at `start` by the header of an array or a map, now that its length
    /// is known. Only a header of more than a byte moves what follows.
    fn finish<E: de::Error>(
        &mut self,
        start: usize,
        len: u32,
        write: fn(&mut Vec<u8>, u32) -> Result<Marker, encode::ValueWriteError>,
    ) -> Result<Written, E> {
        let mut header = Vec::new();
        write(&mut header, len).map_err(E::custom)?;
        self.output.splice(start..=start, header);
        Ok(Written::Other)
    }
}

impl<'de> DeserializeSeed<'de> for Encode<'_> {
    type Value = Written;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Written, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Encode<'_> {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Written, E> {
        encode::write_nil(self.output).map_err(E::custom)?;
        Ok(Written::Other)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Written, E> {
        encode::write_bool(self.output, value).map_err(E::custom)?;
        Ok(if value { Written::True } else { Written::Other })
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Written, E> {
        encode::write_uint(self.output, value).map_err(E::custom)?;
        Ok(Written::Number(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Written, E> {
        encode::write_sint(self.output, value).map_err(E::custom)?;
        Ok(Written::Other)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Written, E> {
        encode::write_f64(self.output, value).map_err(E::custom)?;
        Ok(Written::Other)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Written, E> {
        encode::write_str(self.output, value).map_err(E::custom)?;
        Ok(Written::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Written, A::Error> {
        let (start, mut len) = (self.output.len(), 0);
        self.output.push(0);
        while seq.next_element_seed(self.inner())?.is_some() {
            len += 1;
        }
        self.finish(start, len, encode::write_array_len)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Written, A::Error> {
        let (start, mut len) = (self.output.len(), 0);
        self.output.push(0);
        let (mut placeholder, mut num) = (false, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            encode::write_str(self.output, &key).map_err(A::Error::custom)?;
            match (&*key, map.next_value_seed(self.inner())?) {
                ("_placeholder", value) => placeholder = value == Written::True,
                ("num", Written::Number(value)) => num = usize::try_from(value).ok(),
                _ => {}
            }
            len += 1;
        }
        if !placeholder || self.attachments.is_empty() {
            return self.finish(start, len, encode::write_map_len);
        }
        let bytes = num
            .and_then(|num| self.attachments.get(num))
            .ok_or_else(|| A::Error::custom("no attachment of that number"))?;
        self.output.truncate(start);
        encode::write_bin(self.output, bytes).map_err(A::Error::custom)?;
        Ok(Written::Other)
    }
}

/// Reads a value in MessagePack as JSON. Bytes become attachments, which share the
/// input's memory, and leave their placeholders in the JSON.
///
/// Bytes are the type for bytes, and the extension type 0, as which notepack.io 2 writes
/// an `ArrayBuffer`. Its `undefined` and numbers that are not finite are null, and its
/// dates are text, as `JSON.stringify` writes them.
///
/// ```
/// use socket_io::msgpack::{self, Limits};
///
/// let packed = b"\x92\xa5photo\xc4\x02\x01\x02".as_slice();
/// let (json, attachments) = msgpack::decode(packed, Limits::default())?;
/// assert_eq!(json, r#"["photo",{"_placeholder":true,"num":0}]"#);
/// assert_eq!(attachments, [[1, 2].as_slice()]);
/// # Ok::<(), msgpack::DecodeError>(())
/// ```
///
/// # Errors
/// The input is not one complete value, or not within the limits.
pub fn decode(
    input: impl Into<Bytes>,
    limits: Limits,
) -> Result<(String, Vec<Bytes>), DecodeError> {
    let mut input = input.into();
    let mut output = Output {
        json: Vec::new(),
        attachments: Vec::new(),
        limits,
    };
    output.value(&mut input, 0)?;
    if input.has_remaining() {
        return Err(DecodeError::Trailing);
    }
    let Output {
        json, attachments, ..
    } = output;
    // Only whole pieces of text were written.
    let json = String::from_utf8(json).map_err(|_| DecodeError::Type)?;
    let count = attachments.len();
    if count > 0 && !binary::placeholders_fit(&json, count).unwrap_or(false) {
        return Err(DecodeError::Placeholder);
    }
    Ok((json, attachments))
}

/// The parts of a packet so far.
struct Output {
    json: Vec<u8>,
    attachments: Vec<Bytes>,
    limits: Limits,
}

impl Output {
    /// Takes a value from the input, which has `depth` others around it. The lengths in
    /// the input reserve nothing: each element has at least one byte, so a loop over a
    /// length that is a lie ends with the input.
    fn value(&mut self, input: &mut Bytes, depth: usize) -> Result<(), DecodeError> {
        match Marker::from_u8(input.try_get_u8()?) {
            Marker::Null => self.display("null"),
            Marker::False => self.display(false),
            Marker::True => self.display(true),
            Marker::FixPos(value) => self.display(value),
            Marker::FixNeg(value) => self.display(value),
            Marker::U8 => self.display(input.try_get_u8()?),
            Marker::U16 => self.display(input.try_get_u16()?),
            Marker::U32 => self.display(input.try_get_u32()?),
            Marker::U64 => self.display(input.try_get_u64()?),
            Marker::I8 => self.display(input.try_get_i8()?),
            Marker::I16 => self.display(input.try_get_i16()?),
            Marker::I32 => self.display(input.try_get_i32()?),
            Marker::I64 => self.display(input.try_get_i64()?),
            Marker::F32 => self.serialize(&f64::from(input.try_get_f32()?)),
            Marker::F64 => self.serialize(&input.try_get_f64()?),
            Marker::FixStr(len) => self.text(len.into(), input),
            Marker::Str8 => self.text(length8(input)?, input),
            Marker::Str16 => self.text(length16(input)?, input),
            Marker::Str32 => self.text(length32(input)?, input),
            Marker::Bin8 => self.bytes(length8(input)?, input),
            Marker::Bin16 => self.bytes(length16(input)?, input),
            Marker::Bin32 => self.bytes(length32(input)?, input),
            Marker::FixArray(len) => self.array(len.into(), input, depth),
            Marker::Array16 => self.array(length16(input)?, input, depth),
            Marker::Array32 => self.array(length32(input)?, input, depth),
            Marker::FixMap(len) => self.map(len.into(), input, depth),
            Marker::Map16 => self.map(length16(input)?, input, depth),
            Marker::Map32 => self.map(length32(input)?, input, depth),
            Marker::FixExt1 => self.extension(1, input),
            Marker::FixExt2 => self.extension(2, input),
            Marker::FixExt4 => self.extension(4, input),
            Marker::FixExt8 => self.extension(8, input),
            Marker::FixExt16 => self.extension(16, input),
            Marker::Ext8 => self.extension(length8(input)?, input),
            Marker::Ext16 => self.extension(length16(input)?, input),
            Marker::Ext32 => self.extension(length32(input)?, input),
            Marker::Reserved => Err(DecodeError::Type),
        }
    }

    fn array(
        &mut self,
        len: usize,
        input: &mut Bytes,
        depth: usize,
    ) -> Result<(), DecodeError> {
        let depth = self.deeper(depth)?;
        self.json.push(b'[');
        for index in 0..len {
            if index > 0 {
                self.json.push(b',');
            }
            self.value(input, depth)?;
        }
        self.display(']')
    }

    fn map(
        &mut self,
        len: usize,
        input: &mut Bytes,
        depth: usize,
    ) -> Result<(), DecodeError> {
        let depth = self.deeper(depth)?;
        self.json.push(b'{');
        for index in 0..len {
            if index > 0 {
                self.json.push(b',');
            }
            let len = match Marker::from_u8(input.try_get_u8()?) {
                Marker::FixStr(len) => len.into(),
                Marker::Str8 => length8(input)?,
                Marker::Str16 => length16(input)?,
                Marker::Str32 => length32(input)?,
                _ => return Err(DecodeError::Key),
            };
            self.text(len, input)?;
            self.json.push(b':');
            self.value(input, depth)?;
        }
        self.display('}')
    }

    fn deeper(&self, depth: usize) -> Result<usize, DecodeError> {
        if depth < self.limits.max_depth.min(MAX_DEPTH) {
            Ok(depth + 1)
        } else {
            Err(DecodeError::TooDeep)
        }
    }

    fn text(&mut self, len: usize, input: &mut Bytes) -> Result<(), DecodeError> {
        let bytes = take(input, len)?;
        // notepack.io writes half a surrogate pair as bytes that are not UTF-8.
        self.serialize(&String::from_utf8_lossy(&bytes))
    }

    fn bytes(&mut self, len: usize, input: &mut Bytes) -> Result<(), DecodeError> {
        let bytes = take(input, len)?;
        let num = self.attachments.len();
        if num >= self.limits.max_attachments {
            return Err(DecodeError::TooManyAttachments);
        }
        self.attachments.push(bytes);
        self.display(format_args!(r#"{{"_placeholder":true,"num":{num}}}"#))
    }

    fn extension(&mut self, len: usize, input: &mut Bytes) -> Result<(), DecodeError> {
        match (input.try_get_i8()?, len) {
            // notepack.io 2 uses type 0 for `undefined`, for a date and for an `ArrayBuffer`.
            (0, 1) => {
                input.try_get_u8()?;
                self.display("null")
            }
            (0, 8) => {
                let millis = input.try_get_i64()?;
                self.date(millis)
            }
            (0, _) => self.bytes(len, input),
            // MessagePack's own timestamps, which notepack.io 3 writes for a date.
            (-1, 4) => {
                let seconds = input.try_get_u32()?;
                self.timestamp(seconds.into(), 0)
            }
            (-1, 8) => {
                let both = input.try_get_u64()?;
                let seconds = both & 0x3_ffff_ffff;
                self.timestamp(seconds.cast_signed(), both >> 34)
            }
            (-1, 12) => {
                let nanos = input.try_get_u32()?;
                let seconds = input.try_get_i64()?;
                self.timestamp(seconds, nanos.into())
            }
            _ => Err(DecodeError::Type),
        }
    }

    fn timestamp(&mut self, seconds: i64, nanos: u64) -> Result<(), DecodeError> {
        let millis = i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX);
        self.date(seconds.saturating_mul(1000).saturating_add(millis))
    }

    /// Writes a date as `JSON.stringify` does.
    fn date(&mut self, millis: i64) -> Result<(), DecodeError> {
        // The range of JavaScript's `Date`; outside of it is an invalid date.
        if millis.unsigned_abs() > 8_640_000_000_000_000 {
            return self.display("null");
        }
        let (year, month, day) = calendar(millis.div_euclid(86_400_000));
        let year = match year {
            0..=9999 => format!("{year:04}"),
            _ => format!("{year:+07}"),
        };
        let millis = millis.rem_euclid(86_400_000);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, millis) = (millis / 1000 % 60, millis % 1000);
        self.display(format_args!(
            "\"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z\""
        ))
    }

    fn display(&mut self, value: impl fmt::Display) -> Result<(), DecodeError> {
        write!(self.json, "{value}").map_err(|_| DecodeError::TooLarge)?;
        self.check()
    }

    /// Writes text and numbers as JSON; numbers that are not finite are null.
    fn serialize(&mut self, value: &impl Serialize) -> Result<(), DecodeError> {
        serde_json::to_writer(&mut self.json, value)
            .map_err(|_| DecodeError::TooLarge)?;
        self.check()
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self.json.len() <= self.limits.max_json {
            Ok(())
        } else {
            Err(DecodeError::TooLarge)
        }
    }
}

fn length8(input: &mut Bytes) -> Result<usize, DecodeError> {
    Ok(input.try_get_u8()?.into())
}

fn length16(input: &mut Bytes) -> Result<usize, DecodeError> {
    Ok(input.try_get_u16()?.into())
}

fn length32(input: &mut Bytes) -> Result<usize, DecodeError> {
    usize::try_from(input.try_get_u32()?).map_err(|_| DecodeError::Truncated)
}

fn take(input: &mut Bytes, len: usize) -> Result<Bytes, DecodeError> {
    if len <= input.len() {
        Ok(input.split_to(len))
    } else {
        Err(DecodeError::Truncated)
    }
}

impl Parser {
    /// Encodes each packet as one message in MessagePack, which is what clients with
    /// socket.io-msgpack-parser expect: less to send where there are bytes or many numbers, and
    /// nothing that a person can read in the browser's tools.
    ///
    /// ```
    /// use socket_io::{Config, Io, Parser};
    ///
    /// let io = Io::new(Config { parser: Parser::msgpack(), ..Config::default() });
    /// ```
    ///
    /// In JavaScript:
    ///
    /// ```js
    /// import { io } from "socket.io-client";
    /// import * as parser from "socket.io-msgpack-parser";
    ///
    /// const socket = io("http://localhost:5000", { parser });
    /// ```
    pub const fn msgpack() -> Self {
        Self(Some(&MsgPack))
    }
}

struct MsgPack;

/// A packet in the form of socket.io-msgpack-parser, without types for attachments.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    nsp: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    id: Option<u64>,
}

impl Translate for MsgPack {
    fn name(&self) -> &'static str {
        "msgpack"
    }

    fn read(
        &self,
        message: Bytes,
        limits: &crate::Limits,
    ) -> Result<(String, Vec<Bytes>), ParseError> {
        let limits = Limits {
            // The packet is an object around its data.
            max_depth: limits.max_depth.saturating_add(1),
            max_attachments: limits.max_attachments,
            max_json: limits.max_backlog,
        };
        let (json, attachments) = decode(message, limits)?;
        let wire: Wire<'_> =
            serde_json::from_str(&json).map_err(|_| DecodeError::Packet)?;
        let kind = match (wire.kind, attachments.is_empty()) {
            (0, true) => PacketType::Connect,
            (1, true) => PacketType::Disconnect,
            (2, true) => PacketType::Event,
            (2, false) => PacketType::BinaryEvent,
            (3, true) => PacketType::Ack,
            (3, false) => PacketType::BinaryAck,
            _ => return Err(DecodeError::Packet.into()),
        };
        // A comma ends the namespace's name in the text.
        if !wire.nsp.starts_with('/') || wire.nsp.contains(',') {
            return Err(DecodeError::Packet.into());
        }
        let packet = Packet {
            kind,
            attachments: attachments.len(),
            namespace: &wire.nsp,
            id: wire.id,
            data: wire.data.map_or("", RawValue::get),
        };
        Ok((packet.to_text(), attachments))
    }

    fn write(&self, text: &str, attachments: &[Bytes]) -> Result<Vec<u8>, ParseError> {
        let unlimited = PacketLimits {
            max_attachments: usize::MAX,
            max_depth: usize::MAX,
        };
        let packet = Packet::parse_within(text, unlimited)?;
        let kind = match packet.kind {
            PacketType::Connect => 0,
            PacketType::Disconnect => 1,
            PacketType::Event | PacketType::BinaryEvent => 2,
            PacketType::Ack | PacketType::BinaryAck => 3,
            PacketType::ConnectError => 4,
        };
        let namespace = serde_json::to_string(packet.namespace)?;
        let mut json = format!(r#"{{"type":{kind},"nsp":{namespace}"#);
        if !packet.data.is_empty() {
            json.extend([r#","data":"#, packet.data]);
        }
        if let Some(id) = packet.id {
            json.extend([r#","id":"#, &id.to_string()]);
        }
        json.push('}');
        Ok(encode(&json, attachments)?)
    }
}

/// Returns the year, the month and the day that are `days` after January 1, 1970.
fn calendar(days: i64) -> (i64, i64, i64) {
    // Counted from March 1 of the year 0, so that a leap day ends a year. The calendar
    // repeats every 400 years, or 146,097 days.
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    // Without the leap days that came before, each year has 365 days.
    let leap_days = day / 1460 - day / 36_524 + day / 146_096;
    let year = (day - leap_days) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days, whatever the five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let next_year = i64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * cycle + year + next_year, month, day)
}

#[cfg(test)]
mod tests;
