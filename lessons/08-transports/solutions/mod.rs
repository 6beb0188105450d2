//! The worked solutions, one module per exercise. Each can replace its starter.

pub mod ex08_chooser;
pub mod ex08_chunked;
pub mod ex08_poll_buffer;
pub mod ex08_sse;
