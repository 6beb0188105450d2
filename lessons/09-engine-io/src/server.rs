//! The server: every session by its id, one clock for their heartbeats, and one account
//! of what all of them hold.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Transport};
use crate::deadlines::Deadlines;
use crate::handshake::Handshake;
use crate::machine::{CloseReason, Machine};
use crate::measure;
use crate::occasionally::Occasionally;
use crate::packet::Packet;
use crate::refusal::Refusal;
use crate::session::{Application, Registry, Session, Shared, now};
use crate::sid::Sid;

/// A client that has taken nothing for this long does not fetch its messages.
const FETCH_WITHIN: Duration = Duration::from_secs(1);
/// How many sessions are looked at before other tasks get their turn.
const AT_ONCE: usize = 256;
/// Stands for "never" in a sum that would overflow.
const FAR: Duration = Duration::from_secs(365 * 86_400);
/// The longest time that a browser's timer can count, halved: it adds two of them.
const MAX_TIMER: Duration = Duration::from_millis((i32::MAX / 2) as u64);

/// An Engine.IO server: cheap to clone, mounted by [`filter`](crate::filter()).
///
/// ```no_run
/// use engine_io::{Application, Config, Receiver, ServeLimits, Server, Session};
/// use std::time::Duration;
/// # use std::sync::Arc;
/// # struct Echo;
/// # impl Application for Echo {
/// #     fn open(&self, session: Session) -> Arc<dyn Receiver> { unimplemented!() }
/// # }
/// # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// let server = Server::new(Config::default(), Echo);
/// let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
/// engine_io::run(listener, engine_io::filter(&server), ServeLimits::default(), ctrl_c).await?;
/// println!("{} are still here", server.session_count());
/// println!("{} were told to go", server.shutdown(Duration::from_secs(5)).await);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    config: Config,
    application: Box<dyn Application>,
    table: Arc<Table>,
    refusals: Occasionally,
}

/// The sessions that live, by id.
struct Table {
    sessions: Mutex<Sessions>,
    closing: AtomicBool,
    /// The last session has ended while the server is shutting down.
    empty: Notify,
    /// For the heartbeats of all of them.
    clock: Deadlines<Shared>,
    /// Bytes that wait in all sessions together.
    held: AtomicUsize,
    max_held: usize,
    /// Wakes the task that trims: more bytes wait than are allowed.
    pressure: Arc<Notify>,
    trimming: AtomicBool,
    /// The tasks of this server: those of its `WebSocket`s, and the one that trims.
    tasks: TaskTracker,
    /// Cancelled when the server is gone, or has been shut down.
    end: Mutex<CancellationToken>,
    evictions: Occasionally,
    traffic: measure::Traffic,
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<Sid, Session>,
    /// How many sessions each remote address has.
    by_address: HashMap<IpAddr, usize>,
}

impl Sessions {
    /// A map keeps the space of its largest size. These give most of theirs back when they
    /// use less than about a quarter: with space to double, a size can go up and down
    /// without moving everything each time.
    fn shrink(&mut self) {
        self.by_id.shrink_to(2 * self.by_id.len());
        self.by_address.shrink_to(2 * self.by_address.len());
    }
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> MutexGuard<'_, CancellationToken> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes sessions whose client does not fetch, those that have waited longest first,
    /// until the rest is within the limit.
    async fn trim(&self) {
        let sessions: Vec<Session> = self.lock().by_id.values().cloned().collect();
        let (now, mut idle, mut sum) = (now(), Vec::new(), 0_usize);
        for (index, session) in sessions.into_iter().enumerate() {
            if let Some((since, bytes)) = session.idle(now)
                && now.saturating_duration_since(since) >= FETCH_WITHIN
            {
                sum = sum.saturating_add(bytes);
                idle.push((since, bytes, session));
            }
            if index % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        idle.sort_unstable_by_key(|(since, ..)| *since);
        let mut closed: usize = 0;
        for (_, bytes, session) in idle {
            if sum <= self.max_held {
                break;
            }
            sum -= bytes;
            session.abort(CloseReason::MemoryPressure);
            closed += 1;
            if closed.is_multiple_of(AT_ONCE) {
                tokio::task::yield_now().await;
            }
        }
        if closed > 0
            && let Some(times) = self.evictions.count()
        {
            tracing::warn!(
                closed,
                times,
                "sessions closed whose clients did not fetch what they were sent"
            );
        }
    }
}

/// Trims whenever there is pressure. Holds the table only while it does.
async fn trim(table: Weak<Table>, pressure: Arc<Notify>, end: CancellationToken) {
    let pressed = async {
        loop {
            pressure.notified().await;
            // A client that has just been sent something needs time to take it.
            sleep(FETCH_WITHIN).await;
            let Some(table) = table.upgrade() else { return };
            table.trim().await;
            if table.held.load(Ordering::Relaxed) > table.max_held {
                pressure.notify_one();
            }
        }
    };
    tokio::select! {
        () = end.cancelled() => {}
        () = pressed => {}
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.end().cancel();
    }
}

impl Registry for Table {
    fn left(&self, session: &Arc<Shared>, scheduled: Option<Instant>) {
        let (gone, empty) = {
            let mut sessions = self.lock();
            let gone = sessions.by_id.remove(&session.sid);
            if let Some(address) = gone.as_ref().and_then(address_of)
                && let Some(count) = sessions.by_address.get_mut(&address)
            {
                *count -= 1;
                if *count == 0 {
                    sessions.by_address.remove(&address);
                }
            }
            sessions.shrink();
            (gone, sessions.by_id.is_empty())
        };
        // Outside the lock: the last handle may go with it.
        drop(gone);
        if let Some(at) = scheduled {
            self.clock.remove(at, session);
        }
        if empty && self.closing.load(Ordering::Acquire) {
            self.empty.notify_one();
        }
    }

    fn wake_at(&self, at: Instant, instead_of: Option<Instant>, session: &Arc<Shared>) {
        if let Some(before) = instead_of {
            self.clock.remove(before, session);
        }
        self.clock.insert(at, session);
        // It may have ended before it was entered.
        if Session(session.clone()).is_gone() {
            self.clock.remove(at, session);
        }
    }

    fn held(&self, before: usize, after: usize) {
        self.traffic.queued(before, after);
        let added = after.wrapping_sub(before);
        let sum = self
            .held
            .fetch_add(added, Ordering::Relaxed)
            .wrapping_add(added);
        if after > before && sum > self.max_held {
            self.pressure.notify_one();
        }
    }
}

/// The first packet of a session (Engine.IO protocol 4, "Handshake").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenData<'a> {
    sid: &'a str,
    upgrades: &'a [&'a str],
    ping_interval: u128,
    ping_timeout: u128,
    max_payload: usize,
}

/// The address that counts for the limit: of IPv6 a network of 64 bits, because that is
/// what one customer has.
fn address_of(session: &Session) -> Option<IpAddr> {
    session.handshake().remote_addr.map(limited)
}

fn limited(address: SocketAddr) -> IpAddr {
    match address.ip().to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        ip @ IpAddr::V4(_) => ip,
    }
}

impl Server {
    /// Returns a server for `application`. Its first session needs a tokio runtime around
    /// it; this does not.
    pub fn new(config: Config, application: impl Application) -> Self {
        let table = Table {
            sessions: Mutex::default(),
            closing: AtomicBool::new(false),
            empty: Notify::new(),
            clock: Deadlines::new(),
            held: AtomicUsize::new(0),
            max_held: config.total_outbound,
            pressure: Arc::default(),
            trimming: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            end: Mutex::default(),
            evictions: Occasionally::default(),
            traffic: measure::Traffic::new(),
        };
        Self(Arc::new(Inner {
            config,
            application: Box::new(application),
            table: Arc::new(table),
            refusals: Occasionally::default(),
        }))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.0.table.lock().by_id.len()
    }

    /// How many bytes wait for clients, in all sessions together.
    pub fn outstanding(&self) -> usize {
        self.0.table.held.load(Ordering::Relaxed)
    }

    /// Closes every session after what is queued for it, and opens no new ones until
    /// [`reopen`](Self::reopen). Returns how many there were, once they and their tasks
    /// are gone or `deadline` has passed.
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        self.drain(Duration::ZERO, deadline).await
    }

    /// As [`shutdown`](Self::shutdown), but closes the sessions one after another, spread
    /// evenly over `period`: their clients reconnect as fast as they are closed, and a
    /// whole city at once would be more than the next server can take. `deadline` counts
    /// from the end of the period.
    pub async fn drain(&self, period: Duration, deadline: Duration) -> usize {
        let table = &self.0.table;
        table.closing.store(true, Ordering::Release);
        let sessions: Vec<Session> = table.lock().by_id.values().cloned().collect();
        let count = sessions.len();
        let start = Instant::now();
        let pause = period.min(FAR) / u32::try_from(count).unwrap_or(u32::MAX).max(1);
        for (index, session) in (0_u32..).zip(sessions) {
            if !pause.is_zero() {
                sleep_until(start + pause * index).await;
            } else if index % 64 == 63 {
                tokio::task::yield_now().await;
            }
            session.close(CloseReason::ServerShutdown);
        }
        let all_gone = async {
            while !table.lock().by_id.is_empty() {
                table.empty.notified().await;
            }
            table.end().cancel();
            table.tasks.close();
            table.tasks.wait().await;
        };
        if timeout(deadline, all_gone).await.is_err() {
            tracing::warn!(
                left = self.session_count(),
                "sessions that did not leave in time"
            );
        }
        count
    }

    /// Opens sessions again after [`shutdown`](Self::shutdown) or [`drain`](Self::drain)
    /// has returned.
    pub fn reopen(&self) {
        let table = &self.0.table;
        {
            let mut end = table.end();
            if end.is_cancelled() {
                *end = CancellationToken::new();
                table.trimming.store(false, Ordering::Relaxed);
            }
        }
        table.tasks.reopen();
        table.closing.store(false, Ordering::Release);
    }

    /// A client asks for a session over `transport`.
    pub(crate) fn open(
        &self,
        transport: Transport,
        handshake: Handshake,
    ) -> Result<Session, Refusal> {
        let Inner {
            config,
            table,
            application,
            ..
        } = &*self.0;
        let sid = Sid::random();
        let upgrade = transport == Transport::Polling
            && config.transports.websocket
            && config.allow_upgrades;
        let open = OpenData {
            sid: sid.as_str(),
            upgrades: if upgrade { &["websocket"] } else { &[] },
            ping_interval: config.ping_interval.min(MAX_TIMER).as_millis(),
            ping_timeout: config.ping_timeout.min(MAX_TIMER).as_millis(),
            max_payload: config.max_payload,
        };
        let open = serde_json::to_string(&open).map_err(|_| Refusal::Full)?;
        let machine =
            Machine::new(now(), transport, config, Packet::Open(&open).encode());
        let registry: Weak<Table> = Arc::downgrade(table);
        let address = handshake.remote_addr.map(limited);
        let session =
            Session::new(sid, handshake, registry, machine, table.traffic.clone());
        {
            let mut sessions = table.lock();
            if sessions.by_id.len() >= config.max_sessions
                || table.closing.load(Ordering::Acquire)
            {
                return Err(Refusal::Full);
            }
            if let Some(address) = address {
                let count = sessions.by_address.get(&address).copied().unwrap_or(0);
                if count >= config.max_sessions_per_address {
                    return Err(Refusal::AddressFull);
                }
                sessions.by_address.insert(address, count + 1);
            }
            sessions.by_id.insert(sid, session.clone());
        }
        if !table.trimming.swap(true, Ordering::Relaxed) {
            let trimmer = trim(
                Arc::downgrade(table),
                table.pressure.clone(),
                table.end().clone(),
            );
            table.tasks.spawn(trimmer);
        }
        tracing::debug!(?session, transport = transport.name(), "opened");
        if !session.listen(&**application) {
            return Err(Refusal::Internal);
        }
        session.start_clock();
        Ok(session)
    }

    /// Starts a task that [`drain`](Self::drain) waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.table.tasks.spawn(task);
    }

    /// Counts refusals for the log: see [`Occasionally`].
    pub(crate) fn refusals(&self) -> &Occasionally {
        &self.0.refusals
    }

    /// The session with that id, as a client wrote it.
    pub(crate) fn find(&self, sid: &str) -> Option<Session> {
        let sid = Sid::parse(sid)?;
        self.0.table.lock().by_id.get(&sid).cloned()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("sessions", &self.session_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use allocation_counter::measure;

    use super::*;
    use crate::packet::{EncodedMessage, Message};
    use crate::session::Receiver;

    /// Remembers when each session ended, and why.
    #[derive(Clone, Default)]
    struct Ends(Arc<Mutex<Vec<(Instant, CloseReason)>>>);

    impl Application for Ends {
        fn open(&self, _: Session) -> Arc<dyn Receiver> {
            Arc::new(self.clone())
        }
    }

    impl Receiver for Ends {
        fn message(&self, _: Message<'_>) {}

        fn close(&self, reason: CloseReason) {
            self.0.lock().unwrap().push((Instant::now(), reason));
        }
    }

    impl Ends {
        fn all(&self) -> Vec<(Instant, CloseReason)> {
            self.0.lock().unwrap().clone()
        }
    }

    fn start(config: Config) -> (Server, Ends) {
        let ends = Ends::default();
        (Server::new(config, ends.clone()), ends)
    }

    fn open(server: &Server) -> Session {
        let opened = server.open(Transport::Polling, Handshake::default());
        opened.expect("there is room")
    }

    /// Keeps nothing of any session.
    struct Nothing;

    impl Application for Nothing {
        fn open(&self, _: Session) -> Arc<dyn Receiver> {
            Arc::new(Nothing)
        }
    }

    impl Receiver for Nothing {
        fn message(&self, _: Message<'_>) {}

        fn close(&self, _: CloseReason) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_has_left_leaves_no_memory_behind() {
        let server = Server::new(Config::default(), Nothing);
        // The server's own tasks start with the first session.
        let first = open(&server);
        let info = measure(|| {
            let crowd: Vec<_> = (0..5000_u32)
                .map(|number| {
                    let mut handshake = Handshake::default();
                    let address = SocketAddr::from((number.to_be_bytes(), 0));
                    handshake.remote_addr = Some(address);
                    let opened = server.open(Transport::Polling, handshake);
                    opened.expect("there is room")
                })
                .collect();
            for session in crowd {
                session.abort(CloseReason::PingTimeout);
            }
        });
        assert_eq!(server.session_count(), 1);
        assert!(info.bytes_current < 1000, "{info:?}");
        first.abort(CloseReason::PingTimeout);
    }

    #[tokio::test(start_paused = true)]
    async fn what_all_sessions_hold_is_bounded_and_the_longest_idle_goes_first() {
        let (server, ends) = start(Config {
            total_outbound: 100_000,
            ..Config::default()
        });
        let message = EncodedMessage::text(&"x".repeat(30_000));
        let mut sessions = Vec::new();
        for _ in 0..5 {
            let session = open(&server);
            session.send(&message).unwrap();
            sessions.push(session);
            sleep(Duration::from_millis(10)).await;
        }
        assert!(server.outstanding() > 150_000, "a second has not passed");
        sleep(FETCH_WITHIN * 3).await;
        assert!(server.outstanding() <= 100_000, "{}", server.outstanding());
        let closed: Vec<bool> = sessions.iter().map(Session::is_closed).collect();
        assert_eq!(closed, [true, true, false, false, false], "the oldest went");
        let reasons: Vec<_> = ends.all().into_iter().map(|(_, why)| why).collect();
        assert_eq!(reasons, [CloseReason::MemoryPressure; 2]);
        assert_eq!(server.session_count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_fetches_is_not_closed_for_those_that_do_not() {
        let (server, _) = start(Config {
            total_outbound: 100_000,
            ..Config::default()
        });
        let message = EncodedMessage::text(&"x".repeat(60_000));
        let reads = open(&server);
        let idle = open(&server);
        idle.send(&message).unwrap();
        for _ in 0..50 {
            reads.send(&message).unwrap();
            sleep(Duration::from_millis(100)).await;
            reads.with(|machine| machine.begin_poll(now())).unwrap();
            assert!(reads.with(Machine::poll).is_some());
        }
        assert!(!reads.is_closed());
        assert!(server.outstanding() <= 100_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_spreads_the_ends_over_its_period() {
        let (server, ends) = start(Config::default());
        for _ in 0..10 {
            open(&server);
        }
        let start = Instant::now();
        let told = server
            .drain(Duration::from_secs(10), Duration::from_secs(60))
            .await;
        assert_eq!(told, 10);
        let times: Vec<_> = ends
            .all()
            .into_iter()
            .map(|(at, _)| (at - start).as_secs())
            .collect();
        assert_eq!(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert!(
            server
                .open(Transport::Polling, Handshake::default())
                .is_err()
        );
        assert!(server.0.table.tasks.is_empty(), "no task is left");
        server.reopen();
        let again = open(&server);
        assert_eq!(server.session_count(), 1);
        assert_eq!(server.0.table.tasks.len(), 1, "the task that trims is back");
        assert_eq!(server.shutdown(Duration::from_secs(60)).await, 1);
        assert!(again.is_closed() && server.0.table.tasks.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_waits_for_tasks() {
        let (server, _) = start(Config::default());
        server.spawn(sleep(Duration::from_secs(3)));
        let start = Instant::now();
        server.shutdown(Duration::from_secs(60)).await;
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test]
    async fn a_session_that_has_ended_leaves_nothing() {
        let (server, _) = start(Config::default());
        let cycle = || open(&server).close(CloseReason::TransportClose);
        // The first session starts tasks, and tables keep their capacity.
        cycle();
        let costs = measure(|| (0..1000).for_each(|_| cycle()));
        let kept = costs.bytes_current;
        assert!(
            kept < 64 * 1024,
            "{kept} bytes for 1,000 sessions that have ended"
        );
    }

    #[tokio::test]
    async fn an_idle_session_is_small() {
        let (server, _) = start(Config::default());
        open(&server);
        let costs = measure(|| {
            for _ in 0..10_000 {
                let session = open(&server);
                session.with(|machine| machine.begin_poll(now())).unwrap();
                session.with(Machine::poll);
            }
        });
        let each = costs.bytes_current / 10_000;
        println!("{each} bytes a session");
        assert!(each < 900, "{each} bytes for an idle session");
    }

    #[tokio::test]
    async fn hostile_headers_cost_what_the_limit_says() {
        let (server, _) = start(Config::default());
        let max = server.config().max_handshake;
        open(&server);
        let mut headers = http::HeaderMap::new();
        // Tiny ones cost most in a map.
        for index in 1..max / 8 {
            let name = http::HeaderName::try_from(format!("{index:05}")).unwrap();
            headers.insert(name, http::HeaderValue::from_static("x"));
        }
        let costs = measure(|| {
            let handshake = Handshake::keep("/", "", &headers, None, false, max).unwrap();
            server.open(Transport::Polling, handshake).unwrap();
        });
        let kept = usize::try_from(costs.bytes_current).unwrap_or(0);
        assert!(kept <= max + 2000, "{kept} bytes kept");
    }
}
