//! The worked solutions, one module per exercise. Each can replace its starter.

pub mod ex07_accept_key;
pub mod ex07_extension;
pub mod ex07_messages;
pub mod ex07_payload_length;
pub mod ex07_utf8;
