//! MessagePack from anyone: no panic, every limit holds, and what is read survives the way
//! out and in again.
#![no_main]

libfuzzer_sys::fuzz_target!(|message: &[u8]| socket_io::fuzzing::msgpack(message));
