//! Caught by: a_placeholder_needs_an_attachment
//!
//! Skips the search for placeholders in an event without attachments.

use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    let mut attachments = Vec::new();
    let json = out(data, &mut attachments);
    (json, attachments)
}

fn out(data: Data, attachments: &mut Vec<Vec<u8>>) -> Value {
    match data {
        Data::Plain(value) => value,
        Data::Bytes(bytes) => {
            attachments.push(bytes);
            json!({ "_placeholder": true, "num": attachments.len() - 1 })
        }
        Data::List(list) => {
            Value::Array(list.into_iter().map(|one| out(one, attachments)).collect())
        }
        Data::Map(map) => Value::Object(
            map.into_iter()
                .map(|(name, one)| (name, out(one, attachments)))
                .collect(),
        ),
    }
}

/// Returns the data from before [`take_out`].
///
/// # Errors
/// A placeholder has no attachment, or an attachment is not used exactly once.
pub fn put_back(json: Value, attachments: Vec<Vec<u8>>) -> Result<Data, BadPlaceholder> {
    let mut places: Vec<Option<Vec<u8>>> = attachments.into_iter().map(Some).collect();
    let data = back(json, &mut places)?;
    if places.iter().any(Option::is_some) {
        return Err(BadPlaceholder);
    }
    Ok(data)
}

fn back(json: Value, places: &mut [Option<Vec<u8>>]) -> Result<Data, BadPlaceholder> {
    Ok(match json {
        Value::Array(list) => Data::List(
            list.into_iter()
                .map(|one| back(one, places))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(map) => {
            if !places.is_empty() && map.get("_placeholder") == Some(&Value::Bool(true)) {
                let num = map
                    .get("num")
                    .and_then(Value::as_u64)
                    .ok_or(BadPlaceholder)?;
                let num = usize::try_from(num).map_err(|_| BadPlaceholder)?;
                let bytes = places
                    .get_mut(num)
                    .and_then(Option::take)
                    .ok_or(BadPlaceholder)?;
                return Ok(Data::Bytes(bytes));
            }
            let mut fields = BTreeMap::new();
            for (name, value) in map {
                fields.insert(name, back(value, places)?);
            }
            Data::Map(fields)
        }
        plain => Data::Plain(plain),
    })
}
