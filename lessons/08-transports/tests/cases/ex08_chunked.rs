//! What `encode` and `decode` have to do. Sections are those of chapter 8.

use crate::subject::{BadChunk, decode, encode};

#[test]
fn a_size_is_hexadecimal() {
    assert_eq!(
        encode(b"twenty-six bytes, or 0x1a."),
        b"1a\r\ntwenty-six bytes, or 0x1a.\r\n",
        "The length in hexadecimal, and CR LF behind it and behind the data. See \"Chunks by hand\"."
    );
}

#[test]
fn no_data_is_no_chunk() {
    assert_eq!(
        encode(b""),
        b"",
        "A chunk of length 0 would end the body. See \"Chunks by hand\"."
    );
}

#[test]
fn a_body_comes_back_with_what_it_took() {
    assert_eq!(
        decode(b"6\r\nhello \r\n1A\r\nto everybody who can hear!\r\n0\r\n\r\nHTTP/1.1"),
        Ok(Some((b"hello to everybody who can hear!".to_vec(), 48))),
        "The data of both chunks; what is behind the body belongs to the next answer. See \"Chunks by hand\"."
    );
}

#[test]
fn half_a_body_is_no_error() {
    let body = b"5\r\nhello\r\n0\r\n\r\n";
    for len in 0..body.len() {
        assert_eq!(
            decode(&body[..len]),
            Ok(None),
            "After {len} bytes the end has not come yet: the rest comes with the next read. See \"Chunks by hand\"."
        );
    }
}

#[test]
fn data_may_look_like_an_end() {
    assert_eq!(
        decode(b"9\r\na0\r\n\r\nb\r\n\r\n0\r\n\r\n"),
        Ok(Some((b"a0\r\n\r\nb\r\n".to_vec(), 19))),
        "The length says where data ends, whatever is in it. See \"Chunks by hand\"."
    );
}

#[test]
fn a_chunk_ends_where_it_said() {
    assert_eq!(
        decode(b"5\r\nhello, 0\r\n\r\n"),
        Err(BadChunk),
        "CR LF has to stand behind the data. See \"Chunks by hand\"."
    );
}

#[test]
fn a_size_is_digits_and_few() {
    for bad in [
        &b"+5\r\nhello"[..],
        b"0x5\r\nhello",
        b"\r\nhello",
        b" 5\r\nhello",
        b"123456789\r\n",
    ] {
        assert_eq!(
            decode(bad),
            Err(BadChunk),
            "{}: one to eight digits. What two programs read in two ways, attackers use. See \"Chunks by hand\".",
            bad.escape_ascii()
        );
    }
    assert_eq!(
        decode(b"12345678\r\n"),
        Ok(None),
        "Eight digits are allowed. See \"Chunks by hand\"."
    );
}
