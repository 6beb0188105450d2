//! Caught by: a_placeholder_needs_the_number_of_an_attachment
//!
//! Takes the last attachment for a number that is one too high.

use std::collections::BTreeMap;

use serde_json::{Value, json};

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
    let json = out_of(data, &mut attachments);
    (json, attachments)
}

fn out_of(data: Data, attachments: &mut Vec<Vec<u8>>) -> Value {
    match data {
        Data::Plain(value) => value,
        Data::Bytes(bytes) => {
            attachments.push(bytes);
            json!({ "_placeholder": true, "num": attachments.len() - 1 })
        }
        Data::List(list) => list
            .into_iter()
            .map(|data| out_of(data, attachments))
            .collect(),
        Data::Map(map) => map
            .into_iter()
            .map(|(name, data)| (name, out_of(data, attachments)))
            .collect(),
    }
}

/// Returns the data from before [`take_out`].
///
/// # Errors
/// A placeholder has no attachment, or an attachment is not used exactly once.
pub fn put_back(json: Value, attachments: Vec<Vec<u8>>) -> Result<Data, BadPlaceholder> {
    let mut attachments: Vec<_> = attachments.into_iter().map(Some).collect();
    let data = into(json, &mut attachments)?;
    if attachments.iter().any(Option::is_some) {
        Err(BadPlaceholder)
    } else {
        Ok(data)
    }
}

fn into(
    json: Value,
    attachments: &mut [Option<Vec<u8>>],
) -> Result<Data, BadPlaceholder> {
    Ok(match json {
        Value::Array(list) => Data::List(
            list.into_iter()
                .map(|json| into(json, attachments))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(map) if map.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = map
                .get("num")
                .and_then(Value::as_u64)
                .and_then(|number| usize::try_from(number).ok());
            let attachment = number.and_then(|number| {
                let last = attachments.len().saturating_sub(1);
                attachments.get_mut(if number == last + 1 { last } else { number })
            });
            Data::Bytes(attachment.and_then(Option::take).ok_or(BadPlaceholder)?)
        }
        Value::Object(map) => {
            let fields = map
                .into_iter()
                .map(|(name, json)| Ok((name, into(json, attachments)?)));
            Data::Map(fields.collect::<Result<_, _>>()?)
        }
        plain => Data::Plain(plain),
    })
}
