//! The echo server of `std-echo`, written for `may`, whose sockets wait cooperatively
//! without a patch.

use std::io::{self, Read, Write};

use may::go;
use may::net::{TcpListener, TcpStream};

// ANCHOR: server
fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count])?;
    }
}

fn main() -> io::Result<()> {
    may::config().set_workers(1).set_stack_size(0x4000);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        go!(move || echo(stream));
    }
    Ok(())
}
// ANCHOR_END: server
