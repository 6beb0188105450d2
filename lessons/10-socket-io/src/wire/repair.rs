//! JSON that is valid and that `serde_json` cannot represent: half a surrogate pair, which
//! `JSON.stringify` writes for text that was cut inside an emoji, and numbers past the
//! range of an `f64`. No client breaks the protocol with them.

use std::borrow::Cow;

/// The replacement character, escaped.
const REPLACEMENT: &str = "\\ufffd";

/// Returns the JSON with each half of a surrogate pair replaced by U+FFFD. It must be
/// valid.
pub(crate) fn surrogates(json: &str) -> Cow<'_, str> {
    rewrite(json, false)
}

/// As [`surrogates`], and numbers out of range are `null`: for a reader that looks at the
/// shape only.
pub(crate) fn shape(json: &str) -> Cow<'_, str> {
    rewrite(json, true)
}

fn rewrite(json: &str, numbers: bool) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut output = String::new();
    // Everything before `copied` is in `output`.
    let (mut at, mut copied, mut in_string) = (0, 0, false);
    let mut replace = |from: usize, to: usize, by: &str| {
        output.push_str(&json[copied..from]);
        output.push_str(by);
        copied = to;
    };
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                in_string = !in_string;
                at += 1;
            }
            b'\\' if in_string => match unit(bytes, at) {
                Some(0xD800..=0xDBFF) => {
                    if matches!(unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) {
                        at += 12;
                    } else {
                        replace(at, at + 6, REPLACEMENT);
                        at += 6;
                    }
                }
                Some(0xDC00..=0xDFFF) => {
                    replace(at, at + 6, REPLACEMENT);
                    at += 6;
                }
                Some(_) => at += 6,
                None => at += 2,
            },
            b'-' | b'0'..=b'9' if numbers && !in_string => {
                let rest = &bytes[at..];
                let len = rest
                    .iter()
                    .take_while(|byte| {
                        matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
                    })
                    .count();
                let number = json[at..at + len].parse::<f64>();
                if number.is_ok_and(f64::is_infinite) {
                    replace(at, at + len, "null");
                }
                at += len;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    output.push_str(&json[copied..]);
    Cow::Owned(output)
}

/// The code unit of the escape `\uXXXX` at this place, if there is one.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn halves_of_a_pair_are_replaced_and_whole_pairs_stay() {
        for (json, repaired) in [
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\ude00x"]"#, r#"["\ufffdx"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\uD83D\uDE00"]"#, r#"["\uD83D\uDE00"]"#),
            (r#"["\\ud83d"]"#, r#"["\\ud83d"]"#),
            (r#"["\"\ud83d\u0041\n"]"#, r#"["\"\ufffd\u0041\n"]"#),
            (r#"["é\ud83d",1e400]"#, r#"["é\ufffd",1e400]"#),
        ] {
            assert_eq!(surrogates(json), repaired);
        }
        assert_eq!(
            shape(r#"[1e400,-1e999,"1e400",1.5e3,{"a":1e309}]"#),
            r#"[null,null,"1e400",1.5e3,{"a":null}]"#
        );
    }

    proptest! {
        #[test]
        fn what_was_readable_stays_what_it_was(text in ".*", number in any::<f64>()) {
            let json = serde_json::to_string(&(&text, number)).unwrap();
            prop_assert_eq!(&surrogates(&json), &json);
            let read = |json: &str| serde_json::from_str::<Value>(json).unwrap();
            prop_assert_eq!(read(&shape(&json)), read(&json));
        }

        #[test]
        fn any_units_become_readable(units in prop::collection::vec(any::<u16>(), 0..20)) {
            let escapes: Vec<String> =
                units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("[\"{}\"]", escapes.concat());
            let read: Vec<String> = serde_json::from_str(&surrogates(&json)).unwrap();
            prop_assert_eq!(&read[0], &String::from_utf16_lossy(&units));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = (surrogates(&text), shape(&text));
        }
    }
}
