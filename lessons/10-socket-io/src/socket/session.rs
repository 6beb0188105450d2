//! The session under a socket: how the client is connected, and what waits for it.

use std::net::SocketAddr;

use engine_io::{Closed, Session, Transport};

use crate::socket::Socket;

impl Socket {
    /// Returns the Engine.IO session, which all namespaces of the client share. Its id is a
    /// secret between the server and this client. Close it to end the connection as if the
    /// network had failed: the client gets no DISCONNECT packet and reconnects on its own.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// let request = socket.session().handshake();
    /// println!("{} at {:?}, TLS: {}", request.url(), request.time, request.secure);
    /// socket.session().close(engine_io::CloseReason::Forced);
    /// # }
    /// ```
    pub fn session(&self) -> &Session {
        self.mailbox().session()
    }

    /// Returns the transport that the client uses now.
    pub fn transport(&self) -> Transport {
        self.session().transport()
    }

    /// Returns the client's address, if the server knows it: the connection's, or the one
    /// that a [trusted proxy](engine_io::Config::trusted_proxies) reports.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.handshake().remote_addr
    }

    /// Returns how many bytes wait for the client, in all its namespaces.
    pub fn outstanding(&self) -> usize {
        self.session().outstanding()
    }

    /// Waits until nothing waits for the client: see [`Session::drained`].
    ///
    /// ```
    /// # async fn example(socket: socket_io::Socket) -> Result<(), engine_io::Closed> {
    /// for page in 0..1000 {
    ///     socket.emit("page", page);
    ///     // Not faster than the client reads.
    ///     socket.drained().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the session ended first.
    pub async fn drained(&self) -> Result<(), Closed> {
        self.session().drained().await
    }
}
