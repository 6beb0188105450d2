//! What `cargo run -p book -- COMMAND` does, a module for each command.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod plot;
pub(crate) mod serve;
pub(crate) mod slides;
pub(crate) mod take;
