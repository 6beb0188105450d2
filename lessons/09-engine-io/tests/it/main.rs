//! The lesson's tests in one program, because linking is most of what a program costs.

#[cfg(feature = "example-axum")]
mod axum;
mod compression;
mod cost;
mod hooks;
mod hostile;
mod metrics;
mod panics;
mod refusals;
mod requests;
mod sessions;
mod support;
#[cfg(feature = "example-tls")]
mod tls;
#[cfg(feature = "tower")]
mod tower;
mod unix;
