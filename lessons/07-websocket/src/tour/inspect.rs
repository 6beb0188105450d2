//! `inspect`: frames as text.

use std::io::{Read, stdin};

use anstyle::{AnsiColor, Style};
use terminal::say;

use crate::Outcome;

/// Draws what was given as hex, or what standard input has.
pub(crate) fn run(hex: &[String], raw: bool) -> Outcome {
    let mut bytes = Vec::new();
    if hex.is_empty() {
        stdin().lock().read_to_end(&mut bytes)?;
        if !raw {
            bytes = parse(
                str::from_utf8(&bytes)
                    .map_err(|_| "standard input is no hex; --raw takes bytes")?,
            )?;
        }
    } else {
        bytes = parse(&hex.join(" "))?;
    }
    if bytes.is_empty() {
        return Err("nothing to inspect: give hex digits, such as 81 02 48 69".into());
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let len = draw(rest)?;
        rest = &rest[len..];
        if !rest.is_empty() {
            say("");
        }
    }
    Ok(())
}

/// Draws one frame; its length in bytes.
pub(crate) fn draw(bytes: &[u8]) -> Result<usize, Box<dyn std::error::Error>> {
    let (fields, len) = websocket::inspect(bytes)
        .map_err(|error| format!("this is no frame: {error}"))?;
    let (bits, dim) = (
        Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Style::new().dimmed(),
    );
    for field in &fields {
        let at = match field.bytes.len() {
            0 => String::new(),
            1 => format!("byte {}", field.bytes.start),
            _ => format!("bytes {}-{}", field.bytes.start, field.bytes.end - 1),
        };
        // A long payload keeps its column by giving up some of its bytes.
        let raw = if field.raw.chars().count() > 26 {
            field.raw.chars().take(23).collect::<String>() + " …"
        } else {
            field.raw.clone()
        };
        say!(
            "    {dim}{at:12}{dim:#} {:16} {bits}{raw:26}{bits:#} {}",
            field.name,
            field.meaning
        );
    }
    Ok(len)
}

/// Hex digits in twos, whatever stands between the bytes.
fn parse(text: &str) -> Result<Vec<u8>, String> {
    let text = text.replace("0x", " ");
    let digits: Vec<_> = text
        .chars()
        .filter(|c| !c.is_whitespace() && ![',', ':', '[', ']'].contains(c))
        .collect();
    let bytes = digits.chunks(2).map(|pair| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16)
            .ok()
            .filter(|_| pair.len() == 2)
            .ok_or(format!(
                "`{pair}` is no byte in hex: two digits each, such as 81 02 48 69"
            ))
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn hex_in_any_dress() {
        for text in [
            "81024869",
            "81 02 48 69",
            "0x81, 0x02, 0x48, 0x69",
            "[81, 02, 48, 69]",
            "81:02:48:69\n",
        ] {
            assert_eq!(parse(text), Ok(vec![0x81, 2, 0x48, 0x69]), "{text}");
        }
        assert!(parse("8102486").is_err());
        assert!(parse("hello").is_err());
    }
}
