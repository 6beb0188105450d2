//! The lesson's tests, in one program: to link is most of what another one would cost.

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
