//! The load generator: many clients in one thread, on the same [`Poller`] that the server
//! uses.
//!
//! A load can lie by what it leaves out. A line that is still on its way when the clock
//! stops has waited longest, so the run goes on until every line is back, and counts the
//! clients that received nothing at all in the meantime.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::{Interest, Poller, Ready, Token, Trigger, best_poller, process};

/// The size of a line, in bytes, with its `\n`.
pub const LINE: usize = 64;

/// How many connections are opened before one of them is used. The server has to keep up,
/// or its accept queue overflows and the kernel retries after a second.
const BATCH: usize = 64;

/// How long a server can take for the lines in flight at the end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most lines that a client can have in flight.
pub const MOST_IN_FLIGHT: usize = 64;

/// The most lines that a client writes at once.
const LINES: [[u8; LINE]; MOST_IN_FLIGHT] = {
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    [line; MOST_IN_FLIGHT]
};

/// The settings of a run.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The server's address.
    pub server: SocketAddr,
    /// The server's process, to read its processor time.
    pub pid: u32,
    /// The number of clients.
    pub connections: usize,
    /// The number of lines that each client keeps in flight.
    pub in_flight: usize,
    /// How long the clients keep sending, once all are connected.
    pub time: Duration,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Lines that came back during [`Load::time`].
    pub requests: u64,
    /// Connections that were still open at the end.
    pub alive: usize,
    /// Clients that received at least one line during [`Load::time`].
    pub heard: usize,
    /// How long the clients kept sending.
    pub time: Duration,
    /// Processor time of the server in that time; zero where the system cannot tell.
    pub cpu: Duration,
    /// Memory of the server with all connections open, in bytes.
    pub memory: u64,
    /// From a line's write until its return, in microseconds, for every line sent: also
    /// for those that came back after [`Load::time`].
    pub latency: Histogram<u64>,
}

struct Client {
    stream: Arc<TcpStream>,
    /// Bytes received of the line that is coming back.
    back: usize,
    /// When each line in flight was written, the oldest first.
    sent: VecDeque<Instant>,
    heard: bool,
    alive: bool,
}

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        // Close with a reset: ten thousand connections in TIME_WAIT would leave no ports
        // for the next run.
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
        Ok(Self {
            stream: Arc::new(stream),
            back: 0,
            sent: VecDeque::new(),
            heard: false,
            alive: true,
        })
    }

    /// Writes `lines` lines in one call. They are few enough for the kernel to accept
    /// them all.
    fn send(&mut self, lines: usize) -> io::Result<()> {
        self.sent.extend(std::iter::repeat_n(Instant::now(), lines));
        (&*self.stream).write_all(&LINES.as_flattened()[..lines * LINE])
    }

    /// Reads what has come back, and returns how many lines that completed.
    fn read(&mut self) -> io::Result<usize> {
        match (&*self.stream).read(&mut [0; MOST_IN_FLIGHT * LINE]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let bytes = self.back + count;
                self.back = bytes % LINE;
                Ok(bytes / LINE)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::Interrupted
                ) =>
            {
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }
}

/// Opens the connections, sends a first round through each, then measures them all for
/// [`Load::time`] and until every line is back.
///
/// # Errors
/// Returns an error if a connection cannot be opened or breaks before the measurement, or
/// if the lines in flight are not back 30 seconds after its end.
pub fn run(load: &Load) -> io::Result<Report> {
    let mut poller = best_poller()?;
    let mut clients = Vec::with_capacity(load.connections);
    for index in 0..load.connections {
        let mut client = Client::connect(load.server)?;
        // One echo for each batch: the server accepts in order, so after it the server
        // has accepted the whole batch.
        if (index + 1) % BATCH == 0 || index + 1 == load.connections {
            echo_once(&mut client)?;
        }
        client.stream.set_nonblocking(true)?;
        poller.add(
            Token(index as u64),
            client.stream.clone(),
            Interest::READABLE,
            Trigger::Level,
        )?;
        clients.push(client);
    }
    let in_flight = load.in_flight.clamp(1, MOST_IN_FLIGHT);
    let mut run = Run {
        in_flight,
        poller,
        clients,
        latency: histogram()?,
        waiting: 0,
        found: Vec::new(),
    };
    // A round for every client before the clock starts, so that no buffer or stack is
    // touched for the first time while it runs.
    run.send_all()?;
    run.collect()?;
    if run.clients.iter().any(|client| !client.alive) {
        return Err(io::Error::other("the server closed a connection"));
    }
    let before = process::usage(load.pid).unwrap_or_default();
    run.latency = histogram()?;
    for client in &mut run.clients {
        client.heard = false;
    }
    let begin = Instant::now();
    run.send_all()?;
    let requests = run.echo_for(load.time)?;
    let time = begin.elapsed();
    let after = process::usage(load.pid).unwrap_or_default();
    let heard = run.clients.iter().filter(|client| client.heard).count();
    run.collect()?;
    Ok(Report {
        requests,
        alive: run.clients.iter().filter(|client| client.alive).count(),
        heard,
        time,
        cpu: after.cpu.saturating_sub(before.cpu),
        memory: after.memory,
        latency: run.latency,
    })
}

struct Run {
    in_flight: usize,
    poller: Box<dyn Poller>,
    clients: Vec<Client>,
    latency: Histogram<u64>,
    /// Lines in flight, of all clients together.
    waiting: usize,
    found: Vec<Ready>,
}

impl Run {
    fn send_all(&mut self) -> io::Result<()> {
        let lines = self.in_flight;
        self.waiting += lines * self.clients.len();
        self.clients
            .iter_mut()
            .try_for_each(|client| client.send(lines))
    }

    /// Answers each line that comes back with another one, until `time` has passed.
    /// Returns how many lines came back.
    fn echo_for(&mut self, time: Duration) -> io::Result<u64> {
        let (deadline, mut requests) = (Instant::now() + time, 0);
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            requests += self.turn(left, true)?;
        }
        Ok(requests)
    }

    // ANCHOR: collect
    /// Sends nothing more, and waits until every line is back.
    fn collect(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.waiting > 0 {
            let left =
                deadline
                    .checked_duration_since(Instant::now())
                    .ok_or_else(|| {
                        let why = "the server does not answer all clients";
                        io::Error::new(ErrorKind::TimedOut, why)
                    })?;
            self.turn(left, false)?;
        }
        Ok(())
    }
    // ANCHOR_END: collect

    /// Waits once and reads what has come back. Returns how many lines that were.
    fn turn(&mut self, left: Duration, again: bool) -> io::Result<u64> {
        let (mut found, mut lines) = (std::mem::take(&mut self.found), 0);
        self.poller.wait(&mut found, Some(left))?;
        for ready in &found {
            lines += self.answered(*ready, again)?;
        }
        self.found = found;
        Ok(lines)
    }

    fn answered(&mut self, ready: Ready, again: bool) -> io::Result<u64> {
        let index = usize::try_from(ready.token.0).map_err(io::Error::other)?;
        let client = &mut self.clients[index];
        let result = client.read().and_then(|lines| {
            let now = Instant::now();
            let back = lines.min(client.sent.len());
            self.waiting -= back;
            for sent in client.sent.drain(..back) {
                let micros = u64::try_from((now - sent).as_micros()).unwrap_or(u64::MAX);
                self.latency.saturating_record(micros);
            }
            if lines > 0 {
                client.heard = true;
                if again {
                    self.waiting += lines;
                    client.send(lines)?;
                }
            }
            Ok(lines as u64)
        });
        if result.is_err() {
            // Its lines will not come back. The report counts it as not alive.
            client.alive = false;
            self.waiting -= client.sent.len();
            client.sent.clear();
            self.poller.remove(ready.token)?;
        }
        Ok(result.unwrap_or_default())
    }
}

fn echo_once(client: &mut Client) -> io::Result<()> {
    client
        .stream
        .set_read_timeout(Some(Duration::from_secs(30)))?;
    client.send(1)?;
    while client.read()? == 0 {}
    client.sent.clear();
    Ok(())
}

/// A histogram from a microsecond to a minute, with three digits.
fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)
}
