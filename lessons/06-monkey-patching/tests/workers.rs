//! The patch with several workers, where a coroutine can resume on any of them. A
//! test program for itself, because their number belongs to the process.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

monkey_patching::patch_all!();

#[path = "it/common/mod.rs"]
mod common;

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use common::within;
use may::go;
use monkey_patching::plain;

#[test]
fn with_several_workers_every_client_still_gets_an_answer() {
    may::config().set_workers(4).set_stack_size(0x8000);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    go!(move || plain::serve(&listener, |work| {
        go!(work);
    }));
    for _ in 0..5 {
        let clients: Vec<_> = (0..100_u32)
            .map(|number| {
                go!(move || {
                    thread::sleep(Duration::from_millis(u64::from(number % 5)));
                    plain::ask(address, &number.to_be_bytes())
                })
            })
            .collect();
        for (number, client) in (0..100_u32).zip(clients) {
            let answer =
                within("a client", move || client.join()).expect("it does not panic");
            assert_eq!(answer.expect("the server answers"), number.to_be_bytes());
        }
    }
}
