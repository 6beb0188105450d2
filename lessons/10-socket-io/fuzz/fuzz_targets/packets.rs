//! Socket.IO packets and their attachments, in any order: no panic, and what is decoded
//! survives the way out and in again.
#![no_main]

libfuzzer_sys::fuzz_target!(|messages: &[u8]| socket_io::fuzzing::packets(messages));
