//! The worked solutions, each under the cases of its exercise.

mod ex07_accept_key;
mod ex07_extension;
mod ex07_messages;
mod ex07_payload_length;
mod ex07_utf8;
