//! Bytes anywhere in the arguments.
//!
//! JSON cannot carry bytes, so a packet carries a placeholder,
//! `{"_placeholder":true,"num":0}`, and the bytes follow as a separate binary message
//! (Socket.IO protocol 5, "Binary event"). [`Binary`] is both: bytes in Rust, a placeholder
//! in JSON. serde does not let a value pass its bytes along, so the packet that this thread
//! is encoding or decoding lends it a list of them in the meantime.

use std::cell::RefCell;
use std::ops::Range;
use std::{fmt, mem};

use bytes::Bytes;
use serde::de::{
    self, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::repair;

/// Bytes, at any depth of an event's arguments or of an acknowledgement.
///
/// ```
/// # fn example(socket: socket_io::Socket) {
/// use serde::{Deserialize, Serialize};
/// use socket_io::{Binary, Socket};
///
/// socket.emit("photo", ("cat.png", Binary::from(vec![0x89, 0x50])));
///
/// #[derive(Serialize, Deserialize)]
/// struct Photo { name: String, pixels: Binary }
/// socket.on("photos", async |_: Socket, photos: Vec<Photo>| {
///     photos.iter().map(|photo| photo.pixels.0.len()).sum::<usize>()
/// });
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary(pub Bytes);

impl<T: Into<Bytes>> From<T> for Binary {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

enum Scope {
    Outside,
    Encoding(Vec<Bytes>),
    /// The attachments, and whether each was asked for.
    Decoding(Vec<(Bytes, bool)>),
}

thread_local! {
    static SCOPE: RefCell<Scope> = const { RefCell::new(Scope::Outside) };
}

/// Puts the scope that was before back, even if the work panics.
struct Restore(Option<Scope>);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            SCOPE.set(before);
        }
    }
}

/// Runs `work` and returns with its result the bytes of every [`Binary`] that it
/// serialized.
pub(crate) fn collect<R>(work: impl FnOnce() -> R) -> (R, Vec<Bytes>) {
    let mut restore = Restore(Some(SCOPE.replace(Scope::Encoding(Vec::new()))));
    let result = work();
    let scope = SCOPE.replace(restore.0.take().unwrap_or(Scope::Outside));
    match scope {
        Scope::Encoding(attachments) => (result, attachments),
        Scope::Outside | Scope::Decoding(_) => (result, Vec::new()),
    }
}

/// Runs `work`, which may deserialize a [`Binary`] for each placeholder in the `wanted`
/// elements of `array`.
///
/// # Errors
/// The errors of `work`, and an error if one of these elements has bytes and its type has
/// no [`Binary`] for them: the type would receive the placeholder instead.
pub(crate) fn provide<R>(
    array: &str,
    wanted: Range<usize>,
    attachments: &[Bytes],
    work: impl FnOnce() -> Result<R, serde_json::Error>,
) -> Result<R, serde_json::Error> {
    if attachments.is_empty() {
        return work();
    }
    let attachments = attachments.iter().cloned().map(|bytes| (bytes, false));
    let scope = Scope::Decoding(attachments.collect());
    let mut restore = Restore(Some(SCOPE.replace(scope)));
    let result = work()?;
    let scope = SCOPE.replace(restore.0.take().unwrap_or(Scope::Outside));
    if let Scope::Decoding(attachments) = scope
        && attachments.iter().any(|(_, taken)| !taken)
    {
        // Bytes in arguments that the handler does not take are left alone.
        for (num, argument) in arguments_of_placeholders(array)? {
            let taken = attachments.get(num).is_none_or(|(_, taken)| *taken);
            if !taken && wanted.contains(&argument) {
                return Err(de::Error::custom(format_args!(
                    "argument {} has binary data where none is expected",
                    argument + 1 - wanted.start
                )));
            }
        }
    }
    Ok(result)
}

/// Leaves bytes with the packet that is being encoded. Their number, or `None` outside
/// one.
pub(crate) fn attach(bytes: Bytes) -> Option<usize> {
    SCOPE.with_borrow_mut(|scope| match scope {
        Scope::Encoding(attachments) => {
            attachments.push(bytes);
            Some(attachments.len() - 1)
        }
        Scope::Outside | Scope::Decoding(_) => None,
    })
}

#[derive(Serialize, Deserialize)]
struct Placeholder {
    #[serde(rename = "_placeholder")]
    placeholder: bool,
    num: usize,
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let num = attach(self.0.clone()).ok_or_else(|| {
            S::Error::custom("Binary can be serialized only within a Socket.IO packet")
        })?;
        Placeholder {
            placeholder: true,
            num,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Placeholder {
            placeholder: true,
            num,
        } = Placeholder::deserialize(deserializer)?
        else {
            return Err(D::Error::custom("expected binary data"));
        };
        SCOPE.with_borrow_mut(|scope| match scope {
            Scope::Decoding(attachments) => attachments
                .get_mut(num)
                .map(|(bytes, taken)| {
                    *taken = true;
                    Self(bytes.clone())
                })
                .ok_or_else(|| D::Error::custom("no attachment of that number")),
            Scope::Outside | Scope::Encoding(_) => {
                Err(D::Error::custom("expected binary data"))
            }
        })
    }
}

/// Whether `json`, an array, has one placeholder for each of `count` attachments, and
/// none for another (CVE-2022-2421). Each number is there once: an attachment in a hundred
/// places would be a hundred attachments when it is sent on.
///
/// # Errors
/// It is not JSON.
pub(crate) fn placeholders_fit(
    json: &str,
    count: usize,
) -> Result<bool, serde_json::Error> {
    check_json(json)?;
    let seen = placeholders(json)?;
    let mut found = vec![false; count];
    for (num, _) in &seen {
        let slot = num.and_then(|num| found.get_mut(usize::try_from(num).ok()?));
        match slot {
            Some(found) if !*found => *found = true,
            _ => return Ok(false),
        }
    }
    Ok(seen.len() == count)
}

/// The numbers of all placeholders, each with the place of its argument in the array.
fn arguments_of_placeholders(
    json: &str,
) -> Result<impl Iterator<Item = (usize, usize)>, serde_json::Error> {
    let seen = placeholders(json)?.into_iter();
    Ok(seen.filter_map(|(num, argument)| Some((usize::try_from(num?).ok()?, argument))))
}

fn placeholders(json: &str) -> Result<Vec<(Option<u64>, usize)>, serde_json::Error> {
    let walk = |json: &str| {
        let mut seen = Seen::default();
        Walk(&mut seen, 0)
            .deserialize(&mut serde_json::Deserializer::from_str(json))
            .map(|_| seen.found)
    };
    // Placeholders have no text and no large numbers: what serde_json cannot represent
    // is replaced.
    walk(json).or_else(|_| walk(&repair::shape(json)))
}

#[derive(Default)]
struct Seen {
    /// Numbers of placeholders (`None`: not a number), and the argument they are in.
    found: Vec<(Option<u64>, usize)>,
    argument: usize,
}

/// Walks JSON of any shape, and keeps only the placeholders that it saw.
/// The second field is the depth.
struct Walk<'a>(&'a mut Seen, usize);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    /// A number or a boolean, for the object that is being walked.
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Scalar {
    True,
    Number(u64),
    Other,
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(if value { Scalar::True } else { Scalar::Other })
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element_seed(Walk(self.0, self.1 + 1))?.is_some() {
            if self.1 == 0 {
                self.0.argument += 1;
            }
        }
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        let (mut placeholder, mut num) = (false, None);
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let value = map.next_value_seed(Walk(self.0, self.1 + 1))?;
            match (&*key, value) {
                ("_placeholder", Scalar::True) => placeholder = true,
                ("num", Scalar::Number(value)) => num = Some(value),
                _ => {}
            }
        }
        if placeholder {
            self.0.found.push((num, self.0.argument));
        }
        Ok(Scalar::Other)
    }
}

/// Checks that text is JSON without keeping anything of it.
pub(crate) fn check_json(json: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(json).map(mem::drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Arguments of an application: bytes at any depth.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Bytes(Binary),
        Text(String),
        List(Vec<Tree>),
        Named(std::collections::BTreeMap<String, Tree>),
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20)
                .prop_map(|bytes| Tree::Bytes(bytes.into())),
            ".*".prop_map(Tree::Text),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
                prop::collection::btree_map(".*", inner, 0..5).prop_map(Tree::Named),
            ]
        })
    }

    #[test]
    fn a_scope_ends_with_its_packet_even_if_the_work_panics() {
        let placeholder = r#"{"_placeholder":true,"num":0}"#;
        let decoded = || serde_json::from_str::<Binary>(placeholder).is_ok();
        let encoded = || serde_json::to_string(&Binary::from("tea")).is_ok();
        let attachments = [Bytes::from_static(b"tea")];
        let provided = |work: &dyn Fn() -> bool| {
            provide("[]", 0..1, &attachments, || Ok(work())).unwrap()
        };
        let broken = |work: &dyn Fn()| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
        };
        assert!(provided(&decoded) && collect(encoded).0);
        assert!(
            !decoded() && !encoded(),
            "attachments exist only inside a packet"
        );
        assert!(broken(&|| assert!(provided(&|| panic!("on purpose")))));
        assert!(broken(&|| drop(collect(|| panic!("on purpose")))));
        assert!(
            !decoded() && !encoded(),
            "what panicked has left its scope behind"
        );
        let (inner, outer) = collect(|| (collect(encoded).1.len(), encoded()));
        assert_eq!(
            (inner, outer.len()),
            ((1, true), 1),
            "a packet inside another has its own attachments"
        );
    }

    proptest! {
        #[test]
        fn encode_then_decode_is_the_identity(tree in tree()) {
            let (json, attachments) = collect(|| serde_json::to_string(&tree).unwrap());
            let array = format!("[{json}]");
            prop_assert!(placeholders_fit(&array, attachments.len()).unwrap());
            let back: Tree =
                provide("[]", 0..1, &attachments, || serde_json::from_str(&json)).unwrap();
            prop_assert_eq!(back, tree);
        }

        #[test]
        fn no_placeholders_make_it_panic(
            nums in prop::collection::vec("-?[0-9]{1,20}|null|\"0\"|[0-3]", 0..5), count in 0usize..5
        ) {
            let objects = nums.iter().map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#));
            let json = format!("[{}]", objects.collect::<Vec<_>>().join(","));
            let attachments = vec![Bytes::from_static(b"x"); count];
            let fits = placeholders_fit(&json, count).unwrap_or(false);
            let decoded =
                provide(&json, 0..5, &attachments, || serde_json::from_str::<Vec<Binary>>(&json));
            // JSON that passes the check can be decoded.
            prop_assert!(!fits || decoded.is_ok());
        }
    }

    #[test]
    fn bytes_become_placeholders_and_come_back() {
        let value = vec![
            Some(Binary::from(vec![1, 2])),
            None,
            Some(Binary::from(vec![])),
        ];
        let (json, attachments) = collect(|| serde_json::to_string(&value).unwrap());
        assert_eq!(
            json,
            r#"[{"_placeholder":true,"num":0},null,{"_placeholder":true,"num":1}]"#
        );
        let back: Vec<Option<Binary>> =
            provide(&json, 0..3, &attachments, || serde_json::from_str(&json)).unwrap();
        assert_eq!(back, value);
        assert!(
            serde_json::to_string(&value).is_err(),
            "bytes can be written only inside a packet"
        );
    }

    #[test]
    fn bytes_where_no_bytes_are_expected_are_an_error_and_never_a_placeholder() {
        let attachments = [Bytes::from_static(b"tea")];
        let decode = |array: &str, skip, arity| {
            provide(array, skip..skip + arity, &attachments, || {
                serde_json::from_str::<serde_json::Value>(array)
            })
        };
        let event = r#"["name",7,{"x":{"_placeholder":true,"num":0}}]"#;
        let error = decode(event, 1, 2).unwrap_err().to_string();
        assert!(error.starts_with("argument 2 has binary data"), "{error}");
        assert!(decode(event, 1, 1).is_ok(), "no parameter takes the second");
    }

    #[test]
    fn placeholders_are_counted() {
        let fits = |json, count| placeholders_fit(json, count).unwrap();
        assert!(fits(
            r#"["a",{"b":[{"_placeholder":true,"num":0}]},{"num":1,"_placeholder":true}]"#,
            2
        ));
        assert!(
            !fits(r#"[{"_placeholder":true,"num":0}]"#, 2),
            "one is missing"
        );
        assert!(
            !fits(r#"[{"_placeholder":true,"num":1}]"#, 1),
            "past the end"
        );
        assert!(!fits(r#"[{"_placeholder":true,"num":-1}]"#, 1));
        assert!(!fits(r#"[{"_placeholder":true,"num":"0"}]"#, 1));
        assert!(!fits(r#"[{"_placeholder":true}]"#, 1));
        assert!(placeholders_fit("[1,", 0).is_err());
        assert!(
            !fits(
                r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
                1
            ),
            "one attachment is in one place"
        );
        assert!(
            fits(r#"["\ud83d",1e400,{"_placeholder":true,"num":0}]"#, 1),
            "whatever else the object has"
        );
    }
}
