//! What the kernel says about one connection.

use super::{found, heading, pair, pollers, row};
use anyhow::{Result, ensure};
use event_loop::{Interest, Poller, Token, Trigger};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

pub(crate) fn show() -> Result<()> {
    heading("Who is ready?");
    for mut poller in pollers()? {
        row(format!("{:<44} {}", "", poller.name()));
        let (client, server) = pair()?;
        poller.add(Token(7), server.clone(), Interest::BOTH, Trigger::Level)?;
        let mut seen = vec![say(&mut *poller, "nothing has come")?];
        (&*client).write_all(b"hello")?;
        seen.push(say(&mut *poller, "5 bytes have come")?);
        let read = (&*server).read(&mut [0; 64])?;
        ensure!(read == 5, "{read} bytes were read");
        seen.push(say(&mut *poller, "they are read")?);
        while (&*server).write(&[0; 1 << 13]).is_ok() {}
        seen.push(say(&mut *poller, "written until the kernel takes no more")?);
        client.shutdown(Shutdown::Write)?;
        seen.push(say(&mut *poller, "the client has no more to say")?);
        poller.remove(Token(7))?;
        seen.push(say(&mut *poller, "removed from the list")?);
        let right = ["writable", "readable, writable", "writable", "-", "readable", "-"];
        ensure!(seen == right, "{} said {seen:?}", poller.name());
        row("");
    }
    found("Readable means that a read would not wait. At the end of a stream that is so too: it gives 0.");
    Ok(())
}

fn say(poller: &mut dyn Poller, when: &str) -> Result<String> {
    let mut ready = Vec::new();
    // What one end of a loopback connection does, the other knows within microseconds; a second is for busy machines.
    for patience in [1, 20] {
        poller.wait(&mut ready, Some(Duration::from_millis(patience)))?;
    }
    let words = ready.first().map_or("-", |ready| match (ready.readable, ready.writable) {
        (true, true) => "readable, writable",
        (true, false) => "readable",
        (false, true) => "writable",
        (false, false) => "-",
    });
    row(format!("{when:<44} {words}"));
    Ok(words.to_owned())
}
