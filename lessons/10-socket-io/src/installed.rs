//! A namespace's adapter as it is installed: a panic in it ends one call, and rooms are
//! reported to it in order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::ack::AckStep;
use crate::adapter::{Adapter, Restoring, ServerAnswers, SessionRecord};
use crate::error::AdapterError;
use crate::info::SocketInfo;
use crate::local::Local;
use crate::room::{Change, Room, Selection, looks_like_an_id};
use crate::tasks::{Quarantine, complain, guarded, guarded_async};
use crate::wire::outgoing::OutgoingEvent;

pub(crate) struct Installed {
    local: Local,
    /// `None` on a single server, which has no other half.
    adapter: Option<Arc<dyn Adapter>>,
    /// The rooms that the adapter knows as open.
    open: Mutex<HashSet<Room>>,
    keeps_sessions: bool,
}

impl Installed {
    pub(crate) fn new(local: Local, adapter: Option<Arc<dyn Adapter>>) -> Self {
        let asked = adapter.as_ref().map(|it| guarded(|| it.keeps_sessions()));
        Self {
            local,
            keeps_sessions: asked.flatten().unwrap_or_default(),
            adapter,
            open: Mutex::default(),
        }
    }

    /// Whether there are other servers, so that ids and rooms are one set of names.
    pub(crate) fn is_cluster(&self) -> bool {
        self.adapter.is_some()
    }

    pub(crate) fn keeps_sessions(&self) -> bool {
        self.keeps_sessions
    }

    /// The adapter, and the selection for it, unless that is of this server alone.
    ///
    /// In a cluster, no room that is named like a socket has a member. The other servers
    /// would take its name for the socket's own room, so a name that a client made up must
    /// not get there.
    fn beyond<'a>(
        &self,
        selection: &'a Selection,
    ) -> Option<(&dyn Adapter, Cow<'a, Selection>)> {
        let adapter = self.adapter.as_deref().filter(|_| !selection.local)?;
        let is_empty =
            |room: &Room| matches!(room, Room::Named(name) if looks_like_an_id(name));
        let mut rooms = selection.rooms.iter().chain(&selection.except);
        if !rooms.any(is_empty) {
            return Some((adapter, Cow::Borrowed(selection)));
        }
        let mut selection = selection.clone();
        let of_all = selection.rooms.is_empty();
        selection.rooms.retain(|room| !is_empty(room));
        selection.except.retain(|room| !is_empty(room));
        (of_all || !selection.rooms.is_empty())
            .then_some((adapter, Cow::Owned(selection)))
    }

    pub(crate) fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        match self.beyond(to) {
            Some((adapter, to)) => call("a broadcast", || adapter.broadcast(event, &to)),
            None => self.local.broadcast(event, to),
        }
    }

    pub(crate) fn change(&self, of: &Selection, change: &Change) {
        match self.beyond(of) {
            Some((adapter, of)) => call("a change", || adapter.change(&of, change)),
            None => self.local.change(of, change),
        }
    }

    pub(crate) fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        let Some((adapter, to)) = self.beyond(to) else {
            return self.local.broadcast_with_ack(event, to, limit);
        };
        let steps = guarded(|| adapter.broadcast_with_ack(event, &to, limit));
        guarded_stream(steps)
    }

    pub(crate) async fn fetch_sockets(
        &self,
        of: &Selection,
    ) -> Result<Vec<SocketInfo>, AdapterError> {
        match self.beyond(of) {
            Some((adapter, of)) => request(|| adapter.fetch_sockets(&of)).await,
            None => Ok(self.local.describe(of)),
        }
    }

    pub(crate) async fn rooms(&self) -> Result<Vec<Arc<str>>, AdapterError> {
        match &self.adapter {
            Some(adapter) => request(|| adapter.rooms()).await,
            None => Ok(self.local.rooms()),
        }
    }

    pub(crate) fn server_emit(&self, event: &OutgoingEvent) {
        if let Some(adapter) = &self.adapter {
            call("a server event", || adapter.server_emit(event));
        }
    }

    pub(crate) async fn server_emit_with_ack(
        &self,
        event: &OutgoingEvent,
        limit: Duration,
    ) -> ServerAnswers {
        let Some(adapter) = &self.adapter else {
            return ServerAnswers::default();
        };
        let answers = request(|| {
            let answers = adapter.server_emit_with_ack(event, limit);
            Box::pin(async { Ok(answers.await) })
        });
        answers.await.unwrap_or_else(|error| ServerAnswers {
            error: Some(error),
            ..ServerAnswers::default()
        })
    }

    pub(crate) async fn server_count(&self) -> Result<usize, AdapterError> {
        match &self.adapter {
            Some(adapter) => request(|| adapter.server_count()).await,
            None => Ok(1),
        }
    }

    /// Sockets have joined or left these rooms. Not to be called with a lock: the adapter
    /// is a user's.
    ///
    /// Two threads can get here in another order than they made their changes in. So this
    /// reports the current state of each room, under a lock that keeps the reports in
    /// order.
    pub(crate) fn rooms_changed(&self, rooms: impl IntoIterator<Item = Room>) {
        let Some(adapter) = &self.adapter else {
            return;
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for room in rooms {
            if self.local.has(&room) {
                if open.insert(room.clone()) {
                    call("room_opened", || adapter.room_opened(&room));
                }
            } else if open.remove(&room) {
                // As the members' tables, it gives its space back.
                let room_for = 2 * open.len();
                open.shrink_to(room_for);
                call("room_closed", || adapter.room_closed(&room));
            }
        }
    }

    pub(crate) fn last_offset(&self) -> Option<String> {
        let adapter = self.adapter.as_ref()?;
        let offset = guarded(|| adapter.last_offset());
        offset.unwrap_or_else(|| {
            complain("an adapter panicked in last_offset");
            None
        })
    }

    pub(crate) fn persist(&self, session: SessionRecord) {
        if let Some(adapter) = &self.adapter {
            call("persist", || adapter.persist(session));
        }
    }

    pub(crate) async fn restore(
        &self,
        pid: &str,
        offset: Option<&str>,
        restoring: Restoring,
    ) {
        if let Some(adapter) = &self.adapter {
            let work = async { adapter.restore(pid, offset, restoring).await };
            if guarded_async(pin!(Some(work))).await.is_none() {
                complain("an adapter panicked in restore");
            }
        }
    }

    pub(crate) async fn close(&self) {
        if let Some(adapter) = &self.adapter {
            let work = async { adapter.close().await };
            if guarded_async(pin!(Some(work))).await.is_none() {
                complain("an adapter panicked in close");
            }
        }
    }

    pub(crate) fn reopen(&self) {
        if let Some(adapter) = &self.adapter {
            call("reopen", || adapter.reopen());
        }
    }
}

fn call(what: &str, work: impl FnOnce()) {
    if guarded(work).is_none() {
        complain(&format!("an adapter panicked in {what}"));
    }
}

async fn request<'a, T>(
    make: impl FnOnce() -> BoxFuture<'a, Result<T, AdapterError>>,
) -> Result<T, AdapterError> {
    let work = async { make().await };
    let answer = guarded_async(pin!(Some(work))).await;
    answer.unwrap_or_else(|| {
        complain("an adapter panicked in a request");
        Err(AdapterError::Panicked)
    })
}

/// A stream that ends with a step which says so if it panics. `None` has panicked already.
fn guarded_stream(
    steps: Option<BoxStream<'static, AckStep>>,
) -> BoxStream<'static, AckStep> {
    let panicked = || AckStep::Incomplete(AdapterError::Panicked);
    let Some(mut steps) = steps.map(Quarantine::new) else {
        return stream::iter([panicked()]).boxed();
    };
    let steps = stream::poll_fn(move |cx| {
        let Some(open) = steps.get_mut() else {
            return Poll::Ready(None);
        };
        guarded(|| open.poll_next_unpin(cx)).unwrap_or_else(|| {
            complain("an adapter panicked in a broadcast with acknowledgements");
            let ended = steps.take();
            guarded(|| drop(ended));
            Poll::Ready(Some(panicked()))
        })
    });
    steps.boxed()
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use futures_util::future;

    use super::*;
    use crate::ack::AckSender;
    use crate::local::{Participant, Program};
    use crate::members::Member;
    use crate::room::SocketId;
    use crate::wire::args::Args;
    use crate::wire::outgoing::EncodedPacket;

    struct Alone(Local);

    impl Adapter for Alone {
        fn local(&self) -> &Local {
            &self.0
        }
    }

    struct NoProgram;

    impl Program for NoProgram {
        fn serve(
            self: Arc<Self>,
            _: OutgoingEvent,
            _: bool,
        ) -> BoxFuture<'static, Option<Args>> {
            Box::pin(future::ready(None))
        }
    }

    /// A socket that is in its own room, and does nothing.
    struct Here(SocketId);

    impl Member for Here {
        fn id(&self) -> &SocketId {
            &self.0
        }
        fn deliver(&self, _: &EncodedPacket, _: bool) -> bool {
            true
        }
        fn replaced(self: Arc<Self>) {}
    }

    impl Participant for Here {
        fn change(self: Arc<Self>, _: &Change) {}
        fn ask(
            self: Arc<Self>,
            _: u64,
            _: AckSender,
            _: &EncodedPacket,
            _: bool,
        ) -> bool {
            false
        }
        fn forget(&self, _: u64) {}
        fn describe(&self) -> SocketInfo {
            unreachable!("no test asks for it")
        }
    }

    #[test]
    fn rooms_that_have_closed_leave_no_memory_behind() {
        let local = Local::new("/", None, None, Weak::<NoProgram>::new());
        let adapter: Arc<dyn Adapter> = Arc::new(Alone(local.clone()));
        let installed = Installed::new(local.clone(), Some(adapter));
        let info = allocation_counter::measure(|| {
            let ids: Vec<_> = (0..5000).map(|_| SocketId::random()).collect();
            for id in &ids {
                let member: Arc<dyn Participant> = Arc::new(Here(id.clone()));
                local.members().add(&member);
                installed.rooms_changed([id.into()]);
            }
            for id in &ids {
                local.members().remove(id, &[]);
                installed.rooms_changed([id.into()]);
            }
        });
        assert_eq!(info.bytes_current, 0, "{info:?}");
    }
}
