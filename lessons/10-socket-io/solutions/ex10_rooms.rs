//! Sets are the right tool: a union for `to`, a difference for `except`, and each member
//! once.

use std::collections::{BTreeMap, BTreeSet};

/// The number of a socket.
pub type SocketId = u64;

/// The sockets of a namespace, and their rooms.
#[derive(Debug, Default)]
pub struct Rooms {
    all: BTreeSet<SocketId>,
    /// No set in it is empty.
    rooms: BTreeMap<String, BTreeSet<SocketId>>,
}

impl Rooms {
    /// Returns a namespace without sockets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket connects. It is in no room yet.
    pub fn connect(&mut self, socket: SocketId) {
        self.all.insert(socket);
    }

    /// A socket disconnects, and leaves all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        self.all.remove(&socket);
        self.rooms.retain(|_, members| {
            members.remove(&socket);
            !members.is_empty()
        });
    }

    /// A socket joins a room. Joining twice has no further effect, and a socket that is not
    /// connected joins nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        if self.all.contains(&socket) {
            self.rooms
                .entry(room.to_owned())
                .or_default()
                .insert(socket);
        }
    }

    /// A socket leaves a room. If it was not in the room, nothing happens.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        let Some(members) = self.rooms.get_mut(room) else {
            return;
        };
        members.remove(&socket);
        if members.is_empty() {
            self.rooms.remove(room);
        }
    }

    /// Returns the number of rooms.
    pub fn count(&self) -> usize {
        self.rooms.len()
    }

    /// Returns the sockets that receive a broadcast. `from` is the socket that sends it, or
    /// `None` if the server does.
    pub fn receivers(
        &self,
        from: Option<SocketId>,
        to: &[&str],
        except: &[&str],
    ) -> BTreeSet<SocketId> {
        let selected = if to.is_empty() {
            self.all.clone()
        } else {
            self.members(to)
        };
        let excluded = self.members(except);
        selected
            .into_iter()
            .filter(|socket| Some(*socket) != from && !excluded.contains(socket))
            .collect()
    }

    /// Returns the sockets in any of `rooms`.
    fn members(&self, rooms: &[&str]) -> BTreeSet<SocketId> {
        rooms
            .iter()
            .filter_map(|room| self.rooms.get(*room))
            .flatten()
            .copied()
            .collect()
    }
}
