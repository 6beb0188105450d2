//! The adapter: a namespace whose sockets are on several servers.
//!
//! It does its own server's part at once, through [`Local`], and says the rest into the
//! bus. One task reads the bus and does what the other servers ask. Which bus, and how the
//! messages are written, are two values that the adapter is given.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, poll};
use serde_json::value::RawValue;
use socket_io::{
    AckStep, Adapter, AdapterError, Adapters, Args, Change, Local, OutgoingEvent,
    ParseError, Room, Selection, ServerAnswers, SocketId, SocketInfo,
};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::bus::{Bus, BusError, Delivery, MoreTopics, Subscription, Topic};
use crate::requests::{Kind, Missing, Outcome, Progress, Requests};
use crate::wire::{
    self, Answer, Flags, Format, Message, NodeId, Place, Question, Received, RequestId,
    Target, Values, WireError,
};

/// A server's settings in its cluster.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The server's name, which the others see when it does not answer. No two servers
    /// that run at the same time can share one. By default it is random.
    pub name: Option<NodeId>,
    /// How long the other servers have to answer, except where the caller says it. Default
    /// 5 s.
    pub timeout: Duration,
    /// How long clients here have to answer a question of another server that does not say
    /// it, and at most. Default 60 s.
    pub max_ack_timeout: Duration,
    /// How many questions to the other servers can be open. Default 10,000.
    pub max_requests: usize,
    /// How many questions of the other servers are worked on at the same time; further
    /// ones are not answered. Default 10,000.
    pub max_jobs: usize,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            name: None,
            timeout: Duration::from_secs(5),
            max_ack_timeout: Duration::from_secs(60),
            max_requests: 10_000,
            max_jobs: 10_000,
        }
    }
}

/// Makes every namespace of a server one with the namespaces of that name on the other
/// servers of the bus. Call it in a tokio runtime, where the adapters' tasks will run.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cluster::{ClusterConfig, adapters};
/// use cluster::bus::MemoryBus;
/// use cluster::wire::redis_adapter::RedisAdapter;
/// use socket_io::{Config, Io};
///
/// let bus = MemoryBus::new();
/// let server = |name| {
///     let adapters = adapters(bus.connect(name), RedisAdapter::default(), ClusterConfig::default());
///     Io::new(Config { adapters, ..Config::default() })
/// };
/// let (ann, bob) = (server("ann"), server("bob"));
/// ann.emit("news", "this reaches the clients of both");
/// # drop(bob);
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime.
pub fn adapters(bus: impl Bus, format: impl Format, config: ClusterConfig) -> Adapters {
    let (bus, format): (Arc<dyn Bus>, Arc<dyn Format>) =
        (Arc::new(bus), Arc::new(format));
    let node = config.name.clone().unwrap_or_else(random_id);
    let runtime = Handle::current();
    Adapters::new(move |local| {
        let place = Place {
            namespace: local.namespace().to_owned(),
            node: node.clone(),
        };
        let (bus, format) = (bus.clone(), format.clone());
        let server = Server::new(local, bus, format, place, config.clone());
        Arc::new(ClusterAdapter::start(server, runtime.clone()))
    })
}

/// One namespace's adapter.
pub struct ClusterAdapter {
    pub(crate) server: Arc<Server>,
    runtime: Handle,
    reader: Mutex<ReaderTask>,
}

/// The task that reads the bus. It does not own the adapter, so the adapter ends it.
struct ReaderTask {
    task: AbortHandle,
    topics: MoreTopics,
}

/// The state that the adapter and its task share.
pub(crate) struct Server {
    pub(crate) local: Local,
    bus: Arc<dyn Bus>,
    format: Arc<dyn Format>,
    pub(crate) place: Place,
    config: ClusterConfig,
    table: Mutex<Table>,
    /// A question is due before those that the task knows of.
    earlier: Notify,
    start: Instant,
}

#[derive(Default)]
struct Table {
    requests: Requests,
    waiting: BTreeMap<RequestId, Waiting>,
    closed: bool,
}

/// The caller that waits for the end of a question.
enum Waiting {
    Outcome(oneshot::Sender<Outcome>),
    Clients(mpsc::Sender<AckStep>),
}

/// Clients' answers that can wait to be read. Beyond it they are lost, which is logged.
const MAX_ANSWERS: usize = 65_536;

// --- What the application asks for ---

// ANCHOR: adapter
impl Adapter for ClusterAdapter {
    fn local(&self) -> &Local {
        &self.server.local
    }

    fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        self.server.local.broadcast(event, to);
        let message = Message::Broadcast(values(event), target(event, to));
        self.server.tell(&message);
    }

    fn change(&self, of: &Selection, change: &Change) {
        self.server.local.change(of, change);
        let message = Message::Change(selected(of), to_wire(change));
        self.server.tell(&message);
    }

    fn server_emit(&self, event: &OutgoingEvent) {
        self.server.tell(&Message::ServerEvent(values(event)));
    }
    // ANCHOR_END: adapter

    fn fetch_sockets(
        &self,
        of: &Selection,
    ) -> BoxFuture<'_, Result<Vec<SocketInfo>, AdapterError>> {
        let of = of.clone();
        async move {
            let question = Question::Sockets(selected(&of));
            let limit = self.server.config.timeout;
            let outcome = self.server.ask(Kind::Sockets, question, limit).await?;
            complete(&outcome)?;
            let mut sockets = self.server.local.describe(&of);
            sockets.extend(outcome.sockets);
            Ok(sockets)
        }
        .boxed()
    }

    fn rooms(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, AdapterError>> {
        async {
            let mut rooms = self.server.remote_rooms().await?;
            // Other servers count a socket's own room as one.
            rooms.retain(|room| room.parse::<SocketId>().is_err());
            rooms.extend(self.server.local.rooms());
            rooms.sort_unstable();
            rooms.dedup();
            Ok(rooms)
        }
        .boxed()
    }

    fn server_emit_with_ack(
        &self,
        event: &OutgoingEvent,
        limit: Duration,
    ) -> BoxFuture<'_, ServerAnswers> {
        let question = Question::ServerEvent(values(event));
        async move {
            let outcome = self.server.ask(Kind::Values, question, limit).await;
            let (received, error) = match outcome {
                Ok(outcome) => {
                    let error = complete(&outcome).err();
                    let args = outcome.values.into_iter().filter_map(args);
                    (args.collect(), error)
                }
                Err(error) => (Vec::new(), Some(error)),
            };
            ServerAnswers { received, error }
        }
        .boxed()
    }

    fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        let here = self.server.local.broadcast_with_ack(event, to, limit);
        let mut to = target(event, to);
        to.flags.timeout = Some(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        let question = Question::Clients(values(event), to);
        let server = self.server.clone();
        let elsewhere = async move { server.ask_clients(question, limit).await };
        stream::select(here, stream::once(elsewhere).flatten()).boxed()
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        async {
            let others = self.server.others().await?;
            Ok(others + 1)
        }
        .boxed()
    }

    fn room_opened(&self, room: &Room) {
        if let Some(topic) = self.server.topic_of(room) {
            self.reader().topics.add(&topic);
        }
    }

    fn room_closed(&self, room: &Room) {
        if let Some(topic) = self.server.topic_of(room) {
            self.reader().topics.remove(&topic);
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        // Not every format has a goodbye, and the bus may be away.
        let _ = self.server.publish(None, &Message::Left);
        let mut table = self.server.lock();
        table.closed = true;
        // The callers that wait notice the end of their channels.
        table.waiting.clear();
        drop(table);
        self.reader().task.abort();
        std::future::ready(()).boxed()
    }

    fn reopen(&self) {
        let mut reader = self.reader();
        self.server.lock().closed = false;
        reader.task.abort();
        *reader = read(&self.server, &self.runtime);
    }
}

impl ClusterAdapter {
    pub(crate) fn start(server: Arc<Server>, runtime: Handle) -> Self {
        Self {
            reader: Mutex::new(read(&server, &runtime)),
            server,
            runtime,
        }
    }

    fn reader(&self) -> MutexGuard<'_, ReaderTask> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ClusterAdapter {
    fn drop(&mut self) {
        self.reader().task.abort();
    }
}

impl fmt::Debug for ClusterAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterAdapter")
            .field("place", &self.server.place)
            .finish_non_exhaustive()
    }
}

impl Server {
    pub(crate) fn new(
        local: Local,
        bus: Arc<dyn Bus>,
        format: Arc<dyn Format>,
        place: Place,
        config: ClusterConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            local,
            bus,
            format,
            place,
            config,
            table: Mutex::default(),
            earlier: Notify::new(),
            start: Instant::now(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The channel of a room, if the format has one.
    fn topic_of(&self, room: &Room) -> Option<Topic> {
        match room {
            Room::Named(name) => self.format.room_topic(&self.place, name),
            Room::Own(_) => None,
        }
    }

    /// Says something to the other servers. A failure is logged, because the caller does
    /// not wait for a result.
    fn tell(&self, message: &Message) {
        if self.lock().closed {
            return;
        }
        if let Err(error) = self.publish(None, message) {
            let namespace = &self.place.namespace;
            tracing::warn!(%namespace, %error, "the other servers were not told");
        }
    }

    fn publish(&self, to: Option<&NodeId>, message: &Message) -> Result<(), Failure> {
        let publication = self.format.encode(&self.place, to, message)?;
        Ok(self
            .bus
            .publish(&publication.channel, publication.payload)?)
    }

    /// How many other servers there are.
    async fn others(&self) -> Result<usize, AdapterError> {
        if self.lock().closed {
            return Err(AdapterError::Closed);
        }
        let counted = self.format.counted(&self.place.namespace);
        let servers = self.bus.subscribers(&counted).await.map_err(unavailable)?;
        // Without this one, which may not be there yet.
        Ok(servers.saturating_sub(1))
    }

    // ANCHOR: ask
    /// Asks all other servers, and waits for the end of the question.
    async fn ask(
        self: &Arc<Self>,
        kind: Kind,
        question: Question,
        limit: Duration,
    ) -> Result<Outcome, AdapterError> {
        let deadline = self.now() + limit;
        let servers = self.others().await?;
        if servers == 0 {
            return Ok(Outcome::default());
        }
        let (sender, outcome) = oneshot::channel();
        let waiting = Waiting::Outcome(sender);
        let _open = self.open(kind, question, servers, deadline, waiting)?;
        outcome.await.map_err(|_| AdapterError::Closed)
    }
    // ANCHOR_END: ask

    /// Asks the clients of all other servers.
    async fn ask_clients(
        self: Arc<Self>,
        question: Question,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        let deadline = self.now() + limit;
        let (sender, answers) = mpsc::channel(MAX_ANSWERS);
        let servers = match self.others().await {
            Ok(0) => return stream::empty().boxed(),
            Ok(servers) => servers,
            Err(error) => return incomplete(error),
        };
        let waiting = Waiting::Clients(sender);
        match self.open(Kind::Clients, question, servers, deadline, waiting) {
            Ok(open) => stream::unfold((answers, open), |(mut answers, open)| async {
                Some((answers.recv().await?, (answers, open)))
            })
            .boxed(),
            Err(error) => incomplete(error),
        }
    }

    fn open(
        self: &Arc<Self>,
        kind: Kind,
        question: Question,
        servers: usize,
        deadline: Duration,
        waiting: Waiting,
    ) -> Result<OpenRequest, AdapterError> {
        let id = random_id();
        let mut table = self.lock();
        if table.closed {
            return Err(AdapterError::Closed);
        }
        if table.requests.len() >= self.config.max_requests {
            let why = "too many questions are open".to_owned();
            return Err(AdapterError::Unavailable(why));
        }
        table.requests.ask(id.clone(), kind, servers, deadline);
        table.waiting.insert(id.clone(), waiting);
        drop(table);
        self.earlier.notify_one();
        let server = self.clone();
        let open = OpenRequest { id, server };
        let message = Message::Ask(open.id.clone(), question);
        // If that fails, dropping `open` forgets the question.
        self.publish(None, &message).map_err(unavailable)?;
        Ok(open)
    }

    async fn remote_rooms(self: &Arc<Self>) -> Result<Vec<Arc<str>>, AdapterError> {
        let limit = self.config.timeout;
        let outcome = if self.format.asks_rooms() {
            self.ask(Kind::Rooms, Question::Rooms, limit).await?
        } else {
            let all = Question::Sockets(Target::default());
            self.ask(Kind::Sockets, all, limit).await?
        };
        complete(&outcome)?;
        let rooms = outcome.sockets.into_iter().flat_map(|socket| socket.rooms);
        Ok(outcome
            .rooms
            .into_iter()
            .chain(rooms)
            .map(Into::into)
            .collect())
    }

    // --- What the other servers say ---

    // ANCHOR: deliver
    /// Does what another server asks. Work that takes time is returned as a job.
    fn deliver(
        self: &Arc<Self>,
        channel: &str,
        payload: &Bytes,
    ) -> Result<Option<Job>, Failure> {
        let has_room = |room: &str| self.local.has(&Room::from_text(room));
        let received = self
            .format
            .decode(&self.place, channel, payload, &has_room)?;
        match received {
            Some(received) => self.receive(received),
            None => Ok(None),
        }
    }

    fn receive(self: &Arc<Self>, received: Received) -> Result<Option<Job>, Failure> {
        let Received { from, message } = received;
        if let Some(from) = &from {
            self.lock().requests.heard(from);
        }
        match message {
            Message::Broadcast(event, to) => {
                let event = outgoing(event, &to)?;
                self.local.broadcast(&event, &selection(&to));
            }
            Message::Change(of, change) => {
                self.local.change(&selection(&of), &to_local(change));
            }
            Message::Answer(id, answer) => self.answered(from.as_ref(), &id, answer),
            Message::ServerEvent(event) => {
                let event = outgoing(event, &Target::default())?;
                let work = self.local.serve(event, false);
                return Ok(Some(work.map(drop).boxed()));
            }
            Message::Ask(id, question) => {
                return self.asked(Asker { from, id }, question);
            }
            Message::Left => {
                let mut table = self.lock();
                let ended = from.map(|from| table.requests.gone(&from));
                for (id, outcome) in ended.into_iter().flatten() {
                    table.end(&id, outcome);
                }
            }
        }
        Ok(None)
    }
    // ANCHOR_END: deliver

    fn asked(
        self: &Arc<Self>,
        asker: Asker,
        question: Question,
    ) -> Result<Option<Job>, Failure> {
        match question {
            Question::Sockets(of) => {
                let sockets = self.local.describe(&selection(&of));
                self.reply(&asker, Answer::Sockets(sockets));
            }
            Question::SocketIds(rooms) => {
                let of = Selection::from_text(rooms, Vec::new());
                let sockets = self.local.describe(&of).into_iter();
                let ids = sockets.map(|socket| socket.id.as_str().to_owned());
                self.reply(&asker, Answer::SocketIds(ids.collect()));
            }
            Question::Rooms => {
                let rooms = self.local.rooms();
                let rooms = rooms.iter().map(|room| (**room).to_owned());
                let ids = self.local.ids();
                let ids = ids.iter().map(|id| id.as_str().to_owned());
                self.reply(&asker, Answer::Rooms(ids.chain(rooms).collect()));
            }
            Question::ServerEvent(event) => {
                let event = outgoing(event, &Target::default())?;
                let (server, answer) = (self.clone(), self.local.serve(event, true));
                return Ok(Some(Box::pin(async move {
                    if let Some(args) = answer.await {
                        server.reply(&asker, Answer::Value(first(&args)));
                    }
                })));
            }
            Question::Clients(event, to) => {
                let event = outgoing(event, &to)?;
                let most = self.config.max_ack_timeout;
                let limit = to.flags.timeout.map(Duration::from_millis);
                let limit = limit.unwrap_or(most).min(most);
                let to = selection(&to);
                // Sent now, in the order of the bus; only the answers take time.
                let mut steps = self.local.broadcast_with_ack(&event, &to, limit);
                let server = self.clone();
                return Ok(Some(Box::pin(async move {
                    while let Some(step) = steps.next().await {
                        let answer = match step {
                            AckStep::Expected { clients, .. } => Answer::Clients(clients),
                            AckStep::Answer { args, .. } => Answer::Client(first(&args)),
                            AckStep::Incomplete(_) => continue,
                        };
                        server.reply(&asker, answer);
                    }
                })));
            }
        }
        Ok(None)
    }

    fn reply(&self, asker: &Asker, answer: Answer) {
        let message = Message::Answer(asker.id.clone(), answer);
        if let Err(error) = self.publish(asker.from.as_ref(), &message) {
            let namespace = &self.place.namespace;
            tracing::warn!(%namespace, %error, "another server was not answered");
        }
    }

    fn answered(&self, from: Option<&NodeId>, id: &str, answer: Answer) {
        let mut table = self.lock();
        match table.requests.answer(from, id, answer) {
            None => return,
            Some(Progress::Done(outcome)) => table.end(id, outcome),
            Some(Progress::Clients(clients)) => {
                let ids = Vec::new();
                table.step(id, AckStep::Expected { clients, ids });
            }
            Some(Progress::Client(value)) => {
                if let Some(args) = args(value) {
                    table.step(id, AckStep::Answer { from: None, args });
                }
            }
        }
        if let Some(outcome) = table.requests.over(id) {
            table.end(id, outcome);
        }
    }
}

impl Table {
    fn step(&mut self, id: &str, step: AckStep) {
        if let Some(Waiting::Clients(steps)) = self.waiting.get(id)
            && steps.try_send(step).is_err()
        {
            tracing::warn!(
                "the answer of a client is lost: the queue of answers is full"
            );
        }
    }

    fn end(&mut self, id: &str, outcome: Outcome) {
        match self.waiting.remove(id) {
            Some(Waiting::Outcome(waiting)) => {
                // An error says that the caller no longer waits.
                let _ = waiting.send(outcome);
            }
            Some(Waiting::Clients(steps)) => {
                // The reader of the steps counts the clients that did not answer.
                let missing = outcome.missing.filter(|missing| missing.servers > 0);
                if let Some(missing) = missing {
                    let _ = steps.try_send(AckStep::Incomplete(timeout(&missing)));
                }
            }
            None => {}
        }
    }
}

/// A question that is out. Dropped, it is forgotten.
struct OpenRequest {
    id: RequestId,
    server: Arc<Server>,
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut table = self.server.lock();
        table.requests.cancel(&self.id);
        table.waiting.remove(&self.id);
    }
}

/// The server that asked.
struct Asker {
    from: Option<NodeId>,
    id: RequestId,
}

/// Work for another server that takes its time.
type Job = BoxFuture<'static, ()>;

// --- The task that reads the bus ---

fn read(server: &Arc<Server>, runtime: &Handle) -> ReaderTask {
    // Before the task runs, so that nothing that is said from now on is missed.
    let subscription = server.bus.subscribe(server.format.topics(&server.place));
    let topics = subscription.topics();
    for room in server.local.rooms() {
        if let Some(topic) = server.format.room_topic(&server.place, &room) {
            topics.add(&topic);
        }
    }
    let task = work(server.clone(), subscription);
    let task = runtime.spawn(task).abort_handle();
    ReaderTask { task, topics }
}

// ANCHOR: work
async fn work(server: Arc<Server>, mut subscription: Subscription) {
    // Dropped with the task, and what is in it ends.
    let mut jobs = JoinSet::new();
    loop {
        let deadline = server.lock().requests.deadline();
        tokio::select! {
            delivery = subscription.recv() => match delivery {
                Some(delivery) => server.delivered(delivery, &mut jobs).await,
                None => break,
            },
            () = at(deadline.map(|deadline| server.start + deadline)) => server.on_time(),
            () = server.earlier.notified() => {}
            Some(ended) = jobs.join_next(), if !jobs.is_empty() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a job for another server panicked");
                }
            }
        }
    }
}
// ANCHOR_END: work

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Server {
    async fn delivered(self: &Arc<Self>, delivery: Delivery, jobs: &mut JoinSet<()>) {
        let namespace = &self.place.namespace;
        match delivery {
            Delivery::Message { channel, payload } => {
                // One message that does harm must not end the others.
                let work = AssertUnwindSafe(|| self.deliver(&channel, &payload));
                match catch_unwind(work) {
                    Ok(Ok(None)) => {}
                    Ok(Ok(Some(job))) => self.begin(job, jobs).await,
                    Ok(Err(error)) => {
                        tracing::warn!(%namespace, %channel, %error, "a message is ignored");
                    }
                    Err(_) => {
                        tracing::error!(%namespace, %channel, "a message caused a panic");
                    }
                }
            }
            Delivery::Lost(count) => {
                tracing::warn!(%namespace, count, "messages of other servers were lost");
            }
            Delivery::Away => tracing::warn!(%namespace, "the bus is away"),
            Delivery::Back => tracing::info!(%namespace, "the bus is connected"),
        }
    }

    /// Starts a job in the order of the bus, and lets it run on beside the others.
    async fn begin(&self, mut job: Job, jobs: &mut JoinSet<()>) {
        if jobs.len() >= self.config.max_jobs {
            tracing::warn!("too much work for other servers: a request is ignored");
        } else if poll!(&mut job).is_pending() {
            jobs.spawn(job);
        }
    }

    fn on_time(&self) {
        let mut table = self.lock();
        for (id, outcome) in table.requests.on_time(self.now()) {
            table.end(&id, outcome);
        }
    }
}

// --- Between the library's types and those of the wire ---

pub(crate) fn values(event: &OutgoingEvent) -> Values {
    Values {
        json: event.array().to_owned(),
        attachments: event.attachments().to_vec(),
    }
}

pub(crate) fn outgoing(event: Values, to: &Target) -> Result<OutgoingEvent, ParseError> {
    let Values { json, attachments } = event;
    let event = OutgoingEvent::from_parts(json, attachments)?;
    Ok(event.compress(to.flags.compress != Some(false)))
}

/// The first value of an answer: there is room for no more in a message.
fn first(args: &Args) -> Values {
    let values: Vec<&RawValue> = serde_json::from_str(args.json()).unwrap_or_default();
    let json = values.first().map_or("null", |value| value.get());
    let has_bytes = !args.attachments().is_empty() && json.contains(r#""_placeholder""#);
    Values {
        json: json.to_owned(),
        attachments: if has_bytes {
            args.attachments().to_vec()
        } else {
            Vec::new()
        },
    }
}

fn args(value: Values) -> Option<Args> {
    let Values { json, attachments } = value;
    Args::from_parts(format!("[{json}]"), attachments)
        .inspect_err(|error| tracing::warn!(%error, "an answer is ignored"))
        .ok()
}

fn texts(rooms: &[Room]) -> Vec<String> {
    rooms.iter().map(|room| room.as_str().to_owned()).collect()
}

pub(crate) fn selected(of: &Selection) -> Target {
    Target {
        rooms: texts(&of.rooms),
        except: texts(&of.except),
        flags: Flags::default(),
    }
}

pub(crate) fn target(event: &OutgoingEvent, to: &Selection) -> Target {
    let flags = Flags {
        volatile: to.volatile,
        compress: (!event.is_compressed()).then_some(false),
        timeout: None,
    };
    Target {
        flags,
        ..selected(to)
    }
}

pub(crate) fn selection(target: &Target) -> Selection {
    Selection {
        volatile: target.flags.volatile,
        ..Selection::from_text(&target.rooms, &target.except)
    }
}

pub(crate) fn to_wire(change: &Change) -> wire::Change {
    let texts =
        |rooms: &[Arc<str>]| rooms.iter().map(|room| (**room).to_owned()).collect();
    match change {
        Change::Join(rooms) => wire::Change::Join(texts(rooms)),
        Change::Leave(rooms) => wire::Change::Leave(texts(rooms)),
        Change::Disconnect { close } => wire::Change::Disconnect { close: *close },
    }
}

pub(crate) fn to_local(change: wire::Change) -> Change {
    let rooms = |rooms: Vec<String>| rooms.into_iter().map(Into::into).collect();
    match change {
        wire::Change::Join(names) => Change::Join(rooms(names)),
        wire::Change::Leave(names) => Change::Leave(rooms(names)),
        wire::Change::Disconnect { close } => Change::Disconnect { close },
    }
}

/// Why something could not be said, or was not understood.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Event(#[from] ParseError),
}

fn unavailable(error: impl fmt::Display) -> AdapterError {
    AdapterError::Unavailable(error.to_string())
}

fn incomplete(error: AdapterError) -> BoxStream<'static, AckStep> {
    stream::iter([AckStep::Incomplete(error)]).boxed()
}

/// An error if servers are missing.
fn complete(outcome: &Outcome) -> Result<(), AdapterError> {
    match &outcome.missing {
        Some(missing) => Err(timeout(missing)),
        None => Ok(()),
    }
}

fn timeout(missing: &Missing) -> AdapterError {
    AdapterError::Timeout {
        answered: missing.asked - missing.servers,
        expected: missing.asked,
        missing: missing.names.clone(),
    }
}

pub(crate) fn random_id() -> String {
    engine_io::random_id()
}
