//! Every way to send an event, a line each: the book's emit cheat sheet shows these lines.
//! The server sends them all to a client that asks for it with `send everything`.
//!
//! ```text
//! cargo run -p lesson-10-socket-io --example emit
//! ```

use std::time::Duration;

use clap::Parser;
use engine_io::ServeLimits;
use socket_io::{
    AckError, AdapterError, Binary, Io, Namespace, ParentNamespace, Socket, SocketId,
};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A server that sends in every way, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

const FIVE: Duration = Duration::from_secs(5);

fn to_this_client(socket: &Socket) {
    // ANCHOR: one
    socket.emit("news", "tea is ready");
    // ANCHOR_END: one
    // ANCHOR: arguments
    socket.emit("order", ("tea", 3, true));
    // ANCHOR_END: arguments
    // ANCHOR: none
    socket.emit("knock", ());
    // ANCHOR_END: none
    let bytes = vec![0x89, 0x50];
    // ANCHOR: bytes
    socket.emit("photo", Binary::from(bytes));
    // ANCHOR_END: bytes
    // ANCHOR: volatile
    socket.emit_volatile("mouse", (3, 4));
    // ANCHOR_END: volatile
    // ANCHOR: uncompressed
    socket.compress(false).emit("token", "secret");
    // ANCHOR_END: uncompressed
}

async fn ask_this_client(socket: &Socket) -> Result<(u8, u8), AckError> {
    // ANCHOR: ask
    let cups: u8 = socket.emit_with_ack("cups?", ()).await?;
    // ANCHOR_END: ask
    // ANCHOR: ask_in_time
    let more: u8 = socket.emit_with_ack("cups?", ()).timeout(FIVE).await?;
    // ANCHOR_END: ask_in_time
    Ok((cups, more))
}

async fn to_others(socket: &Socket, id: SocketId) -> usize {
    // ANCHOR: others
    socket.broadcast().emit("news", "hello");
    // ANCHOR_END: others
    // ANCHOR: others_in_room
    socket.to("tea").emit("news", "hello");
    // ANCHOR_END: others_in_room
    // ANCHOR: others_in_rooms
    socket.to("tea").to("cake").emit("news", "hello");
    // ANCHOR_END: others_in_rooms
    // ANCHOR: others_but
    socket.except("asleep").emit("news", "hello");
    // ANCHOR_END: others_but
    // ANCHOR: others_in_room_but
    socket.to("tea").except("asleep").emit("news", "hello");
    // ANCHOR_END: others_in_room_but
    // ANCHOR: others_volatile
    socket.to("tea").volatile().emit("mouse", (3, 4));
    // ANCHOR_END: others_volatile
    // ANCHOR: ask_others
    let answers = socket.to("tea").emit_with_ack::<u8>("cups?", ()).await;
    // ANCHOR_END: ask_others
    // ANCHOR: to_id
    socket.to(id).emit("whisper", "hello");
    // ANCHOR_END: to_id
    answers.received.len()
}

async fn from_the_server(io: &Io, chat: &Namespace, id: SocketId) -> usize {
    // ANCHOR: everyone
    io.emit("news", "hello");
    // ANCHOR_END: everyone
    // ANCHOR: namespace
    chat.emit("news", "hello");
    // ANCHOR_END: namespace
    // ANCHOR: room
    chat.to("tea").emit("news", "hello");
    // ANCHOR_END: room
    // ANCHOR: but
    chat.except("asleep").emit("news", "hello");
    // ANCHOR_END: but
    // ANCHOR: socket_by_id
    chat.to(id).emit("whisper", "hello");
    // ANCHOR_END: socket_by_id
    // ANCHOR: all_volatile
    chat.volatile().emit("mouse", (3, 4));
    // ANCHOR_END: all_volatile
    // ANCHOR: local
    chat.local().emit("news", "hello");
    // ANCHOR_END: local
    // ANCHOR: all_uncompressed
    chat.all().compress(false).emit("token", "secret");
    // ANCHOR_END: all_uncompressed
    // ANCHOR: ask_all
    let answers = chat.timeout(FIVE).emit_with_ack::<u8>("cups?", ()).await;
    // ANCHOR_END: ask_all
    answers.received.len()
}

async fn to_other_servers(io: &Io, chat: &Namespace) -> Result<usize, AdapterError> {
    // ANCHOR: servers
    io.server_side_emit("news", "hello");
    // ANCHOR_END: servers
    // ANCHOR: ask_servers
    let guests = io.server_side_emit_with_ack::<usize>("guests?", ()).await;
    // ANCHOR_END: ask_servers
    // ANCHOR: remote
    let sockets = chat.fetch_sockets().await?;
    // ANCHOR_END: remote
    Ok(sockets.len() + guests.received.len())
}

fn to_children(teams: &ParentNamespace) {
    // ANCHOR: children
    teams.emit("news", "hello");
    // ANCHOR_END: children
    // ANCHOR: children_room
    teams.to("captains").emit("news", "hello");
    // ANCHOR_END: children_room
    // ANCHOR: child
    teams.child("/team-red").emit("news", "hello");
    // ANCHOR_END: child
}

fn let_in(socket: Socket) {
    socket.on("join", async |socket: Socket, rooms: Vec<String>| {
        socket.join_all(rooms).is_ok()
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::default();
    let chat = io.of("/chat", let_in);
    let teams = io.of_dynamic(|name, _| name.starts_with("/team-"), let_in);
    let server = io.clone();
    chat.on_connection(move |socket| {
        let (io, teams) = (server.clone(), teams.clone());
        let everything = async move |socket: Socket, friend: SocketId| {
            to_this_client(&socket);
            let (cups, more) = ask_this_client(&socket).await?;
            let others = to_others(&socket, friend.clone()).await;
            let all = from_the_server(&io, socket.namespace(), friend).await;
            to_children(&teams);
            if let Err(error) = to_other_servers(&io, socket.namespace()).await {
                println!("{error}");
            }
            let answers = vec![cups.into(), more.into(), others, all];
            Ok::<Vec<usize>, AckError>(answers)
        };
        socket.on("send everything", everything);
    });

    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let limits = ServeLimits::default();
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    engine_io::run(listener, io.filter(), limits, ctrl_c).await?;
    Ok(())
}
