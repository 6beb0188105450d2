//! Events between the servers of a cluster: the application's handlers of them.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::oneshot;

use crate::handler::{Handler, HandlerId, Handlers};
use crate::inbox::{self, Source};
use crate::reply::{Answering, Reply};
use crate::tasks::{Quarantine, complain, guarded_async};
use crate::wire::args::{Args, Encoded, Event};

/// The handlers of what other servers send, called with the handle `S`.
pub(crate) struct ServerEvents<S>(RwLock<Quarantine<Handlers<S>>>);

impl<S> Default for ServerEvents<S> {
    fn default() -> Self {
        Self(RwLock::new(Quarantine::new(Handlers::default())))
    }
}

impl<S: Clone + Send + Sync + 'static> ServerEvents<S> {
    pub(crate) fn on<H: Handler<S, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) -> HandlerId {
        let mut handlers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match handlers.get_mut() {
            Some(handlers) => handlers.on(event, false, handler),
            None => HandlerId::next(),
        }
    }

    /// Removes what was registered under this id. Returns whether it was there.
    pub(crate) fn remove(&self, id: HandlerId) -> bool {
        let removed = {
            let mut handlers = self.0.write().unwrap_or_else(PoisonError::into_inner);
            handlers.get_mut().map(|handlers| handlers.remove(id))
        };
        // Without the lock: dropping it can run a user's code.
        removed.is_some_and(|(events, _)| !events.is_empty())
    }

    /// Calls the handlers of an event, one after another, and returns the first answer if
    /// one is `wanted`: it can come later, from an [`Ack`](crate::Ack).
    pub(crate) async fn serve(
        &self,
        handle: S,
        event: Event,
        wanted: bool,
    ) -> Option<Args> {
        let found = {
            let handlers = self.0.read().unwrap_or_else(PoisonError::into_inner);
            handlers.get()?.of(&event.name)
        };
        let (sender, answer) = oneshot::channel();
        let waiting = Waiting(Arc::new(Mutex::new(Some(sender))));
        let mut reply = Reply::new(&waiting, wanted.then_some(0));
        let handlers = found.first.into_iter().chain(found.others);
        let source = Source::Passed(event);
        let work = inbox::call_each(&handle, handlers, source, |_| true, &mut reply);
        if guarded_async(pin!(Some(work))).await.is_none() {
            complain("a handler of server events panicked when it was dropped");
            reply.failed("internal error");
        }
        reply.settle();
        drop(waiting);
        if wanted { answer.await.ok() } else { None }
    }
}

/// The server that asked.
#[derive(Clone)]
struct Waiting(Arc<Mutex<Option<oneshot::Sender<Args>>>>);

impl Answering for Waiting {
    fn answer(&self, _: u64, answer: Encoded) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // An error says that the answer is no longer awaited.
            let _ = sender.send(answer.into());
        }
    }

    fn work_done(&self, _: usize) {}
}
