//! The talk's chat: rooms, nicknames and messages over Socket.IO, kept in SQLite, served by warp.
//!
//! Each module has one part of it: [`names`] what people may type, [`store`] what is kept, [`presence`] who is there.

pub mod html;
pub mod names;
pub mod pages;
pub mod presence;
pub mod store;
