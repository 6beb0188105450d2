//! The members of each room: a table of members, and their rooms as lists.
//!
//! A broadcast reads a room's members as a snapshot and sends without a lock. The
//! snapshot is made again only after a member joined or left, so a busy room costs one
//! reference count for each broadcast, and not one for each member.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use crate::room::{Room, Selection, SocketId};
use crate::tasks::Seldom;
use crate::wire::outgoing::EncodedPacket;

/// A receiver of broadcasts: a socket, as tables see it.
pub(crate) trait Member: Any + Send + Sync {
    /// Returns the id, which is unique in its namespace.
    fn id(&self) -> &SocketId;

    /// Queues a packet for the client. A volatile packet that cannot leave at once is
    /// dropped. Returns whether the packet was queued.
    fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool;

    /// The client is back on another connection: this one, which did not notice, ends.
    fn replaced(self: Arc<Self>);
}

/// The members of a namespace on this server.
#[derive(Debug)]
pub(crate) struct Members<M: ?Sized>(RwLock<Tables<M>>);

#[derive(Debug)]
struct Tables<M: ?Sized> {
    all: Group<M>,
    rooms: HashMap<Arc<str>, Group<M>>,
}

#[derive(Debug)]
struct Group<M: ?Sized> {
    members: HashMap<SocketId, Arc<M>>,
    /// `members` as a list, until it changes.
    snapshot: Option<Snapshot<M>>,
}

type Snapshot<M> = Arc<[Arc<M>]>;

impl<M: ?Sized> Default for Group<M> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            snapshot: None,
        }
    }
}

impl<M: ?Sized> Default for Members<M> {
    fn default() -> Self {
        Self(RwLock::new(Tables {
            all: Group::default(),
            rooms: HashMap::new(),
        }))
    }
}

impl<M: Member + ?Sized> Group<M> {
    fn insert(&mut self, member: &Arc<M>) {
        self.members.insert(member.id().clone(), member.clone());
        self.snapshot = None;
    }

    fn remove(&mut self, id: &SocketId) {
        self.members.remove(id);
        shrink(&mut self.members);
        self.snapshot = None;
    }
}

impl<M: ?Sized> Tables<M> {
    fn group(&self, room: Option<&Arc<str>>) -> Option<&Group<M>> {
        room.map_or(Some(&self.all), |room| self.rooms.get(room))
    }
}

impl<M: Member + ?Sized> Tables<M> {
    fn leave(&mut self, id: &SocketId, room: &Arc<str>) {
        if let Some(group) = self.rooms.get_mut(room) {
            group.remove(id);
            if group.members.is_empty() {
                self.rooms.remove(room);
                shrink(&mut self.rooms);
            }
        }
    }
}

impl<M: Member + ?Sized> Members<M> {
    /// Adds a member to the namespace.
    pub(crate) fn add(&self, member: &Arc<M>) {
        self.write(|tables| tables.all.insert(member));
    }

    /// Removes a member from the namespace and from `rooms`. The caller holds a handle to
    /// it, so nothing is dropped under the lock.
    pub(crate) fn remove(&self, id: &SocketId, rooms: &[Arc<str>]) {
        self.write(|tables| {
            tables.all.remove(id);
            for room in rooms {
                tables.leave(id, room);
            }
        });
    }

    /// Adds a member to a room.
    pub(crate) fn join(&self, member: &Arc<M>, room: &Arc<str>) {
        self.write(|tables| {
            tables.rooms.entry(room.clone()).or_default().insert(member);
        });
    }

    /// Removes a member from a room.
    pub(crate) fn leave(&self, id: &SocketId, room: &Arc<str>) {
        self.write(|tables| tables.leave(id, room));
    }

    /// Returns how many members there are.
    pub(crate) fn count(&self) -> usize {
        self.read(|tables| tables.all.members.len())
    }

    /// Returns the names of the rooms that have members.
    pub(crate) fn rooms(&self) -> Vec<Arc<str>> {
        self.read(|tables| tables.rooms.keys().cloned().collect())
    }

    /// Returns the ids of all members.
    pub(crate) fn ids(&self) -> Vec<SocketId> {
        self.read(|tables| tables.all.members.keys().cloned().collect())
    }

    /// Whether a room has a member.
    pub(crate) fn has(&self, room: &Room) -> bool {
        self.read(|tables| match room {
            Room::Own(id) => tables.all.members.contains_key(id),
            Room::Named(name) => tables.rooms.contains_key(name),
        })
    }

    /// Calls `visit` once for each selected member, without a lock.
    pub(crate) fn each(&self, selection: &Selection, visit: &mut dyn FnMut(&Arc<M>)) {
        let mut excluded = Excluded::default();
        for room in &selection.except {
            match room {
                Room::Own(id) => excluded.ids.push(id),
                Room::Named(name) => {
                    let members = self.snapshot(Some(name));
                    excluded
                        .members
                        .extend(members.iter().map(|member| member.id().clone()));
                }
            }
        }
        let groups: Vec<Snapshot<M>> = if selection.rooms.is_empty() {
            vec![self.snapshot(None)]
        } else {
            let group = |room: &Room| match room {
                Room::Own(id) => self.find(id.as_str()).into_iter().collect(),
                Room::Named(name) => self.snapshot(Some(name)),
            };
            selection.rooms.iter().map(group).collect()
        };
        // A member of two of the rooms gets one copy.
        let mut seen = HashSet::new();
        for group in &groups {
            for member in &**group {
                if !excluded.contains(member.id())
                    && (groups.len() == 1 || seen.insert(member.id()))
                {
                    visit(member);
                }
            }
        }
    }

    fn write<R>(&self, work: impl FnOnce(&mut Tables<M>) -> R) -> R {
        work(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<R>(&self, work: impl FnOnce(&Tables<M>) -> R) -> R {
        work(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The members of a room (of the namespace, without a room) as they are now.
    fn snapshot(&self, room: Option<&Arc<str>>) -> Snapshot<M> {
        let ready = self.read(|tables| match (tables.group(room), room) {
            (Some(group), _) => group.snapshot.clone(),
            (None, room) => {
                if room.is_some_and(|name| tables.all.members.contains_key(&**name)) {
                    id_as_name();
                }
                Some(empty())
            }
        });
        ready.unwrap_or_else(|| {
            self.write(|tables| {
                let group = match room {
                    Some(room) => tables.rooms.get_mut(room),
                    None => Some(&mut tables.all),
                };
                let Some(group) = group else {
                    return empty();
                };
                let members = &group.members;
                group
                    .snapshot
                    .get_or_insert_with(|| members.values().cloned().collect())
                    .clone()
            })
        })
    }

    /// Returns the member of this id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<M>> {
        self.read(|tables| tables.all.members.get(id).cloned())
    }
}

/// A map keeps the space of its largest size. This one gives most of it back when it uses
/// less than about a quarter: with space to double, its size can go up and down without
/// moving everything each time.
fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    map.shrink_to(2 * map.len());
}

/// A program's mistake that is hard to find otherwise.
fn id_as_name() {
    static SELDOM: Seldom = Seldom::new();
    if let Some(left_out) = SELDOM.allow() {
        tracing::warn!(
            left_out,
            "a room that does not exist is named like a socket: parse the id into a \
             SocketId to reach the socket"
        );
    }
}

fn empty<M: ?Sized>() -> Snapshot<M> {
    Arc::new([])
}

/// The members that a selection leaves out.
#[derive(Default)]
struct Excluded<'a> {
    ids: Vec<&'a SocketId>,
    members: HashSet<SocketId>,
}

impl Excluded<'_> {
    fn contains(&self, id: &SocketId) -> bool {
        self.ids.contains(&id) || !self.members.is_empty() && self.members.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[derive(Debug)]
    struct Fake(SocketId);

    impl Member for Fake {
        fn id(&self) -> &SocketId {
            &self.0
        }

        fn deliver(&self, _: &EncodedPacket, _: bool) -> bool {
            true
        }

        fn replaced(self: Arc<Self>) {}
    }

    fn three() -> (Members<Fake>, Vec<Arc<Fake>>) {
        let table = Members::default();
        let members: Vec<_> =
            (0..3).map(|_| Arc::new(Fake(SocketId::random()))).collect();
        for member in &members {
            table.add(member);
        }
        table.join(&members[0], &"tea".into());
        table.join(&members[1], &"tea".into());
        table.join(&members[1], &"cake".into());
        (table, members)
    }

    fn selected(table: &Members<Fake>, rooms: &[Room], except: &[Room]) -> Vec<SocketId> {
        let selection = Selection {
            rooms: rooms.to_vec(),
            except: except.to_vec(),
            ..Selection::default()
        };
        let mut found = Vec::new();
        table.each(&selection, &mut |member| found.push(member.id().clone()));
        let unique: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(unique.len(), found.len(), "each member once");
        unique.into_iter().collect()
    }

    #[test]
    fn a_selection_is_a_union_of_rooms_without_the_exceptions() {
        let (table, members) = three();
        let own = |n: usize| Room::Own(members[n].id().clone());
        assert_eq!(selected(&table, &[], &[]).len(), 3);
        assert_eq!(
            selected(&table, &["tea".into(), "cake".into()], &[]).len(),
            2
        );
        assert_eq!(
            selected(&table, &["tea".into()], &["cake".into()]),
            [members[0].id().clone()]
        );
        assert_eq!(selected(&table, &[own(2)], &[]), [members[2].id().clone()]);
        assert_eq!(selected(&table, &["tea".into()], &[own(0), own(1)]), []);
        assert_eq!(selected(&table, &["nobody".into()], &[]), []);
    }

    #[test]
    fn an_empty_room_leaves_nothing_behind() {
        let (table, members) = three();
        table.leave(members[0].id(), &"tea".into());
        table.remove(members[1].id(), &["tea".into(), "cake".into()]);
        assert_eq!(table.read(|tables| tables.rooms.len()), 0);
        assert_eq!(table.count(), 2);
    }

    #[test]
    fn a_crowd_that_has_left_leaves_no_memory_behind() {
        let table = Members::default();
        let info = allocation_counter::measure(|| {
            let crowd: Vec<_> = (0..5000)
                .map(|_| Arc::new(Fake(SocketId::random())))
                .collect();
            for member in &crowd {
                table.add(member);
                table.join(member, &"tea".into());
                table.join(member, &member.id().as_str().into());
            }
            for member in &crowd {
                let own = member.id().as_str().into();
                table.remove(member.id(), &["tea".into(), own]);
            }
        });
        assert_eq!(table.count(), 0);
        assert_eq!(info.bytes_current, 0, "{info:?}");
    }
}
