//! What `Utf8` has to do. Sections are those of chapter 7.

use super::subject::{NotUtf8, Utf8};

fn check(chunks: &[&[u8]]) -> Result<(), NotUtf8> {
    let mut text = Utf8::new();
    for chunk in chunks {
        text.take(chunk)?;
    }
    text.finish()
}

/// Hands over `bytes` one at a time, and returns after how many of them `take` reported
/// an error.
fn refused_after(bytes: &[u8]) -> Option<usize> {
    let mut text = Utf8::new();
    (0..bytes.len())
        .find(|at| text.take(&bytes[*at..=*at]).is_err())
        .map(|at| at + 1)
}

#[test]
fn valid_text_is_accepted() {
    for text in [
        "",
        "tea",
        "grün",
        "茶",
        "👋",
        "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
    ] {
        let bytes = text.as_bytes();
        assert!(
            check(&[bytes]).is_ok(),
            "you refused {text:?}, which is UTF-8: {bytes:02x?}. \
             See the table in the task."
        );
    }
}

#[test]
fn a_character_can_be_cut_anywhere() {
    let text = "aé茶👋z".as_bytes();
    assert!(
        check(&[text]).is_ok(),
        "you refused {text:02x?}, which is UTF-8, in one piece. See the table in the task."
    );
    for cut in 1..text.len() {
        let (left, right) = text.split_at(cut);
        assert!(
            check(&[left, &[], right]).is_ok(),
            "you refused {left:02x?}, nothing, and {right:02x?}. In one piece you \
             accepted them. See \"Text in pieces\"."
        );
    }
}

#[test]
fn all_characters_and_nothing_else() {
    for code in (0..=0x0011_0000_u32)
        .step_by(97)
        .chain([0xd7ff, 0xd800, 0xdfff, 0xe000, 0x10_ffff])
    {
        let Some(character) = char::from_u32(code) else {
            continue;
        };
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).as_bytes();
        assert!(
            check(&[bytes]).is_ok(),
            "you refused {bytes:02x?}, which is the character U+{code:04X}. \
             See the table in the task."
        );
    }
    for first in 0..=255 {
        for second in 0..=255 {
            let bytes = [first, second, 0x80, 0x80];
            let wrong = std::str::from_utf8(&bytes)
                .is_err_and(|error| error.error_len().is_some());
            match refused_after(&bytes) {
                Some(after) => assert!(
                    wrong,
                    "you refused byte {after} of {bytes:02x?}, which a text can begin \
                     with. See the table in the task."
                ),
                None => assert!(
                    !wrong,
                    "you accepted {bytes:02x?}, which no text can begin with. \
                     See the table in the task."
                ),
            }
        }
    }
}

#[test]
fn an_error_is_reported_at_its_byte() {
    for (bytes, wanted, why) in [
        (&b"ok\xff"[..], 3, "ff never appears in UTF-8"),
        (b"\x80", 1, "80 continues a character, and none has begun"),
        (b"\xc0\x80", 1, "c0 would spell in two bytes what needs one"),
        (
            b"\xe0\x9f\xbf",
            2,
            "e0 9f would spell in three bytes what needs two",
        ),
        (
            b"\xed\xa0\x80",
            2,
            "ed a0 is a surrogate of UTF-16, not a character",
        ),
        (
            b"\xf0\x8f\xbf\xbf",
            2,
            "f0 8f would spell in four bytes what needs three",
        ),
        (b"\xf4\x90\x80\x80", 2, "f4 90 is beyond the last character"),
        (b"\xf5\x80\x80\x80", 1, "f5 is beyond the last character"),
        (
            b"\xe8\x8c\x41",
            3,
            "the letter 41 is inside an unfinished character",
        ),
    ] {
        let yours = refused_after(bytes);
        assert_eq!(
            yours,
            Some(wanted),
            "(left: yours, right: wanted) the number of the byte of {bytes:02x?} that \
             you refused: {why}. See the table in the task."
        );
    }
}

#[test]
fn an_error_inside_a_chunk_is_reported() {
    for bytes in [
        &b"\xffok"[..],
        b"o\x80k",
        b"\xc3k\xc3\xa9",
        b"ok\xed\xa0\x80k",
    ] {
        assert!(
            Utf8::new().take(bytes).is_err(),
            "`take` accepted {bytes:02x?}, a chunk with a wrong byte before its end. \
             See \"Text in pieces\"."
        );
    }
}

#[test]
fn a_text_cannot_end_inside_a_character() {
    for bytes in [&b"\xc3"[..], b"\xe8\x8c", b"tea\xf0\x9f\x91"] {
        let mut text = Utf8::new();
        assert!(
            text.take(bytes).is_ok(),
            "`take` refused {bytes:02x?}, which lacks only the end of a character. \
             See \"Text in pieces\"."
        );
        assert!(
            text.finish().is_err(),
            "`finish` accepted {bytes:02x?}, which lacks the end of a character. \
             See \"Text in pieces\"."
        );
    }
}

#[test]
fn no_text_is_kept() {
    let taken = Utf8::new().take("a cup of tea".as_bytes());
    assert!(
        taken.is_ok(),
        "you refused ASCII. See the table in the task."
    );
    assert!(
        !std::mem::needs_drop::<Utf8>(),
        "your `Utf8` has a field that owns memory, such as a `Vec` or a `String`. \
         The state needs a few bytes, however long the text. See \"Text in pieces\"."
    );
}
