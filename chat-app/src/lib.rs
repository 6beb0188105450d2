//! The talk's chat.
pub mod names;
pub mod store;
