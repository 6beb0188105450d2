//! A server that uses only `std::net`, with many clients on one worker.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use may::go;
use monkey_patching::{hub, plain};

use super::{found, heading, row, threads};

pub(crate) fn show(clients: u32) -> Result<()> {
    heading(&format!(
        "{clients} clients of an echo server that uses only std::net"
    ));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    // ANCHOR: serve
    go!(move || {
        plain::serve(&listener, |work| {
            go!(work);
        })
    });
    // ANCHOR_END: serve
    let before = threads()?;
    let begin = Instant::now();
    let (streams, answered) = ask_all(address, clients)?;
    let time = begin.elapsed();
    row(format!("clients connected             {clients:>6}"));
    row(format!("answers                       {answered:>6}"));
    row(format!(
        "coroutines parked in the hub  {:>6}",
        hub::waiting()
    ));
    row(format!("threads of the process        {:>6}", threads()?));
    row(format!(
        "time for all                  {:>6.0} ms",
        time.as_secs_f64() * 1000.0
    ));
    ensure!(
        answered == clients,
        "only {answered} of {clients} clients got an answer"
    );
    ensure!(threads()? == before, "the server has started threads");
    for stream in &streams {
        let _ = stream.shutdown(Shutdown::Both);
    }
    found(
        "Each client has a coroutine that waits in `read`. The thread that runs them all \
         waits in none of these calls.",
    );
    Ok(())
}

/// Connects this many clients, one after another, and sends a question on each. Returns
/// the connections, which stay open, and the number of correct answers.
pub(crate) fn ask_all(
    address: SocketAddr,
    clients: u32,
) -> Result<(Vec<TcpStream>, u32)> {
    let (mut streams, mut answered) = (Vec::new(), 0);
    for number in 1..=clients {
        let mut stream = TcpStream::connect(address).with_context(|| {
            format!("client {number} (the limit is `ulimit -n`; use a smaller --clients)")
        })?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let question = number.to_be_bytes();
        stream.write_all(&question)?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        answered += u32::from(answer == question);
        streams.push(stream);
    }
    Ok((streams, answered))
}
