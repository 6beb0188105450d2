//! # Bytes in JSON
//!
//! JSON has no bytes. Before an event is sent, each piece of bytes is taken out, and
//! where it was stands a placeholder: `{"_placeholder": true, "num": 0}`. The bytes
//! follow as messages of their own, in the order of their numbers. Write both ways.
//!
//! `take_out` numbers the pieces in the order in which they come, from left to right; the
//! fields of a map come in the order of their names. `put_back` gets its JSON and its
//! attachments from a client, so it believes nothing: a map whose `_placeholder` is
//! `true` must have a `num` that is the number of an attachment, and each attachment must
//! be used exactly once. Else it is [`BadPlaceholder`].
//!
//! Try it: `cargo test --test ex10_placeholders`

use std::collections::BTreeMap;

use serde_json::Value;

/// What an event carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null, a boolean, a number or a text.
    Plain(Value),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Data>),
    /// A map.
    Map(BTreeMap<String, Data>),
}

/// A placeholder that stands for nothing, or for what another one stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPlaceholder;

/// JSON with placeholders, and the attachments in their order.
pub fn take_out(data: Data) -> (Value, Vec<Vec<u8>>) {
    todo!("exercise ex10_placeholders: where are the bytes in {data:?}?")
}

/// What was before [`take_out`].
///
/// # Errors
/// A placeholder that stands for no attachment, or an attachment that no placeholder
/// stands for, or two do.
pub fn put_back(json: Value, attachments: Vec<Vec<u8>>) -> Result<Data, BadPlaceholder> {
    let _: BTreeMap<String, Data> = BTreeMap::new();
    todo!(
        "exercise ex10_placeholders: where do {} attachments go in {json}?",
        attachments.len()
    )
}
