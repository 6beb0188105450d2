//! Caught by: who_leaves_a_room_stays_in_the_others
//!
//! Leaving one room is leaving all.

use std::collections::{BTreeMap, BTreeSet};

/// A socket, by its number.
pub type SocketId = u64;

/// Who is in which room.
#[derive(Debug, Default)]
pub struct Rooms {
    all: BTreeSet<SocketId>,
    /// No set in it is empty.
    rooms: BTreeMap<String, BTreeSet<SocketId>>,
}

impl Rooms {
    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket has connected. It is in no room.
    pub fn connect(&mut self, socket: SocketId) {
        self.all.insert(socket);
    }

    /// A socket has gone, from all its rooms.
    pub fn disconnect(&mut self, socket: SocketId) {
        self.all.remove(&socket);
        self.rooms.retain(|_, members| {
            members.remove(&socket);
            !members.is_empty()
        });
    }

    /// A connected socket joins a room. Twice is as once; one that is not connected joins
    /// nothing.
    pub fn join(&mut self, socket: SocketId, room: &str) {
        if self.all.contains(&socket) {
            self.rooms
                .entry(room.to_owned())
                .or_default()
                .insert(socket);
        }
    }

    /// A socket leaves a room. One that was not in it leaves nothing.
    pub fn leave(&mut self, socket: SocketId, room: &str) {
        let Some(members) = self.rooms.get_mut(room) else {
            return;
        };
        let _ = members.remove(&socket);
        self.rooms.retain(|_, members| {
            members.remove(&socket);
            !members.is_empty()
        });
    }

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        self.rooms.len()
    }

    /// Who receives a broadcast. `from` is the socket that sends it, `None` when the
    /// server does.
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

    /// Who is in any of `rooms`.
    fn members(&self, rooms: &[&str]) -> BTreeSet<SocketId> {
        rooms
            .iter()
            .filter_map(|room| self.rooms.get(*room))
            .flatten()
            .copied()
            .collect()
    }
}
