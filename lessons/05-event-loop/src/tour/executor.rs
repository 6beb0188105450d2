//! An `async fn` on our own loop.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_loop::{Executor, Handle, Listener, Reactor, Stream, echo};

use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("async fn on our own loop");
    let mut executor = Executor::new(Reactor::new()?);
    let handle = executor.handle();
    let begin = Instant::now();
    let order = Rc::new(RefCell::new(Vec::new()));
    for (name, delay) in [("third", 90), ("first", 30), ("second", 60)] {
        let (sleep, order) = (handle.sleep(Duration::from_millis(delay)), order.clone());
        handle.spawn(async move {
            sleep.await;
            order.borrow_mut().push(name);
        });
    }
    executor.run()?;
    let order = order.take().join(", ");
    row(format!(
        "{:<46} {order}",
        "tasks that sleep for 90, 30 and 60 ms wake as"
    ));
    row(format!(
        "{:<46} {} ms",
        "all three took",
        begin.elapsed().as_millis()
    ));
    ensure!(order == "first, second, third", "they woke as {order}");

    let echoed = executor.block_on(conversation(handle))??;
    row(format!(
        "{:<46} {echoed:?}",
        "a server and a client: two tasks, one thread"
    ));
    ensure!(echoed == "hello from an async fn\n", "{echoed:?} came back");
    found("The only runtime is ours: a queue of tasks, and the loop that wakes them.");
    Ok(())
}

async fn conversation(handle: Handle) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let listener = Listener::new(&handle, listener)?;
    handle.spawn(async move {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = echo::echo(stream).await;
        }
    });
    let client = Stream::new(&handle, TcpStream::connect(address)?)?;
    let message = b"hello from an async fn\n";
    client.write_all(message).await?;
    let (mut back, mut buffer) = (Vec::new(), [0; 5]);
    while back.len() < message.len() {
        match client.read(&mut buffer).await? {
            0 => break,
            count => back.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8(back).map_err(io::Error::other)
}
