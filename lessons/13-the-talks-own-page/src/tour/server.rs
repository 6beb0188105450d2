//! The server of the tour: a chat of two events, with the gateway in front.

use std::net::{Ipv4Addr, SocketAddr};

use engine_io::ServeLimits;
use socket_io::{Config, Io, Socket};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use warp::Filter;

/// A running server.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// It runs as long as this does.
    _runtime: Runtime,
}

fn chat(socket: Socket) {
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on("user message", async |socket: Socket, text: String| {
        socket.to("tea").emit("msg_to_room", ("Ann", text));
        true
    });
}

/// Starts it on a free port.
pub(crate) fn start() -> std::io::Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    // ANCHOR: mount
    let io = Io::new(Config::default());
    io.of("/chat", chat);
    let old = heritage::filter(io.engine(), heritage::Config::default());
    let routes = old.or(io.filter());
    // ANCHOR_END: mount
    let limits = ServeLimits::default();
    runtime.spawn(engine_io::run(
        listener,
        routes,
        limits,
        std::future::pending(),
    ));
    Ok(Running {
        address,
        _runtime: runtime,
    })
}
