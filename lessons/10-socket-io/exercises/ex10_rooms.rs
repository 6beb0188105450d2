//! # Who gets it?
//!
//! Rooms are names for sets of sockets. Write them, and the question behind every
//! broadcast: who receives it?
//!
//! - A room is there as long as somebody is in it.
//! - A broadcast goes to the sockets in any of the rooms `to`, or to all sockets when
//!   `to` is empty; but to none that is in one of the rooms `except`, and not to the
//!   socket that sends it.
//! - A socket in two of the rooms gets it once.
//!
//! Try it: `cargo test --test ex10_rooms`

use std::collections::BTreeSet;

/// A socket, by its number.
pub type SocketId = u64;

/// Who is in which room.
#[derive(Debug, Default)]
pub struct Rooms {
    // Yours.
}

impl Rooms {
    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket has connected. It is in no room.
    pub fn connect(&mut self, socket: SocketId) {
        todo!("exercise ex10_rooms: here comes {socket}")
    }

    /// A socket has gone, from all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        todo!("exercise ex10_rooms: there goes {socket}")
    }

    /// A connected socket joins a room. Twice is as once; one that is not connected joins
    /// nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        todo!("exercise ex10_rooms: {socket} joins {room}")
    }

    /// A socket leaves a room. One that was not in it leaves nothing.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        todo!("exercise ex10_rooms: {socket} leaves {room}")
    }

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        todo!("exercise ex10_rooms: how many?")
    }

    /// Who receives a broadcast. `from` is the socket that sends it, `None` when the
    /// server does.
    pub fn receivers(
        &self,
        from: Option<SocketId>,
        to: &[&str],
        except: &[&str],
    ) -> BTreeSet<SocketId> {
        todo!("exercise ex10_rooms: from {from:?} to {to:?} except {except:?}")
    }
}
