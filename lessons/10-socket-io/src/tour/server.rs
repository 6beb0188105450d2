//! The server of the tour: a small chat, so that its handlers can be read beside the
//! packets.

use std::net::{Ipv4Addr, SocketAddr};

use engine_io::ServeLimits;
use socket_io::{Binary, Config, Io, Socket};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running server.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// It runs as long as this does.
    _runtime: Runtime,
}

// ANCHOR: chat
fn chat(socket: Socket) {
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on(
        "user message",
        async |socket: Socket, room: String, text: String| {
            socket.to(room).emit("msg_to_room", ("Ann", text));
            true
        },
    );
    socket.on(
        "photo",
        async |socket: Socket, room: String, photo: Binary| {
            socket.to(room).emit("photo", photo);
            true
        },
    );
    socket.on("quiz", async |socket: Socket| -> String {
        match socket.emit_with_ack::<u8>("what is 6 times 7", ()).await {
            Ok(42) => "right".into(),
            Ok(other) => format!("{other} is not right"),
            Err(error) => error.to_string(),
        }
    });
}
// ANCHOR_END: chat

/// Starts it on a free port.
pub(crate) fn start() -> std::io::Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let io = Io::new(Config::default());
    io.of("/chat", chat);
    runtime.spawn(engine_io::run(
        listener,
        io.filter(),
        ServeLimits::default(),
        std::future::pending(),
    ));
    Ok(Running {
        address,
        _runtime: runtime,
    })
}
