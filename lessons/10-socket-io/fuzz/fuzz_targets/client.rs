//! A client between a hostile server, a bad network and its program: no panic, and every
//! limit holds.
#![no_main]

libfuzzer_sys::fuzz_target!(|actions: &[u8]| socket_io::fuzzing::client(actions));
