//! The adapter: how a namespace reaches its members. In memory here; the trait is where
//! a cluster's adapter would go.

use std::sync::Arc;

use crate::members::{Member, Members};
use crate::room::{Selection, SocketId};
use crate::wire::outgoing::EncodedPacket;

// ANCHOR: adapter
/// Where a namespace keeps its members.
pub trait Adapter: Send + Sync + 'static {
    /// A socket has connected.
    fn add(&self, member: &Arc<dyn Member>);
    /// A socket has gone, and with it from all its rooms.
    fn remove(&self, id: &SocketId, rooms: &[Arc<str>]);
    /// A socket joins a room.
    fn join(&self, member: &Arc<dyn Member>, room: &Arc<str>);
    /// A socket leaves a room.
    fn leave(&self, id: &SocketId, room: &Arc<str>);
    /// Calls `visit` once for each selected socket of this server.
    fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Arc<dyn Member>));
    /// Returns the socket of this id, if it is on this server.
    fn find(&self, id: &str) -> Option<Arc<dyn Member>>;
    /// Returns how many sockets of this server there are.
    fn count(&self) -> usize;
    /// Returns the names of the rooms of this server.
    fn rooms(&self) -> Vec<Arc<str>>;

    /// Sends a packet, encoded once, to all selected sockets. An adapter of several
    /// servers also tells the others, unless [`Selection::local`] is set.
    fn broadcast(&self, packet: &EncodedPacket, selection: &Selection) {
        self.each(selection, &mut |member| {
            member.deliver(packet, selection.volatile);
        });
    }
}
// ANCHOR_END: adapter

/// One process's adapter.
#[derive(Default)]
pub struct InMemory(Members<dyn Member>);

impl Adapter for InMemory {
    fn add(&self, member: &Arc<dyn Member>) {
        self.0.add(member);
    }

    fn remove(&self, id: &SocketId, rooms: &[Arc<str>]) {
        self.0.remove(id, rooms);
    }

    fn join(&self, member: &Arc<dyn Member>, room: &Arc<str>) {
        self.0.join(member, room);
    }

    fn leave(&self, id: &SocketId, room: &Arc<str>) {
        self.0.leave(id, room);
    }

    fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Arc<dyn Member>)) {
        self.0.each(selection, visit);
    }

    fn find(&self, id: &str) -> Option<Arc<dyn Member>> {
        self.0.find(id)
    }

    fn count(&self) -> usize {
        self.0.count()
    }

    fn rooms(&self) -> Vec<Arc<str>> {
        self.0.rooms()
    }
}
