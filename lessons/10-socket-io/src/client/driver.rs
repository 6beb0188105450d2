//! The task of a client: it makes the connections that the [machine](super::machine)
//! wants, and carries bytes and time between them and it.
//!
//! The task runs only while there is something to do: it starts when the program opens a
//! namespace, and ends when no connection is wanted.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::config::Config;
use super::error::{ConnectFailure, DisconnectReason};
use super::machine::{Loss, Machine, News, Output, Place, Wish};
use super::websocket::{Dial, Dialed, Frames, Received};
use crate::ack::AckSender;
use crate::tasks::{Tasks, guarded, guarded_async};

/// The read buffer of a connection, in bytes.
const READ_BUFFER: usize = 16 << 10;

/// The part of a client that its task and its handles share.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) tasks: Tasks,
    dial: Dial,
    state: Mutex<State>,
    /// Wakes the task: a handle has changed the machine.
    wake: Notify,
}

struct State {
    machine: Machine<AckSender>,
    /// By [`Place`].
    posts: Vec<Post>,
    /// The task runs.
    running: bool,
    /// The client is closed: no namespace can be opened.
    closed: bool,
}

/// Where a namespace's news go.
struct Post {
    news: mpsc::UnboundedSender<News>,
    status: watch::Sender<Status>,
}

/// Where a client stands in a namespace.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    /// On the way in, or before that.
    Waiting,
    Joined {
        id: Arc<str>,
        recovered: bool,
    },
    /// It will not get in by itself.
    Failed(ConnectFailure),
    Left(DisconnectReason),
}

/// Where a namespace's news come out.
pub(crate) type NewsReceiver = mpsc::UnboundedReceiver<News>;

/// A namespace, as it was added: its place, and where its news come out, which is for the
/// first caller.
pub(crate) struct Added {
    pub(crate) place: Place,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) news: Option<NewsReceiver>,
}

impl Shared {
    pub(crate) fn new(config: Config, dial: Dial) -> Self {
        let config = Arc::new(config);
        let machine = Machine::new(config.clone(), seed());
        Self {
            config,
            tasks: Tasks::new(),
            dial,
            state: Mutex::new(State {
                machine,
                posts: Vec::new(),
                running: false,
                closed: false,
            }),
            wake: Notify::new(),
        }
    }

    /// Adds a namespace, or finds it.
    pub(crate) fn add(&self, name: &str) -> Added {
        let mut state = self.lock();
        let (place, is_new) = state.machine.place(name);
        let post = state.posts.get(place.index());
        if let (false, Some(post)) = (is_new, post) {
            return Added {
                place,
                status: post.status.subscribe(),
                news: None,
            };
        }
        let (news, news_receiver) = mpsc::unbounded_channel();
        let (status, status_receiver) = watch::channel(Status::Waiting);
        if state.closed {
            status.send_replace(Status::Left(DisconnectReason::Client));
        } else {
            state.posts.push(Post { news, status });
        }
        Added {
            place,
            status: status_receiver,
            news: Some(news_receiver),
        }
    }

    /// Opens a namespace, unless the client is closed.
    pub(crate) fn open(self: &Arc<Self>, place: Place) {
        let state = self.lock();
        if state.closed {
            return;
        }
        state.set(place, |status| match status {
            Status::Joined { .. } => None,
            _ => Some(Status::Waiting),
        });
        drop(state);
        self.tell(|machine, now| machine.open(now, place));
    }

    /// Leaves a namespace.
    pub(crate) fn leave(self: &Arc<Self>, place: Place) {
        self.tell(|machine, now| machine.leave(now, place));
        let left = Status::Left(DisconnectReason::Client);
        self.lock().set(place, |_| Some(left));
    }

    /// Leaves all namespaces, for good. The task ends when it has said goodbye, and then
    /// the namespaces' news do.
    pub(crate) fn close(self: &Arc<Self>) {
        let mut state = self.lock();
        state.closed = true;
        for post in &state.posts {
            let left = Status::Left(DisconnectReason::Client);
            post.status.send_replace(left);
        }
        drop(state);
        self.tell(Machine::leave_all);
    }

    /// Works on the machine, passes on what the program wants to know, and lets the task
    /// see what has changed.
    pub(crate) fn tell<R>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Machine<AckSender>, std::time::Instant) -> R,
    ) -> R {
        let (result, start) = {
            let mut state = self.lock();
            let result = state.work(&self.config, work);
            (
                result,
                state.has_work() && !std::mem::replace(&mut state.running, true),
            )
        };
        if start {
            self.tasks.spawn(run(self.clone()));
        }
        self.wake.notify_one();
        result
    }

    /// The same for the task itself.
    fn with<R>(
        &self,
        work: impl FnOnce(&mut Machine<AckSender>, std::time::Instant) -> R,
    ) -> R {
        self.lock().work(&self.config, work)
    }

    fn wish(&self) -> Wish {
        self.lock().machine.wish()
    }

    /// Waits for the machine's next timeout, or until a handle has changed it.
    async fn pause(&self) {
        let timeout = self.lock().machine.poll_timeout();
        let clock = async {
            match timeout {
                Some(until) => sleep_until(Instant::from_std(until)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.wake.notified() => {}
            () = clock => self.with(Machine::handle_timeout),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&self, place: Place, next: impl FnOnce(&Status) -> Option<Status>) {
        if let Some(post) = self.posts.get(place.index()) {
            let next = next(&post.status.borrow());
            if let Some(next) = next {
                post.status.send_replace(next);
            }
        }
    }

    /// News are passed on under the lock: two callers could otherwise change their order.
    /// Nothing of the program's runs here.
    fn work<R>(
        &mut self,
        config: &Config,
        work: impl FnOnce(&mut Machine<AckSender>, std::time::Instant) -> R,
    ) -> R {
        let result = work(&mut self.machine, now());
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Answer { question, args } => question.answer(args),
                Output::News(place, news) => self.post(config, place, news),
            }
        }
        if self.closed && !self.has_work() {
            self.posts.clear();
        }
        result
    }

    fn post(&mut self, config: &Config, place: Place, news: News) {
        let Some(post) = self.posts.get(place.index()) else {
            return;
        };
        let retries = config.reconnect.is_some();
        let status = match &news {
            News::Event(_) => None,
            News::Joined { id, recovered } => Some(Status::Joined {
                id: id.clone(),
                recovered: *recovered,
            }),
            News::Failed(ConnectFailure::Unreachable(_)) if retries => None,
            News::Failed(failure) => Some(Status::Failed(failure.clone())),
            News::Left(reason) if reason.is_retried() && retries => Some(Status::Waiting),
            News::Left(reason) => Some(Status::Left(*reason)),
        };
        if let Some(status) = status {
            post.status.send_replace(status);
        }
        if let Err(unheard) = post.news.send(news) {
            self.machine.work_done(unheard.0.cost());
        }
    }

    /// Whether the task is needed.
    fn has_work(&mut self) -> bool {
        self.machine.wish() != Wish::Rest || self.machine.poll_timeout().is_some()
    }
}

/// Now, on tokio's clock: tests can stop it.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// A start for random numbers that need not be secret.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    // Without a random source all clients wait equally long: bad, but no reason to fail.
    let _ = getrandom::fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

/// The task.
async fn run(shared: Arc<Shared>) {
    loop {
        match shared.wish() {
            Wish::Dial => dial(&shared).await,
            Wish::Rest => {
                {
                    let mut state = shared.lock();
                    if !state.has_work() {
                        state.running = false;
                        if state.closed {
                            state.posts.clear();
                        }
                        return;
                    }
                }
                shared.pause().await;
            }
            // The connection to carry is gone already.
            Wish::Carry | Wish::Finish => shared.with(|machine, now| {
                let reason = DisconnectReason::TransportClose;
                machine.handle_lost(now, Loss::Ended(reason));
            }),
        }
    }
}

/// Makes a connection, and carries it to its end.
async fn dial(shared: &Shared) {
    let attempt = async {
        // The dialer can be the program's own.
        let future = guarded(|| (shared.dial)());
        let dialed = match future {
            Some(future) => guarded_async(pin!(Some(future))).await,
            None => None,
        };
        dialed.unwrap_or_else(|| Err("the dialer panicked".into()))
    };
    let given_up = async {
        while shared.wish() == Wish::Dial {
            shared.pause().await;
        }
    };
    let dialed = tokio::select! {
        dialed = attempt => dialed,
        () = given_up => return,
    };
    match dialed {
        Ok(dialed) => carry(shared, dialed).await,
        Err(why) => {
            shared.with(|machine, now| machine.handle_lost(now, Loss::Unreachable(why)));
        }
    }
}

/// Carries a connection until it, or the wish for it, ends.
async fn carry(shared: &Shared, dialed: Dialed) {
    let Dialed { stream, early } = dialed;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut frames = Frames::new(shared.config.limits.max_message, early);
    let mut buffer = vec![0; READ_BUFFER];
    shared.with(|machine, _| machine.handle_dialed());
    loop {
        receive(shared, &mut frames);
        frames.fill(|| shared.with(|machine, _| machine.poll_transmit()));
        match shared.wish() {
            Wish::Carry => {}
            Wish::Finish => {
                frames.finish(&mut reader.unsplit(writer)).await;
                return shared.with(Machine::handle_finished);
            }
            // Lost: what the other side should know of it, a close frame, is in the frames.
            Wish::Rest | Wish::Dial => {
                let farewell = writer.write(frames.output());
                let _ = poll_once(farewell).await;
                return;
            }
        }
        let reads = frames.input.is_empty()
            && frames.may_read()
            && shared.with(|machine, _| machine.may_read());
        let writes = !frames.output().is_empty();
        // Neither side comes first: a flood on one must not silence the other.
        let moved = tokio::select! {
            read = reader.read(&mut buffer), if reads => match read {
                Ok(0) => Err(DisconnectReason::TransportClose),
                read => read.map_err(broken).map(|len| {
                    frames.input.extend_from_slice(&buffer[..len]);
                }),
            },
            written = writer.write(frames.output()), if writes => match written {
                Ok(0) => Err(DisconnectReason::TransportError),
                written => written.map_err(broken).map(|len| frames.wrote(len)),
            },
            () = shared.pause() => Ok(()),
        };
        if let Err(reason) = moved {
            shared.with(|machine, now| machine.handle_lost(now, Loss::Ended(reason)));
            return;
        }
    }
}

/// Hands what was read to the machine, as far as it wants to be given more.
fn receive(shared: &Shared, frames: &mut Frames) {
    if frames.input.is_empty() || !shared.with(|machine, _| machine.may_read()) {
        return;
    }
    frames.decode(|received| {
        shared.with(|machine, now| {
            match received {
                Received::Text(text) => machine.handle_text(now, text),
                Received::Binary(bytes) => machine.handle_binary(now, bytes),
                Received::Close => {
                    let reason = DisconnectReason::TransportClose;
                    machine.handle_lost(now, Loss::Ended(reason));
                }
                Received::Broken => {
                    let reason = DisconnectReason::TransportError;
                    machine.handle_lost(now, Loss::Ended(reason));
                }
            }
            machine.may_read()
        })
    });
}

fn broken(_: std::io::Error) -> DisconnectReason {
    DisconnectReason::TransportError
}

/// Gives a future one chance.
async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = std::future::ready(()) => None,
    }
}
