//! The worked solutions, each under the cases of its exercise.

mod ex08_chooser;
mod ex08_chunked;
mod ex08_poll_buffer;
mod ex08_sse;
#[path = "../support/mod.rs"]
mod support;
