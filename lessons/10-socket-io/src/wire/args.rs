//! The arguments of events: decoded from JSON into a handler's parameters, and encoded
//! from Rust values into JSON, once each.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::value::UnitDeserializer;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::ParseError;
use crate::wire::binary::{self, Binary};
use crate::wire::{packet, repair};

/// Names that the protocol's libraries reserve for their own events.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// An event's name and its arguments, as [middleware](crate::Socket::middleware) sees
/// them.
///
/// ```
/// # fn example(socket: socket_io::Socket) {
/// socket.middleware(async |_: socket_io::Socket, event: socket_io::Event| {
///     if event.name == "shout" && event.args.json().len() > 100 {
///         return Err("not so long, please".to_owned());
///     }
///     Ok(event)
/// });
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The name: handlers are looked up by it.
    pub name: String,
    /// The arguments.
    pub args: Args,
}

/// All arguments as they came: for handlers that pass them on or look at them later.
///
/// ```
/// use socket_io::{Args, Io, Socket};
///
/// let io = Io::default();
/// io.of("/", |socket| {
///     // `paint` comes with a colour, or with three numbers.
///     socket.on("paint", async |_: Socket, args: Args| {
///         if let Ok((red, green, blue)) = args.decode::<(u8, u8, u8)>() {
///             return format!("#{red:02x}{green:02x}{blue:02x}");
///         }
///         args.decode::<(String,)>().map_or_else(|_| args.json().to_owned(), |(name,)| name)
///     });
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// A JSON array.
    json: Arc<str>,
    attachments: Arc<[Bytes]>,
}

impl Args {
    /// Builds arguments whose number, or whose shape, only the running program knows.
    ///
    /// ```
    /// use serde_json::json;
    /// use socket_io::Args;
    ///
    /// # fn example(socket: socket_io::Socket, photos: Vec<(String, Vec<u8>)>) -> Result<(), serde_json::Error> {
    /// let args = Args::build(|args| {
    ///     for (name, photo) in photos {
    ///         // Bytes anywhere in JSON.
    ///         let photo = args.attach(photo);
    ///         args.push(&json!({ "name": name, "photo": photo }))?;
    ///     }
    ///     Ok(())
    /// })?;
    /// socket.emit("photos", args);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `build`, and bytes that were attached and are not in the arguments exactly
    /// once.
    pub fn build(
        build: impl FnOnce(&mut ArgsWriter) -> Result<(), serde_json::Error>,
    ) -> Result<Self, serde_json::Error> {
        write(build).map(Self::from)
    }

    /// Makes arguments of parts that come from another server.
    ///
    /// ```
    /// use socket_io::Args;
    /// let args = Args::from_parts("[7,true]".into(), Vec::new())?;
    /// assert!(args.decode::<(u8, bool)>().is_ok());
    /// # Ok::<(), socket_io::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// The text is not a JSON array, it is nested too deep (127 levels), or its
    /// placeholders do not match the attachments.
    pub fn from_parts(json: String, attachments: Vec<Bytes>) -> Result<Self, ParseError> {
        check_array(&json, attachments.len())?;
        Ok(Encoded { json, attachments }.into())
    }

    /// The arguments as a JSON array; bytes are placeholders in it,
    /// `{"_placeholder":true,"num":0}` for the first of the
    /// [`attachments`](Self::attachments).
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The bytes that the placeholders stand for.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// The arguments in the types that are asked for.
    ///
    /// # Errors
    /// They do not fit.
    pub fn decode<T: FromArgs>(&self) -> Result<T, serde_json::Error> {
        self.raw().decode()
    }

    pub(crate) fn raw(&self) -> RawArgs<'_> {
        RawArgs {
            array: &self.json,
            skip: 0,
            attachments: &self.attachments,
        }
    }

    /// The arguments of an acknowledgement that has been checked.
    pub(crate) fn from_wire(array: &str, attachments: &[Bytes]) -> Self {
        Self {
            json: array.into(),
            attachments: attachments.into(),
        }
    }
}

impl From<Encoded> for Args {
    fn from(Encoded { json, attachments }: Encoded) -> Self {
        Self {
            json: json.into(),
            attachments: attachments.into(),
        }
    }
}

impl Default for Args {
    /// No arguments.
    fn default() -> Self {
        Self::from_wire("[]", &[])
    }
}

/// The deepest JSON that serde reads.
const MAX_DEPTH: usize = 127;

/// Checks an array that another server has sent.
pub(crate) fn check_array(array: &str, attachments: usize) -> Result<(), ParseError> {
    if !array.starts_with('[') || !array.ends_with(']') {
        return Err(ParseError::Data);
    }
    packet::check_depth(array, MAX_DEPTH)?;
    // As in a packet: without attachments, a placeholder is an object like any other.
    if attachments == 0 {
        binary::check_json(array)?;
    } else if !binary::placeholders_fit(array, attachments)? {
        return Err(ParseError::Placeholder);
    }
    Ok(())
}

/// An array of arguments in a packet, not yet decoded.
///
/// Your own [`FromArgs`] passes it on to the implementation of another type. It is `Copy`,
/// so you can try several:
///
/// ```
/// use socket_io::{FromArgs, RawArgs};
///
/// enum Target { Room(String), Point(f64, f64) }
///
/// impl FromArgs for Target {
///     fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error> {
///         if let Ok((x, y)) = FromArgs::from_args(raw) {
///             return Ok(Self::Point(x, y));
///         }
///         let (room,) = FromArgs::from_args(raw)?;
///         Ok(Self::Room(room))
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RawArgs<'a> {
    /// The whole array.
    pub(crate) array: &'a str,
    /// How many elements in front are not arguments: an event's name.
    pub(crate) skip: usize,
    pub(crate) attachments: &'a [Bytes],
}

impl RawArgs<'_> {
    /// The arguments in the types that are asked for. Text with half a surrogate pair is
    /// read with U+FFFD in its place.
    ///
    /// # Errors
    /// They do not fit, or contain a number that no type of Rust can hold.
    pub(crate) fn decode<T: FromArgs>(self) -> Result<T, serde_json::Error> {
        T::from_args(self).or_else(|error| {
            if error.is_data() {
                return Err(error);
            }
            match repair::surrogates(self.array) {
                Cow::Borrowed(_) => Err(error),
                Cow::Owned(array) => T::from_args(RawArgs {
                    array: &array,
                    ..self
                }),
            }
        })
    }

    /// A copy that can be kept.
    ///
    /// # Errors
    /// It is not JSON.
    pub(crate) fn to_args(self) -> Result<Args, serde_json::Error> {
        binary::check_json(self.array)?;
        let json: Arc<str> = if self.skip == 0 {
            self.array.into()
        } else {
            // Behind the name stands a comma, or the end.
            let (_, behind) = split_name(self.array)?;
            let arguments = behind.trim_start();
            format!("[{}", arguments.strip_prefix(',').unwrap_or(arguments)).into()
        };
        Ok(Args {
            json,
            attachments: self.attachments.into(),
        })
    }
}

/// The first element of an event's array as JSON, and the text after it.
fn split_name(array: &str) -> Result<(&str, &str), serde_json::Error> {
    let inside = array.get(1..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(inside).into_iter::<&RawValue>();
    let name = values
        .next()
        .unwrap_or_else(|| Err(serde_json::Error::custom("an event without a name")))?;
    Ok((name.get(), &inside[values.byte_offset()..]))
}

/// The event's name, first in the array.
pub(crate) fn event_name(array: &str) -> Result<Cow<'_, str>, ParseError> {
    // The usual name has no escapes: it is the text up to the next quote.
    if let Some(inside) = array.strip_prefix("[\"")
        && let Some(end) = inside
            .bytes()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        && inside.as_bytes()[end] == b'"'
    {
        return checked(Cow::Borrowed(&inside[..end]));
    }
    // A string, or a number, which JavaScript clients may use too.
    let name = split_name(array).map_err(|_| ParseError::Data)?.0;
    match name.as_bytes().first() {
        Some(b'"') => {
            let name: String = serde_json::from_str(&repair::surrogates(name))
                .map_err(|_| ParseError::Data)?;
            checked(Cow::Owned(name))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(name)),
        _ => Err(ParseError::Data),
    }
}

/// Whether the protocol's libraries reserve this name for their own events.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

fn checked(name: Cow<'_, str>) -> Result<Cow<'_, str>, ParseError> {
    if is_reserved(&name) {
        Err(ParseError::ReservedName(name.into_owned()))
    } else {
        Ok(name)
    }
}

/// The auth payload with which a client joins a namespace: an object, empty if it said
/// nothing. `None` if `serde_json` cannot represent it.
pub(crate) fn auth(json: &str) -> Option<Value> {
    if json.is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(&repair::surrogates(json)).ok()
}

/// A type that arguments can be decoded into. A tuple has a type for each argument; a
/// single value is the first argument. Missing arguments are `None` for an `Option`;
/// surplus arguments are ignored, as in JavaScript.
///
/// Your own type can use the implementation of another one, here of a tuple:
///
/// ```
/// use socket_io::{FromArgs, RawArgs};
///
/// struct Position { x: f64, y: f64 }
///
/// impl FromArgs for Position {
///     fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error> {
///         let (x, y) = FromArgs::from_args(raw)?;
///         Ok(Self { x, y })
///     }
/// }
/// # async fn example(socket: socket_io::Socket) -> Result<(), socket_io::AckError> {
/// let Position { x, y } = socket.emit_with_ack("where are you?", ()).await?;
/// # Ok(())
/// # }
/// ```
pub trait FromArgs: Sized {
    /// Decodes.
    ///
    /// # Errors
    /// The arguments do not fit, or are not JSON.
    fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error>;
}

impl FromArgs for Args {
    fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error> {
        raw.to_args()
    }
}

/// Visits an argument array, and hands its elements out one by one.
struct Elements<'de, A> {
    seq: A,
    position: usize,
    _de: PhantomData<&'de ()>,
}

impl<'de, A: SeqAccess<'de>> Elements<'de, A> {
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, A::Error> {
        self.position += 1;
        if let Some(value) = self.seq.next_element()? {
            return Ok(value);
        }
        let nothing: UnitDeserializer<A::Error> = UnitDeserializer::new();
        T::deserialize(nothing).map_err(|_| {
            A::Error::custom(format_args!("argument {} is missing", self.position))
        })
    }
}

macro_rules! tuples_from_args {
    ($(($($ty:ident),*)),* $(,)?) => {$(
        impl<$($ty: DeserializeOwned),*> FromArgs for ($($ty,)*) {
            fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error> {
                struct ArgsVisitor<$($ty),*>(usize, PhantomData<($($ty,)*)>);

                impl<'de, $($ty: DeserializeOwned),*> Visitor<'de> for ArgsVisitor<$($ty),*> {
                    type Value = ($($ty,)*);

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an array of arguments")
                    }

                    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                        for _ in 0..self.0 {
                            seq.next_element::<IgnoredAny>()?;
                        }
                        #[allow(unused_mut)]
                        let mut elements = Elements { seq, position: 0, _de: PhantomData };
                        let values = ($(elements.next::<$ty>()?,)*);
                        let mut seq = elements.seq;
                        while seq.next_element::<IgnoredAny>()?.is_some() {}
                        Ok(values)
                    }
                }

                let names: &[&str] = &[$(stringify!($ty)),*];
                let wanted = raw.skip..raw.skip + names.len();
                binary::provide(raw.array, wanted, raw.attachments, || {
                    let mut deserializer = serde_json::Deserializer::from_str(raw.array);
                    let visitor = ArgsVisitor::<$($ty),*>(raw.skip, PhantomData);
                    let values = deserializer.deserialize_seq(visitor)?;
                    deserializer.end()?;
                    Ok(values)
                })
            }
        }
    )*};
}

tuples_from_args!(
    (),
    (A),
    (A, B),
    (A, B, C),
    (A, B, C, D),
    (A, B, C, D, E),
    (A, B, C, D, E, F)
);

/// A value that can be sent as arguments: a tuple is a list of them, a single value is
/// one. Send a value of your own type as `(value,)`.
///
/// A handler's return value is sent the same way, as the acknowledgement. `Err(error)` is
/// acknowledged with `false` and the error's text.
///
/// ```
/// use socket_io::{ArgsWriter, IntoArgs};
///
/// struct Position { x: f64, y: f64 }
///
/// impl IntoArgs for Position {
///     fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
///         writer.push(&self.x)?;
///         writer.push(&self.y)
///     }
/// }
/// # fn example(socket: socket_io::Socket) {
/// socket.emit("moved", Position { x: 1.5, y: -2.0 });
/// # }
/// ```
pub trait IntoArgs {
    /// Writes the arguments.
    ///
    /// # Errors
    /// A value that JSON cannot express, like a map whose keys are not text.
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error>;
}

/// Collects arguments into a JSON array.
///
/// ```
/// use socket_io::Args;
///
/// let args = Args::build(|writer| {
///     writer.push("cat")?;
///     let photo = writer.attach(vec![0xff, 0xd8]);
///     writer.push(&serde_json::json!({ "photo": photo }))
/// })?;
/// assert_eq!(args.json(), r#"["cat",{"photo":{"_placeholder":true,"num":0}}]"#);
/// assert_eq!(args.attachments().len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct ArgsWriter {
    json: Vec<u8>,
}

impl ArgsWriter {
    /// Adds an argument.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    pub fn push<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), serde_json::Error> {
        self.separate();
        serde_json::to_writer(&mut self.json, value)
    }

    /// Attaches bytes. Returns their placeholder, which must be pushed exactly once, at any
    /// depth of a [`Value`].
    pub fn attach(&mut self, bytes: impl Into<Bytes>) -> Value {
        let num = binary::attach(bytes.into());
        serde_json::json!({ "_placeholder": true, "num": num })
    }

    fn separate(&mut self) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
    }
}

/// Arguments in JSON, and the bytes that follow it.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    pub(crate) json: String,
    pub(crate) attachments: Vec<Bytes>,
}

/// Writes `[name, …args]`, or `[…args]` without a name.
pub(crate) fn encode(
    name: Option<&str>,
    args: &impl IntoArgs,
) -> Result<Encoded, serde_json::Error> {
    write(|writer| {
        if let Some(name) = name {
            writer.push(name)?;
        }
        args.write(writer)
    })
}

fn write(
    work: impl FnOnce(&mut ArgsWriter) -> Result<(), serde_json::Error>,
) -> Result<Encoded, serde_json::Error> {
    let (json, attachments) = binary::collect(|| {
        let mut writer = ArgsWriter {
            json: Vec::with_capacity(128),
        };
        writer.json.push(b'[');
        work(&mut writer)?;
        writer.json.push(b']');
        Ok::<_, serde_json::Error>(writer.json)
    });
    let json = String::from_utf8(json?).map_err(serde_json::Error::custom)?;
    // Bytes that were attached can be nowhere, and a `Value` from elsewhere can look like a
    // placeholder.
    if !attachments.is_empty() && !binary::placeholders_fit(&json, attachments.len())? {
        return Err(serde_json::Error::custom(
            "bytes and placeholders do not match",
        ));
    }
    Ok(Encoded { json, attachments })
}

impl IntoArgs for Args {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        let inside = strip_brackets(&self.json);
        if !inside.is_empty() {
            writer.separate();
            writer.json.extend_from_slice(inside.as_bytes());
        }
        for bytes in &*self.attachments {
            binary::attach(bytes.clone());
        }
        Ok(())
    }
}

fn strip_brackets(array: &str) -> &str {
    let array = array.trim();
    array
        .strip_prefix('[')
        .and_then(|array| array.strip_suffix(']'))
        .unwrap_or(array)
        .trim()
}

impl<T: IntoArgs, E: fmt::Display> IntoArgs for Result<T, E> {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        match self {
            Ok(value) => value.write(writer),
            Err(error) => (false, error.to_string()).write(writer),
        }
    }
}

macro_rules! tuples_into_args {
    ($(($($name:ident $ty:ident),*)),* $(,)?) => {$(
        impl<$($ty: Serialize),*> IntoArgs for ($($ty,)*) {
            #[allow(unused_variables)]
            fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
                let ($($name,)*) = self;
                $(writer.push($name)?;)*
                Ok(())
            }
        }
    )*};
}

tuples_into_args!(
    (),
    (a A),
    (a A, b B),
    (a A, b B, c C),
    (a A, b B, c C, d D),
    (a A, b B, c C, d D, e E),
    (a A, b B, c C, d D, e E, f F),
    (a A, b B, c C, d D, e E, f F, g G),
    (a A, b B, c C, d D, e E, f F, g G, h H),
);

macro_rules! single_args {
    ($($ty:ty),* $(,)?) => {$(
        impl IntoArgs for $ty {
            fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
                writer.push(self)
            }
        }

        impl FromArgs for $ty {
            fn from_args(raw: RawArgs<'_>) -> Result<Self, serde_json::Error> {
                <($ty,)>::from_args(raw).map(|(value,)| value)
            }
        }
    )*};
}

single_args!(
    bool, String, Value, Binary, f32, f64, i8, i16, i32, i64, isize, u8, u16, u32, u64,
    usize
);

impl IntoArgs for &str {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        writer.push(self)
    }
}

impl<T: Serialize> IntoArgs for Vec<T> {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        writer.push(self)
    }
}

impl<T: Serialize> IntoArgs for Option<T> {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        writer.push(self)
    }
}

impl<T: IntoArgs> IntoArgs for &T {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        (*self).write(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode<T: FromArgs>(array: &str) -> Result<T, serde_json::Error> {
        T::from_args(RawArgs {
            array,
            skip: 1,
            attachments: &[],
        })
    }

    #[test]
    fn arguments_into_types() {
        assert_eq!(
            decode::<(String, u8)>(r#"["e","a",7]"#).unwrap(),
            ("a".into(), 7)
        );
        assert_eq!(
            decode::<(String, Option<u8>)>(r#"["e","a"]"#).unwrap(),
            ("a".into(), None)
        );
        assert_eq!(
            decode::<(String,)>(r#"["e","a",{"more":[1]}]"#).unwrap(),
            ("a".into(),)
        );
        decode::<()>(r#"["e"]"#).unwrap();
        let error = decode::<(String, u8)>(r#"["e","a"]"#).unwrap_err();
        assert!(
            error.to_string().contains("argument 2 is missing"),
            "{error}"
        );
        assert!(decode::<(String,)>(r#"["e",7]"#).unwrap_err().is_data());
        assert!(decode::<(String,)>(r#"["e","a""#).unwrap_err().is_eof());
        assert!(
            decode::<(String,)>(r#"["e","a"] x"#)
                .unwrap_err()
                .is_syntax()
        );
    }

    #[test]
    fn values_into_arguments() {
        let json = |encoded: Result<Encoded, _>| encoded.unwrap().json;
        assert_eq!(json(encode(Some("e"), &())), r#"["e"]"#);
        assert_eq!(json(encode(Some("e"), &("a", 7))), r#"["e","a",7]"#);
        assert_eq!(json(encode(Some("e"), &vec![1, 2])), r#"["e",[1,2]]"#);
        assert_eq!(json(encode(None, &true)), "[true]");
        let refused: Result<(bool, String), &str> = Err("no");
        assert_eq!(json(encode(None, &refused)), r#"[false,"no"]"#);
    }

    #[test]
    fn raw_arguments_pass_through() {
        for (array, inside) in [
            (r#"["e"]"#, "[]"),
            (r#"["e", 1 , [2]]"#, "[ 1 , [2]]"),
            (r#"["e",[[1],2]]"#, "[[[1],2]]"),
        ] {
            let args = decode::<Args>(array).unwrap();
            assert_eq!(args.json(), inside);
            let again = encode(Some("e"), &args).unwrap().json;
            let parse = |json| serde_json::from_str::<Value>(json).unwrap();
            assert_eq!(parse(&again), parse(array));
        }
    }

    #[test]
    fn names() {
        assert_eq!(event_name(r#"["user message",1]"#).unwrap(), "user message");
        assert_eq!(event_name(r#"["\u0061"]"#).unwrap(), "a");
        assert_eq!(event_name("[7,1]").unwrap(), "7");
        for bad in [
            "[]",
            "[null]",
            "[true]",
            "[{}]",
            "[[1]]",
            "[\"a",
            "[",
            r#"["connect"]"#,
            r#"["disconnecting"]"#,
        ] {
            assert!(event_name(bad).is_err(), "{bad}");
        }
    }
}
