//! The adapter: how a namespace reaches its members. In memory here; the trait is where
//! a cluster's adapter would go.

use std::sync::Arc;

use crate::members::{Member, Members};
use crate::room::{Selection, SocketId};
use crate::wire::outgoing::EncodedPacket;

/// Where a namespace keeps its members.
///
/// An adapter often wraps [`InMemory`] and adds to it. This one counts broadcasts;
/// one for a cluster would publish them to the other servers at the same place:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use socket_io::{Adapter, Adapters, Config, EncodedPacket, InMemory, Io, Member};
/// use socket_io::{Selection, SocketId};
///
/// #[derive(Default)]
/// struct Counting { members: InMemory, broadcasts: Arc<AtomicUsize> }
///
/// impl Adapter for Counting {
///     fn broadcast(&self, packet: &EncodedPacket, selection: &Selection) {
///         self.broadcasts.fetch_add(1, Ordering::Relaxed);
///         self.members.broadcast(packet, selection);
///     }
///     // All else is as in memory.
///     fn add(&self, member: &Arc<dyn Member>) { self.members.add(member); }
///     fn remove(&self, id: &SocketId, rooms: &[Arc<str>]) { self.members.remove(id, rooms); }
///     fn join(&self, member: &Arc<dyn Member>, room: &Arc<str>) { self.members.join(member, room); }
///     fn leave(&self, id: &SocketId, room: &Arc<str>) { self.members.leave(id, room); }
///     fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Arc<dyn Member>)) {
///         self.members.each(selection, visit);
///     }
///     fn find(&self, id: &str) -> Option<Arc<dyn Member>> { self.members.find(id) }
///     fn count(&self) -> usize { self.members.count() }
///     fn rooms(&self) -> Vec<Arc<str>> { self.members.rooms() }
/// }
///
/// let broadcasts = Arc::new(AtomicUsize::new(0));
/// let counter = broadcasts.clone();
/// let adapters = Adapters::new(move |_name| Counting {
///     broadcasts: counter.clone(),
///     ..Counting::default()
/// });
/// let io = Io::new(Config { adapters, ..Config::default() });
/// io.emit("news", "hello");
/// assert_eq!(broadcasts.load(Ordering::Relaxed), 1);
/// ```
// ANCHOR: adapter
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
