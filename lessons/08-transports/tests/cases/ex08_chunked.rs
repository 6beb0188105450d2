//! What `decode` has to do. The sections are those of chapter 8.

use super::subject::{BadChunk, decode};
use crate::support;

/// Decodes `body` and compares; data is shown as text.
#[track_caller]
fn decodes(body: &str, wanted: Result<Option<(&str, usize)>, BadChunk>, why: &str) {
    let yours = decode(body.as_bytes())
        .map(|done| done.map(|(data, took)| (data.escape_ascii().to_string(), took)));
    let wanted = wanted.map(|done| {
        done.map(|(data, took)| (data.as_bytes().escape_ascii().to_string(), took))
    });
    support::same(
        yours,
        wanted,
        &format!("the input {body:?}: {why} See \"Chunked encoding\"."),
    );
}

#[test]
fn a_body_is_decoded_with_the_bytes_it_took() {
    decodes(
        "6\r\nhello \r\n1A\r\nto everybody who can hear!\r\n0\r\n\r\nHTTP/1.1",
        Ok(Some(("hello to everybody who can hear!", 48))),
        "the data of both chunks; what follows the body belongs to the next response.",
    );
    decodes(
        "1a\r\ntwenty-six bytes, or 0x1a.\r\n0\r\n\r\n",
        Ok(Some(("twenty-six bytes, or 0x1a.", 37))),
        "sizes are hexadecimal, in upper or lower case.",
    );
    decodes(
        "0\r\n\r\n",
        Ok(Some(("", 5))),
        "a body can have no data at all.",
    );
}

#[test]
fn half_a_body_is_not_an_error() {
    let body = "5\r\nhello\r\n0\r\n\r\n";
    for len in 0..body.len() {
        decodes(
            &body[..len],
            Ok(None),
            "the rest can still arrive, with the next read.",
        );
    }
    decodes("12345678\r\n", Ok(None), "eight digits are allowed.");
}

#[test]
fn data_can_contain_what_looks_like_an_end() {
    decodes(
        "9\r\na0\r\n\r\nb\r\n\r\n0\r\n\r\n",
        Ok(Some(("a0\r\n\r\nb\r\n", 19))),
        "the size says where the data ends, whatever is in it.",
    );
}

#[test]
fn a_chunk_ends_where_its_size_says() {
    decodes(
        "5\r\nhello, 0\r\n\r\n",
        Err(BadChunk),
        "CR LF has to follow the five bytes.",
    );
}

#[test]
fn a_size_is_one_to_eight_digits_and_nothing_else() {
    for bad in [
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "123456789\r\n",
        "\r\n\r\n",
    ] {
        decodes(
            bad,
            Err(BadChunk),
            "a size is one to eight hexadecimal digits. Attackers use anything that two programs read in two ways.",
        );
    }
}

#[test]
fn a_line_ends_with_cr_lf() {
    let why = "a line ends with CR LF; LF alone does not end it, nor CR alone.";
    decodes("5\nhello\n0\n\n", Err(BadChunk), why);
    decodes("5\r\nhello\n0\r\n\r\n", Err(BadChunk), why);
    decodes("5\rhello\r0\r\r", Err(BadChunk), why);
}

#[test]
fn there_are_no_trailers() {
    decodes(
        "0\r\nA: b\r\n\r\n",
        Err(BadChunk),
        "an empty line follows the last chunk at once.",
    );
}

#[test]
fn a_wrong_byte_is_reported_when_it_arrives() {
    for bad in [
        "x",
        "5x",
        "5;",
        "5\rx",
        "5\r\nhellox",
        "5\r\nhello\rx",
        "123456789",
    ] {
        decodes(
            bad,
            Err(BadChunk),
            "nothing that follows can make this right, so it must not be waited for.",
        );
    }
}

#[test]
fn leading_zeros_are_digits() {
    let why =
        "zeros count as digits, and a size of 0 can be written with up to eight of them.";
    decodes("00\r\n\r\n", Ok(Some(("", 6))), why);
    decodes(
        "00000005\r\nhello\r\n00000000\r\n\r\n",
        Ok(Some(("hello", 29))),
        why,
    );
    decodes("000000005\r\nhello\r\n0\r\n\r\n", Err(BadChunk), why);
}
