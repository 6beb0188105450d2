//! `inspect`: draws frames as tables.

use std::io::{Read, stdin};

use anstyle::{AnsiColor, Style};
use terminal::say;

use crate::Outcome;

/// Draws the frames given as hex, or those on standard input.
pub(crate) fn run(hex: &[String], raw: bool) -> Outcome {
    let mut bytes = Vec::new();
    if hex.is_empty() {
        stdin().lock().read_to_end(&mut bytes)?;
        if !raw {
            bytes = parse(
                str::from_utf8(&bytes)
                    .map_err(|_| "standard input is not hex; --raw reads bytes")?,
            )?;
        }
    } else {
        bytes = parse(&hex.join(" "))?;
    }
    if bytes.is_empty() {
        return Err("nothing to inspect: pass hex digits, such as 81 02 48 69".into());
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

/// Draws the frame at the front of `bytes` and returns its length in bytes.
pub(crate) fn draw(bytes: &[u8]) -> Result<usize, Box<dyn std::error::Error>> {
    let (fields, len) = websocket::inspect(bytes)
        .map_err(|error| format!("this is not a frame: {error}"))?;
    let (bits, dim) = (
        Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Style::new().dimmed(),
    );
    say!(
        "  {dim}{:7} {:15} {:23} meaning{dim:#}",
        "bytes",
        "field",
        "bits or hex"
    );
    for field in &fields {
        let at = match field.bytes.len() {
            0 => String::new(),
            1 => field.bytes.start.to_string(),
            _ => format!("{}-{}", field.bytes.start, field.bytes.end - 1),
        };
        // A long payload is cut to the width of its column.
        let raw = if field.raw.chars().count() > 23 {
            field.raw.chars().take(20).collect::<String>() + " …"
        } else {
            field.raw.clone()
        };
        // The four columns fill a line of 80.
        let mut meaning = textwrap::wrap(&field.meaning, 30).into_iter();
        say!(
            "  {dim}{at:7}{dim:#} {:15} {bits}{raw:23}{bits:#} {}",
            field.name,
            meaning.next().unwrap_or_default()
        );
        for line in meaning {
            say!("{:50}{line}", "");
        }
    }
    Ok(len)
}

/// Reads hex digits in pairs, whatever separates the bytes.
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
                "`{pair}` is not a byte in hex: write two digits, such as 81 02 48 69"
            ))
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn hex_is_read_in_every_usual_notation() {
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
