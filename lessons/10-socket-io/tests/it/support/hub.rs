//! Servers that share a namespace in one process: an adapter that calls the others
//! directly, with what a bus would carry.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, join_all, ready};
use futures_util::stream::{BoxStream, StreamExt, iter, select_all};
use socket_io::{
    AckStep, Adapter, AdapterError, Adapters, Change, Local, OutgoingEvent, Restoring,
    Room, Selection, ServerAnswers, SessionRecord, SocketInfo,
};

/// The state that the servers share.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    servers: Vec<(String, Local)>,
    /// Servers that hear nothing and answer nothing.
    dead: HashSet<String>,
    /// `true` opened, `false` closed, on which server.
    rooms: Vec<(String, bool, String)>,
    closed: Vec<String>,
    keeps: bool,
    sessions: HashMap<String, SessionRecord>,
    log: Vec<(OutgoingEvent, Selection)>,
}

impl Hub {
    /// A hub that keeps the sessions of clients that are away.
    pub fn with_sessions() -> Self {
        let hub = Self::default();
        hub.state(|state| state.keeps = true);
        hub
    }

    /// The adapters of one server.
    pub fn adapters(&self, server: &str) -> Adapters {
        let (hub, server) = (self.clone(), server.to_owned());
        Adapters::new(move |local| {
            hub.state(|it| it.servers.push((server.clone(), local.clone())));
            Arc::new(Node {
                hub: hub.clone(),
                server: server.clone(),
                local,
            })
        })
    }

    pub fn kill(&self, server: &str) {
        self.state(|state| state.dead.insert(server.to_owned()));
    }

    pub fn closed(&self) -> Vec<String> {
        self.state(|state| state.closed.clone())
    }

    /// The calls of `room_opened` (`+`) and `room_closed` (`-`) on one server since the
    /// last time.
    pub fn rooms(&self, server: &str) -> Vec<String> {
        let of_server: Vec<_> = self.state(|state| {
            let rooms = state.rooms.extract_if(.., |(it, ..)| it == server);
            rooms.collect()
        });
        let sign = |opened| if opened { '+' } else { '-' };
        of_server
            .into_iter()
            .map(|(_, opened, room)| format!("{}{room}", sign(opened)))
            .collect()
    }

    pub fn sessions(&self) -> usize {
        self.state(|state| state.sessions.len())
    }

    fn state<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.lock().unwrap())
    }
}

struct Node {
    hub: Hub,
    server: String,
    local: Local,
}

impl Node {
    /// The other servers' halves of this namespace that are alive, and the names of the
    /// dead.
    fn others(&self) -> (Vec<Local>, Vec<String>) {
        self.hub.state(|state| {
            let (mut alive, mut dead) = (Vec::new(), Vec::new());
            for (server, local) in &state.servers {
                if *server == self.server || local.namespace() != self.local.namespace() {
                    continue;
                }
                if state.dead.contains(server) {
                    dead.push(server.clone());
                } else {
                    alive.push(local.clone());
                }
            }
            (alive, dead)
        })
    }

    fn answer<T>(&self, value: T) -> Result<T, AdapterError> {
        let (alive, missing) = self.others();
        if missing.is_empty() {
            return Ok(value);
        }
        Err(AdapterError::Timeout {
            answered: alive.len(),
            expected: alive.len() + missing.len(),
            missing,
        })
    }
}

/// An event as it comes over a bus.
fn over_the_bus(event: &OutgoingEvent) -> OutgoingEvent {
    let attachments = event.attachments().to_vec();
    OutgoingEvent::from_parts(event.array().to_owned(), attachments)
        .unwrap()
        .compress(event.is_compressed())
}

/// The same of a selection.
fn selection(selection: &Selection) -> Selection {
    let text = |rooms: &[Room]| -> Vec<String> {
        rooms.iter().map(|room| room.as_str().to_owned()).collect()
    };
    Selection {
        volatile: selection.volatile,
        transient: selection.transient,
        ..Selection::from_text(text(&selection.rooms), text(&selection.except))
    }
}

impl Adapter for Node {
    fn local(&self) -> &Local {
        &self.local
    }

    fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        let offset = self.hub.state(|state| {
            let offset = format!("7-{}", state.log.len());
            let kept = event.clone().with_offset(&offset);
            let keeps = state.keeps && !to.volatile;
            keeps.then(|| state.log.push((kept, to.clone())))?;
            Some(offset)
        });
        let placed = |event: OutgoingEvent| match &offset {
            Some(offset) => event.with_offset(offset),
            None => event,
        };
        self.local.broadcast(&placed(event.clone()), to);
        for other in self.others().0 {
            other.broadcast(&placed(over_the_bus(event)), &selection(to));
        }
    }

    fn change(&self, of: &Selection, change: &Change) {
        self.local.change(of, change);
        for other in self.others().0 {
            other.change(&selection(of), change);
        }
    }

    fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        let mut all = vec![self.local.broadcast_with_ack(event, to, limit)];
        let (others, dead) = self.others();
        for other in others {
            let event = over_the_bus(event);
            let steps = other.broadcast_with_ack(&event, &selection(to), limit);
            // Node's formats carry no ids.
            let steps = steps.map(|step| match step {
                AckStep::Expected { clients, .. } => AckStep::Expected {
                    clients,
                    ids: Vec::new(),
                },
                AckStep::Answer { args, .. } => AckStep::Answer { from: None, args },
                AckStep::Incomplete(why) => AckStep::Incomplete(why),
            });
            all.push(steps.boxed());
        }
        if !dead.is_empty() {
            let error = self.answer(()).unwrap_err();
            all.push(iter([AckStep::Incomplete(error)]).boxed());
        }
        select_all(all).boxed()
    }

    fn fetch_sockets(
        &self,
        of: &Selection,
    ) -> BoxFuture<'_, Result<Vec<SocketInfo>, AdapterError>> {
        let mut sockets = self.local.describe(of);
        for other in self.others().0 {
            let text = serde_json::to_string(&other.describe(&selection(of))).unwrap();
            sockets.extend(serde_json::from_str::<Vec<SocketInfo>>(&text).unwrap());
        }
        ready(self.answer(sockets)).boxed()
    }

    fn rooms(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, AdapterError>> {
        let others = self.others().0.into_iter();
        let mut rooms: Vec<_> = others.flat_map(|other| other.rooms()).collect();
        rooms.extend(self.local.rooms());
        rooms.sort_unstable();
        rooms.dedup();
        ready(self.answer(rooms)).boxed()
    }

    fn server_emit(&self, event: &OutgoingEvent) {
        for other in self.others().0 {
            tokio::spawn(other.serve(over_the_bus(event), false));
        }
    }

    fn server_emit_with_ack(
        &self,
        event: &OutgoingEvent,
        _: Duration,
    ) -> BoxFuture<'_, ServerAnswers> {
        let others = self.others().0.into_iter();
        let answers: Vec<_> = others
            .map(|other| other.serve(over_the_bus(event), true))
            .collect();
        async move {
            let answers = join_all(answers).await.into_iter();
            let received: Vec<_> = answers.flatten().collect();
            let error = self.answer(()).err();
            ServerAnswers { received, error }
        }
        .boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        ready(Ok(1 + self.others().0.len())).boxed()
    }

    fn room_opened(&self, room: &Room) {
        let entry = (self.server.clone(), true, room.as_str().to_owned());
        self.hub.state(|state| state.rooms.push(entry));
    }

    fn room_closed(&self, room: &Room) {
        let entry = (self.server.clone(), false, room.as_str().to_owned());
        self.hub.state(|state| state.rooms.push(entry));
    }

    fn keeps_sessions(&self) -> bool {
        self.hub.state(|state| state.keeps)
    }

    fn persist(&self, session: SessionRecord) {
        let pid = session.pid.to_string();
        self.hub.state(|state| state.sessions.insert(pid, session));
    }

    fn restore<'a>(
        &'a self,
        pid: &'a str,
        offset: Option<&'a str>,
        restoring: Restoring,
    ) -> BoxFuture<'a, ()> {
        // As from a network.
        let work = async move {
            tokio::task::yield_now().await;
            let found = self.hub.state(|state| {
                let session = state.sessions.remove(pid)?;
                let seen = offset.and_then(|it| it.strip_prefix("7-"));
                let first =
                    seen.map_or(Some(0), |it| Some(it.parse::<usize>().ok()? + 1))?;
                let is_in = |room: &Room| match room {
                    Room::Own(id) => *id == session.id,
                    Room::Named(name) => session.rooms.contains(name),
                };
                let missed = state.log.iter().skip(first).filter(|(_, to)| {
                    (to.rooms.is_empty() || to.rooms.iter().any(is_in))
                        && !to.except.iter().any(is_in)
                });
                let missed: Vec<_> = missed.map(|(event, _)| event.clone()).collect();
                Some((session, missed))
            });
            if let Some((session, missed)) = found {
                restoring.restore(session, missed);
            }
        };
        Box::pin(work) as Pin<Box<_>>
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let work = async {
            tokio::task::yield_now().await;
            self.hub
                .state(|state| state.closed.push(self.server.clone()));
        };
        work.boxed()
    }

    fn reopen(&self) {
        let is_it = |server: &String| *server == self.server;
        self.hub.state(|state| state.closed.retain(|it| !is_it(it)));
    }
}
