//! A network that can be cut: bytes that are sent while it is cut wait, and neither end is
//! told.
//!
//! That is what a tunnel does to a train. No connection is closed and no packet says that
//! it is lost: there is silence, and when the train comes out, whatever waited arrives.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Carries what comes to `listener` on to `to`, and back, while `open` says so. Ends when
/// it is dropped, and all connections with it.
///
/// # Errors
/// Returns an error if the listener fails.
pub(crate) async fn carry(
    listener: TcpListener,
    to: SocketAddr,
    mut open: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        passes(&mut open).await;
        let (near, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            // Cut while it waited: who comes now has to wait, too.
            _ = open.changed() => continue,
        };
        let open = open.clone();
        connections.spawn(async move {
            // One that breaks is the business of its two ends.
            let _ = connection(near, to, open).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    near: TcpStream,
    to: SocketAddr,
    open: watch::Receiver<bool>,
) -> io::Result<()> {
    let far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::try_join!(
        one_way(near_in, far_out, open.clone()),
        one_way(far_in, near_out, open)
    )?;
    Ok(())
}

/// Passes on what comes, and the end of it.
async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut open: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let len = from.read(&mut buffer).await?;
        passes(&mut open).await;
        if len == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..len]).await?;
    }
}

/// Waits until the tunnel is open: forever, if the handle that could open it is gone.
async fn passes(open: &mut watch::Receiver<bool>) {
    if open.wait_for(|open| *open).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Long enough for anything that is going to happen.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn what_is_sent_into_a_cut_tunnel_comes_out_when_it_opens() -> io::Result<()> {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let entrance = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (at, to) = (entrance.local_addr()?, server.local_addr()?);
        let (switch, open) = watch::channel(true);
        let tunnel = tokio::spawn(carry(entrance, to, open));

        let mut client = TcpStream::connect(at).await?;
        let (mut served, _) = server.accept().await?;
        client.write_all(b"one").await?;
        let mut three = [0; 3];
        timeout(PATIENCE, served.read_exact(&mut three)).await??;
        assert_eq!(&three, b"one");

        switch.send_replace(false);
        client.write_all(b"two").await?;
        let mut late = TcpStream::connect(at).await?;
        late.write_all(b"new").await?;
        // Nothing to wait for but time: that which must not come would come in a moment.
        let early = timeout(Duration::from_millis(200), served.read(&mut three)).await;
        assert!(early.is_err(), "something passed a tunnel that is cut");
        let early = timeout(Duration::from_millis(50), server.accept()).await;
        assert!(early.is_err(), "bytes passed a tunnel that is cut");

        switch.send_replace(true);
        timeout(PATIENCE, served.read_exact(&mut three)).await??;
        assert_eq!(&three, b"two");
        let (mut second, _) = timeout(PATIENCE, server.accept()).await??;
        timeout(PATIENCE, second.read_exact(&mut three)).await??;
        assert_eq!(&three, b"new");

        tunnel.abort();
        let end = timeout(PATIENCE, client.read(&mut three)).await?;
        assert!(
            matches!(end, Ok(0) | Err(_)),
            "a connection outlives its tunnel"
        );
        Ok(())
    }
}
