//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex08_chooser;
pub mod ex08_chunked;
pub mod ex08_poll_buffer;
pub mod ex08_sse;
