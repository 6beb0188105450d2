//! What `accept_key` has to do. Sections are those of chapter 7.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::subject::accept_key;

/// The example of RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

#[test]
fn the_answer_is_twenty_bytes_in_base64() {
    assert_eq!(
        STANDARD.decode(accept_key(KEY)).map(|digest| digest.len()),
        Ok(20),
        "SHA-1 gives 20 bytes. All of them are encoded in base64, with the `=` at the end, and as bytes, not as hex \
         digits. See \"The answer, step by step\"."
    );
}

#[test]
fn the_example_of_the_standard() {
    assert_eq!(
        accept_key(KEY),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "This is the example of RFC 6455 §1.3. First the key, then the GUID, both as text. \
         See \"The answer, step by step\"."
    );
}

#[test]
fn another_key_has_another_answer() {
    assert_eq!(
        accept_key("x3JJHMbDL1EzLkh9GBhXDw=="),
        "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
        "The answer belongs to the key that this client sent. See \"Why there is an answer at all\"."
    );
}
