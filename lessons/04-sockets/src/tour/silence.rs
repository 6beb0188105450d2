//! A peer in a tunnel: no packet arrives, and no error either.

#[cfg(not(target_os = "linux"))]
pub(crate) fn show() -> anyhow::Result<()> {
    super::heading("A peer that falls silent");
    super::row("skipped: the socket option that cuts the connection is Linux's");
    super::remember(
        "Silence looks the same as a peer that has nothing to send.",
        "the section \"Keepalive\".",
    );
    Ok(())
}

#[cfg(target_os = "linux")]
pub(crate) use linux::show;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{Read, Write};
    use std::time::{Duration, Instant};

    use anyhow::{Result, ensure};
    use sockets::silence::{give_up_unacknowledged, keep_alive, tunnel};

    use crate::tour::{heading, outcome, pair, remember, row};

    const SECOND: Duration = Duration::from_secs(1);

    pub(crate) fn show() -> Result<()> {
        heading("What your calls return when the peer is in a tunnel");
        row(format!("{:<44} {:<10} after", "the call", "returned"));

        let (mut client, server) = pair()?;
        tunnel(&server)?;
        let written = outcome(&client.write(b"are you there?"));
        row(format!("{:<44} {written:<10} at once", "write"));
        client.set_read_timeout(Some(SECOND))?;
        let own = read("read with a timeout of 1 s", &mut client);

        let (mut client, server) = pair()?;
        keep_alive(&client, SECOND, SECOND, 1)?;
        tunnel(&server)?;
        let probed = read("read, keepalive: 1 s idle, 1 probe", &mut client);

        let (mut client, server) = pair()?;
        give_up_unacknowledged(&client, SECOND / 2)?;
        tunnel(&server)?;
        client.write_all(b"are you there?")?;
        let unacknowledged =
            read("read after write, TCP_USER_TIMEOUT: 0.5 s", &mut client);

        ensure!(
            (written.as_str(), own.as_str()) == ("14", "EAGAIN"),
            "write returned {written}, read {own}"
        );
        ensure!(
            [probed.as_str(), unacknowledged.as_str()] == ["ETIMEDOUT"; 2],
            "with keepalive {probed}, with TCP_USER_TIMEOUT {unacknowledged}"
        );
        remember(
            "TCP sends nothing on an idle connection, so silence alone is never an \
             error. Your program has to set a time limit or ask the kernel to probe.",
            "exercise ex04_echo_server gives every wait a limit.",
        );
        Ok(())
    }

    fn read(what: &str, client: &mut impl Read) -> String {
        let begin = Instant::now();
        let result = outcome(&client.read(&mut [0]));
        let seconds = begin.elapsed().as_secs_f64();
        row(format!("{what:<44} {result:<10} {seconds:.1} s"));
        result
    }
}
