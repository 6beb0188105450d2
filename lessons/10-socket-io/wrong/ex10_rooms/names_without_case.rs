//! Caught by: names_of_rooms_are_case_sensitive
//!
//! Ignores the case of room names.

use std::collections::{BTreeMap, BTreeSet};

/// The number of a socket.
pub type SocketId = u64;

/// The sockets of a namespace, and their rooms.
#[derive(Debug, Default)]
pub struct Rooms {
    /// For each connected socket its rooms.
    sockets: BTreeMap<SocketId, BTreeSet<String>>,
}

impl Rooms {
    /// Returns a namespace without sockets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket connects. It is in no room yet.
    pub fn connect(&mut self, socket: SocketId) {
        self.sockets.insert(socket, BTreeSet::new());
    }

    /// A socket disconnects, and leaves all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
    }

    /// A socket joins a room. Joining twice has no further effect, and a socket that is not
    /// connected joins nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        if let Some(rooms) = self.sockets.get_mut(&socket) {
            rooms.insert(room.to_lowercase());
        }
    }

    /// A socket leaves a room. If it was not in the room, nothing happens.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        if let Some(rooms) = self.sockets.get_mut(&socket) {
            rooms.remove(room);
        }
    }

    /// Returns the number of rooms.
    pub fn count(&self) -> usize {
        let mut all = BTreeSet::new();
        for rooms in self.sockets.values() {
            all.extend(rooms);
        }
        all.len()
    }

    /// Returns the sockets that receive a broadcast. `from` is the socket that sends it, or
    /// `None` if the server does.
    pub fn receivers(
        &self,
        from: Option<SocketId>,
        to: &[&str],
        except: &[&str],
    ) -> BTreeSet<SocketId> {
        let mut receivers = BTreeSet::new();
        for (socket, rooms) in &self.sockets {
            let wanted = to.is_empty() || to.iter().any(|room| rooms.contains(*room));
            let excepted = except.iter().any(|room| rooms.contains(*room));
            if wanted && !excepted && from != Some(*socket) {
                receivers.insert(*socket);
            }
        }
        receivers
    }
}
