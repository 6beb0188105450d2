//! The machine without a server.
