//! # A packet taken apart
//!
//! The text of a Socket.IO packet is
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON]
//! ```
//!
//! - The type is a digit from 0 to 6. Types 5 and 6 have attachments, and the others have
//!   none: there a number is the id.
//! - A number of attachments is one or more digits and a `-`, and at least 1.
//! - A namespace begins with `/` and goes up to a comma, or to the end when there is no
//!   comma. Without one it is `/`.
//! - An id is all the digits that come then. One that does not fit into 64 bits is wrong.
//! - The rest is JSON and stays text.
//!
//! What is not of this form is [`BadPacket`].
//!
//! Try it: `cargo test --test ex10_packet`

/// A packet's text, in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// 0 connect, 1 disconnect, 2 event, 3 acknowledgement, 4 connect error, 5 binary
    /// event, 6 binary acknowledgement.
    pub kind: u8,
    /// How many binary messages follow.
    pub attachments: usize,
    /// `/` where none is written.
    pub namespace: &'a str,
    /// Which question this is, or which it answers.
    pub id: Option<u64>,
    /// JSON, or nothing.
    pub data: &'a str,
}

/// It is not of a packet's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Takes a packet apart.
///
/// # Errors
/// What is not of a packet's form.
pub fn parse(text: &str) -> Result<Packet<'_>, BadPacket> {
    todo!("exercise ex10_packet: what is {text:?}?")
}
