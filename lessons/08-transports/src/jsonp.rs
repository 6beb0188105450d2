//! JSONP: long polling with `<script>` elements, which a page can load from any host.
//!
//! The response is a program that calls a function of the page with the events as its
//! argument. The client chooses the name of the function, and so part of the program.
//! That is why the name is checked.

use std::str::FromStr;

/// The name of the function to call: a letter, then letters, digits and underscores, at
/// most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback(String);

// ANCHOR: callback
impl FromStr for Callback {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
        if starts_well && name.bytes().all(is_plain) && name.len() <= 64 {
            Ok(Self(name.to_owned()))
        } else {
            Err(
                "a callback is a letter, then letters, digits and underscores, at most 64",
            )
        }
    }
}
// ANCHOR_END: callback

// ANCHOR: call
/// Returns the script that calls the function. With the comment in front of the name, the
/// client does not choose the first bytes of the response, which could otherwise be those
/// of a Flash movie.
pub fn call(callback: &Callback, json: &str) -> String {
    format!("/**/{}({});", callback.0, script_safe(json))
}
// ANCHOR_END: call

// ANCHOR: script_safe
/// Escapes JSON for a script inside a page: no `</script>` or `<!--`, which would end or
/// change the script, and no line separators, which ended a line in JavaScript until
/// 2019.
pub(crate) fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
// ANCHOR_END: script_safe

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_a_name_and_not_a_program() {
        for good in ["cb", "a1_", &"x".repeat(64)] {
            assert!(good.parse::<Callback>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "1a",
            "_a",
            "a.b",
            "alert(1)//",
            "a\n",
            "é",
            "a b",
            &"x".repeat(65),
            "a;b",
            "a[0]",
        ] {
            assert!(bad.parse::<Callback>().is_err(), "{bad}");
        }
    }
}
