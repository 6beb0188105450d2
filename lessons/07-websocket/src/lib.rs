//! Stub.
#![allow(missing_docs, unused_variables)]
use bytes::Bytes;
use std::borrow::Cow;
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpCode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}
pub const MAX_HEADER: usize = 14;
pub struct FrameHeader {
    pub fin: bool,
    pub opcode: OpCode,
    pub mask: Option<[u8; 4]>,
    pub len: u64,
}
impl FrameHeader {
    pub fn write_to(&self, out: &mut Vec<u8>) {
        todo!()
    }
}
pub fn accept_key(k: &str) -> String {
    todo!()
}
pub fn encode_frame(o: OpCode, p: &[u8]) -> Bytes {
    todo!()
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseCode(pub u16);
impl CloseCode {
    pub const NORMAL: Self = Self(1000);
    pub const GOING_AWAY: Self = Self(1001);
}
pub struct CloseFrame {
    pub code: CloseCode,
    pub reason: String,
}
impl CloseFrame {
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
}
pub enum Role {
    Server,
    Client,
}
pub struct Limits {
    pub max_message: usize,
    pub max_fragments: usize,
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ProtocolError;
impl ProtocolError {
    pub fn close_code(&self) -> CloseCode {
        todo!()
    }
}
pub enum Event<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    Ping(Cow<'a, [u8]>),
    Pong(Cow<'a, [u8]>),
    Close(Option<CloseFrame>),
}
pub struct Decoder;
impl Decoder {
    pub fn new(r: Role, l: Limits) -> Self {
        todo!()
    }
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, ProtocolError> {
        todo!()
    }
}
