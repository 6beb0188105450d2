//! Caught by: another_key_has_another_answer
//!
//! What a cache does that replays an old answer.

pub fn accept_key(_key: &str) -> String {
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()
}
