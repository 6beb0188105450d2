//! What `Utf8` has to do. Sections are those of chapter 7.

use crate::subject::{NotUtf8, Utf8};

fn check(chunks: &[&[u8]]) -> Result<(), NotUtf8> {
    let mut text = Utf8::new();
    for chunk in chunks {
        text.take(chunk)?;
    }
    text.finish()
}

/// After how many bytes, given one by one, `bytes` are refused.
fn refused_after(bytes: &[u8]) -> Option<usize> {
    let mut text = Utf8::new();
    (0..bytes.len())
        .find(|at| text.take(&bytes[*at..=*at]).is_err())
        .map(|at| at + 1)
}

#[test]
fn text_is_text() {
    for text in [
        "",
        "tea",
        "grün",
        "茶",
        "👋",
        "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
    ] {
        assert_eq!(
            check(&[text.as_bytes()]),
            Ok(()),
            "{text:?} is UTF-8. See \"From bytes to messages\"."
        );
    }
}

#[test]
fn a_character_may_be_cut_anywhere() {
    let text = "aé茶👋z".as_bytes();
    for cut in 0..=text.len() {
        let (left, right) = text.split_at(cut);
        assert_eq!(
            check(&[left, &[], right]),
            Ok(()),
            "cut after {cut} bytes: what came before must be remembered. See \"From bytes to messages\"."
        );
    }
}

#[test]
fn every_character_and_only_they() {
    for code in (0..=0x0011_0000_u32)
        .step_by(97)
        .chain([0xd7ff, 0xd800, 0xdfff, 0xe000, 0x10_ffff])
    {
        let Some(character) = char::from_u32(code) else {
            continue;
        };
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).as_bytes();
        assert_eq!(
            check(&[bytes]),
            Ok(()),
            "U+{code:04X} is a character: {bytes:02x?}"
        );
    }
    for first in 0..=255 {
        for second in 0..=255 {
            let bytes = [first, second, 0x80, 0x80];
            let refused = match std::str::from_utf8(&bytes) {
                Ok(_) => None,
                Err(error) => error.error_len().map(|len| error.valid_up_to() + len),
            };
            // A byte that may follow nothing is refused itself; one that must be followed
            // by another, with that.
            let ours = refused_after(&bytes);
            assert_eq!(
                ours.is_some(),
                refused.is_some(),
                "{bytes:02x?}: can a text begin so? See the table of the exercise."
            );
        }
    }
}

#[test]
fn what_is_wrong_is_said_at_the_first_byte_that_shows_it() {
    for (bytes, after, why) in [
        (&b"ok\xff"[..], 3, "0xff is no byte of UTF-8"),
        (b"\x80", 1, "a continuation continues nothing"),
        (
            b"\xc0\x80",
            1,
            "c0 would be a second spelling of what one byte can say",
        ),
        (
            b"\xe0\x9f\xbf",
            2,
            "e0 9f would be a second spelling of what two bytes can say",
        ),
        (
            b"\xed\xa0\x80",
            2,
            "ed a0 is half of a pair of UTF-16, no character",
        ),
        (
            b"\xf0\x8f\xbf\xbf",
            2,
            "f0 8f would be a second spelling of what three bytes can say",
        ),
        (b"\xf4\x90\x80\x80", 2, "f4 90 is behind the last character"),
        (
            b"\xf5\x80\x80\x80",
            1,
            "f5 and higher are behind the last character",
        ),
        (b"\xe8\x8c\x41", 3, "a letter inside a character"),
    ] {
        let ours = refused_after(bytes);
        assert_eq!(
            ours,
            Some(after),
            "{bytes:02x?}: {why}. See the table of the exercise."
        );
    }
}

#[test]
fn a_text_does_not_end_inside_a_character() {
    for bytes in [&b"\xc3"[..], b"\xe8\x8c", b"tea\xf0\x9f\x91"] {
        let ours = check(&[bytes]);
        assert_eq!(
            ours,
            Err(NotUtf8),
            "{bytes:02x?} lacks the end of a character. See \"From bytes to messages\"."
        );
    }
}
