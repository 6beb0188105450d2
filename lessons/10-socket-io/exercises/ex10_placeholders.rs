//! # Bytes in JSON
//!
//! JSON cannot carry bytes. Before an event is sent, each sequence of bytes is taken out
//! and replaced by a placeholder, `{"_placeholder": true, "num": 0}`. The bytes follow as
//! attachments, in the order of their numbers. Write both directions.
//!
//! - `take_out` numbers the sequences from left to right, wherever they are: lists and maps
//!   can contain lists and maps. The fields of a map are in the order of their names.
//!   Each sequence becomes its own attachment, even if it is empty or equal to another.
//! - `put_back` receives JSON and attachments from a client, so it trusts nothing. A map
//!   whose `_placeholder` is `true` is a placeholder; any other fields are ignored. It
//!   must have a `num`, and that must be the number of an attachment. Every attachment must
//!   be used exactly once. Otherwise the result is [`BadPlaceholder`].
//! - A map whose `_placeholder` is anything else is an ordinary map.
//!
//! Try it: `cargo test --test ex10_placeholders`

use std::collections::BTreeMap;

use serde_json::Value;

/// The data of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null, a boolean, a number or a string.
    Plain(Value),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Data>),
    /// A map.
    Map(BTreeMap<String, Data>),
}

/// A placeholder without an attachment, an attachment without a placeholder, or one that
/// is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPlaceholder;

/// Returns the JSON with placeholders, and the attachments in order.
pub fn take_out(data: Data) -> (Value, Vec<Vec<u8>>) {
    todo!("exercise ex10_placeholders: where are the bytes in {data:?}?")
}

/// Returns the data from before [`take_out`].
///
/// # Errors
/// A placeholder has no attachment, or an attachment is not used exactly once.
pub fn put_back(json: Value, attachments: Vec<Vec<u8>>) -> Result<Data, BadPlaceholder> {
    // This line only silences the compiler about an unused import.
    let _: BTreeMap<String, Data> = BTreeMap::new();
    todo!(
        "exercise ex10_placeholders: where do {} attachments go in {json}?",
        attachments.len()
    )
}
