//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex07_accept_key;
pub mod ex07_messages;
pub mod ex07_payload_length;
pub mod ex07_utf8;
