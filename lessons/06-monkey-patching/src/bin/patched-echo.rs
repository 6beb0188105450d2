//! The echo server of `monkey_patching::plain`, which uses only `std::net`, in a patched
//! program.

use std::io;
use std::net::TcpListener;

use may::go;
use monkey_patching::plain;

monkey_patching::patch_all!();

fn main() -> io::Result<()> {
    may::config().set_workers(1).set_stack_size(0x4000);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    plain::serve(&listener, |work| {
        go!(work);
    })
}
