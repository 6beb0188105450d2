//! # Who receives a broadcast?
//!
//! A room is a name for a set of sockets. Write the rooms of a namespace, and the question
//! behind every broadcast: which sockets receive it?
//!
//! - A room exists as long as a socket is in it. Names of rooms are case-sensitive.
//! - A broadcast goes to the sockets that are in any of the rooms in `to`, or to all
//!   sockets if `to` is empty. It does not go to a socket that is in any of the rooms in
//!   `except`, and not to the socket that sends it.
//! - A socket that is in two of the rooms receives the broadcast once.
//! - A socket that disconnects leaves all its rooms. If it connects again, it is in none.
//!
//! Try it: `cargo test --test ex10_rooms`

use std::collections::BTreeSet;

/// The number of a socket.
pub type SocketId = u64;

/// The sockets of a namespace, and their rooms.
#[derive(Debug, Default)]
pub struct Rooms {
    // Yours.
}

impl Rooms {
    /// Returns a namespace without sockets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket connects. It is in no room yet.
    pub fn connect(&mut self, socket: SocketId) {
        todo!("exercise ex10_rooms: {socket} connects")
    }

    /// A socket disconnects, and leaves all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        todo!("exercise ex10_rooms: {socket} disconnects")
    }

    /// A socket joins a room. Joining twice has no further effect, and a socket that is not
    /// connected joins nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        todo!("exercise ex10_rooms: {socket} joins {room}")
    }

    /// A socket leaves a room. If it was not in the room, nothing happens.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        todo!("exercise ex10_rooms: {socket} leaves {room}")
    }

    /// Returns the number of rooms.
    pub fn count(&self) -> usize {
        todo!("exercise ex10_rooms: how many rooms are there?")
    }

    /// Returns the sockets that receive a broadcast. `from` is the socket that sends it, or
    /// `None` if the server does.
    pub fn receivers(
        &self,
        from: Option<SocketId>,
        to: &[&str],
        except: &[&str],
    ) -> BTreeSet<SocketId> {
        todo!("exercise ex10_rooms: from {from:?} to {to:?} except {except:?}")
    }
}
