//! The adapter: who is in which room. In memory here; the trait is where a cluster's
//! would go.
//!
//! A broadcast reads a room's members as a snapshot and sends without a lock: the
//! snapshot is made again only after somebody joined or left, so that a busy room costs
//! one reference count a broadcast and not one a member.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::outgoing::EncodedPacket;
use crate::room::{Room, SocketId};
use crate::socket::Socket;

/// Who receives a broadcast, and how.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Members of any of these; everybody when empty.
    pub rooms: Vec<Room>,
    /// But none of these.
    pub except: Vec<Room>,
    /// Drop it for clients that could not be sent it at once.
    pub volatile: bool,
    /// Only sockets of this server, where several share an adapter.
    pub local: bool,
}

// ANCHOR: adapter
/// Where a namespace keeps its members.
pub trait Adapter: Send + Sync + 'static {
    /// A socket has connected.
    fn add(&self, socket: &Socket);
    /// A socket has gone, and with it from all its rooms.
    fn remove(&self, socket: &Socket, rooms: &[Arc<str>]);
    /// A socket joins a room.
    fn join(&self, socket: &Socket, room: &Arc<str>);
    /// A socket leaves a room.
    fn leave(&self, socket: &Socket, room: &Arc<str>);
    /// Calls `visit` once for each selected socket of this server.
    fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Socket));
    /// How many sockets of this server there are.
    fn count(&self) -> usize;

    /// Sends a packet, encoded once, to all who are selected. An adapter of several
    /// servers also tells the others, unless [`Selection::local`] is set.
    fn broadcast(&self, packet: &EncodedPacket, selection: &Selection) {
        self.each(selection, &mut |socket| {
            socket.deliver(packet, selection.volatile);
        });
    }
}
// ANCHOR_END: adapter

/// One process's adapter.
#[derive(Default)]
pub struct InMemory {
    members: RwLock<Members>,
}

#[derive(Default)]
struct Members {
    all: Group,
    rooms: HashMap<Arc<str>, Group>,
}

#[derive(Default)]
struct Group {
    sockets: HashMap<SocketId, Socket>,
    /// `sockets` as a list, until it changes.
    snapshot: Option<Arc<[Socket]>>,
}

impl Group {
    fn insert(&mut self, socket: &Socket) {
        self.sockets.insert(socket.id().clone(), socket.clone());
        self.snapshot = None;
    }

    fn remove(&mut self, id: &SocketId) {
        self.sockets.remove(id);
        self.snapshot = None;
    }
}

impl InMemory {
    fn write<R>(&self, work: impl FnOnce(&mut Members) -> R) -> R {
        work(&mut self.members.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<R>(&self, work: impl FnOnce(&Members) -> R) -> R {
        work(&self.members.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The members of a room (of the namespace, without a room) as they are now.
    fn snapshot(&self, room: Option<&Arc<str>>) -> Arc<[Socket]> {
        fn group<'a>(members: &'a Members, room: Option<&Arc<str>>) -> Option<&'a Group> {
            room.map_or(Some(&members.all), |room| members.rooms.get(room))
        }
        let ready = self.read(|members| match group(members, room) {
            Some(group) => group.snapshot.clone(),
            None => Some(Arc::default()),
        });
        ready.unwrap_or_else(|| {
            self.write(|members| {
                let group = match room {
                    Some(room) => members.rooms.get_mut(room),
                    None => Some(&mut members.all),
                };
                let Some(group) = group else {
                    return Arc::default();
                };
                let sockets = &group.sockets;
                group
                    .snapshot
                    .get_or_insert_with(|| sockets.values().cloned().collect())
                    .clone()
            })
        })
    }

    fn find(&self, id: &SocketId) -> Option<Socket> {
        self.read(|members| members.all.sockets.get(id).cloned())
    }
}

/// The sockets that a selection leaves out.
struct Excluded<'a> {
    ids: Vec<&'a SocketId>,
    members: HashSet<SocketId>,
}

impl Excluded<'_> {
    fn contains(&self, socket: &Socket) -> bool {
        self.ids.contains(&socket.id())
            || !self.members.is_empty() && self.members.contains(socket.id())
    }
}

impl Adapter for InMemory {
    fn add(&self, socket: &Socket) {
        self.write(|members| members.all.insert(socket));
    }

    fn remove(&self, socket: &Socket, rooms: &[Arc<str>]) {
        self.write(|members| {
            members.all.remove(socket.id());
            for room in rooms {
                members.leave(socket, room);
            }
        });
    }

    fn join(&self, socket: &Socket, room: &Arc<str>) {
        self.write(|members| {
            members
                .rooms
                .entry(room.clone())
                .or_default()
                .insert(socket);
        });
    }

    fn leave(&self, socket: &Socket, room: &Arc<str>) {
        self.write(|members| members.leave(socket, room));
    }

    fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Socket)) {
        let mut excluded = Excluded {
            ids: Vec::new(),
            members: HashSet::new(),
        };
        for room in &selection.except {
            match room {
                Room::Own(id) => excluded.ids.push(id),
                Room::Named(name) => {
                    excluded.members.extend(
                        self.snapshot(Some(name))
                            .iter()
                            .map(|socket| socket.id().clone()),
                    );
                }
            }
        }
        let groups: Vec<Arc<[Socket]>> = if selection.rooms.is_empty() {
            vec![self.snapshot(None)]
        } else {
            let group = |room: &Room| match room {
                Room::Own(id) => self.find(id).into_iter().collect(),
                Room::Named(name) => self.snapshot(Some(name)),
            };
            selection.rooms.iter().map(group).collect()
        };
        // Who is in two of the rooms gets one copy.
        let mut seen = HashSet::new();
        for group in &groups {
            for socket in &**group {
                if !excluded.contains(socket)
                    && (groups.len() == 1 || seen.insert(socket.id()))
                {
                    visit(socket);
                }
            }
        }
    }

    fn count(&self) -> usize {
        self.read(|members| members.all.sockets.len())
    }
}

impl Members {
    fn leave(&mut self, socket: &Socket, room: &Arc<str>) {
        if let Some(group) = self.rooms.get_mut(room) {
            group.remove(socket.id());
            if group.sockets.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}
