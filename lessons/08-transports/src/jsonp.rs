//! JSONP: long polling by `<script>`, which may come from any host.
//!
//! The answer is a program: a call of a function of the page, with the events as its
//! argument. Whoever chooses the function's name writes part of that program. So the name
//! is checked.

use std::str::FromStr;

/// A function's name that may be put in front of an answer: a letter, then letters,
/// digits and underscores, at most 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback(String);

// ANCHOR: callback
impl FromStr for Callback {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let begins = name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic());
        if plain && begins && name.len() <= 64 {
            Ok(Self(name.to_owned()))
        } else {
            Err(
                "a callback is a letter, then letters, digits and underscores, at most 64",
            )
        }
    }
}

/// The program that calls it. The comment in front keeps the first bytes of the answer
/// out of the asker's hands: they could otherwise be the first bytes of a Flash film.
pub fn call(callback: &Callback, json: &str) -> String {
    format!("/**/{}({});", callback.0, script_safe(json))
}
// ANCHOR_END: callback

// ANCHOR: script_safe
/// JSON that can stand in a script, in a page: no `</script>` or `<!--` that ends or
/// changes it, and no line separators that scripts before 2019 took for the end of a
/// line. JSON can spell each of these another way.
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
    fn a_callback_is_a_name_and_no_program() {
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
