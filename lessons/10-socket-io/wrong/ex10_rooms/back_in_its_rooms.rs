//! Caught by: a_socket_that_connects_again_is_in_no_room
//!
//! Keeps the rooms of a socket for its next connection.

use std::collections::{BTreeMap, BTreeSet};

/// A socket, by its number.
pub type SocketId = u64;

/// Who is in which room.
#[derive(Debug, Default)]
pub struct Rooms {
    /// For each connected socket its rooms.
    sockets: BTreeMap<SocketId, BTreeSet<String>>,
    gone: BTreeMap<SocketId, BTreeSet<String>>,
}

impl Rooms {
    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket has connected. It is in no room.
    pub fn connect(&mut self, socket: SocketId) {
        let r = self.gone.remove(&socket).unwrap_or_default();
        self.sockets.insert(socket, r);
    }

    /// A socket has gone, from all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        self.gone
            .extend(self.sockets.remove(&socket).map(|r| (socket, r)));
    }

    /// A connected socket joins a room. Twice is as once; one that is not connected joins nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        if let Some(rooms) = self.sockets.get_mut(&socket) {
            rooms.insert(room.to_string());
        }
    }

    /// A socket leaves a room. One that was not in it leaves nothing.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        if let Some(rooms) = self.sockets.get_mut(&socket) {
            rooms.remove(room);
        }
    }

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        let mut all = BTreeSet::new();
        for rooms in self.sockets.values() {
            all.extend(rooms);
        }
        all.len()
    }

    /// Who receives a broadcast. `from` is the socket that sends it, `None` when the server does.
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
