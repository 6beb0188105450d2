//! The other end: many clients in one thread, on the same [`Poller`] that the server
//! uses.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::{Interest, Poller, Ready, Token, Trigger, best_poller, process};

/// The size of a line, in bytes, with its `\n`.
pub const LINE: usize = 64;

/// So many connections are opened before one of them is used: a server has to keep up, or
/// its backlog would overflow and the kernel try again after a second.
const BATCH: usize = 64;

/// The most lines that a client can have on their way.
pub const MOST_IN_FLIGHT: usize = 64;

/// As many lines as a client writes at most.
const LINES: [[u8; LINE]; MOST_IN_FLIGHT] = {
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    [line; MOST_IN_FLIGHT]
};

/// What to ask of a server.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Where it listens.
    pub server: SocketAddr,
    /// The process that serves, to read its processor time.
    pub pid: u32,
    /// How many clients.
    pub connections: usize,
    /// How many lines each client has on their way at any time.
    pub in_flight: usize,
    /// How long it is measured, once all are connected.
    pub time: Duration,
}

/// What a server did.
#[derive(Debug, Clone)]
pub struct Report {
    /// Lines that came back.
    pub requests: u64,
    /// Connections that were still good at the end.
    pub alive: usize,
    /// How long that took.
    pub time: Duration,
    /// Processor time of the server meanwhile; zero where the system does not tell.
    pub cpu: Duration,
    /// Memory of the server with all connections open, in bytes.
    pub memory: u64,
    /// From a line's write until it was back, in microseconds.
    pub latency: Histogram<u64>,
}

struct Client {
    stream: Arc<TcpStream>,
    /// Bytes of the line that is coming back.
    back: usize,
    /// When each line that is on its way was written, the oldest first.
    sent: VecDeque<Instant>,
    alive: bool,
}

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        // Closed with a reset: ten thousand ends in TIME_WAIT would leave no ports for
        // the next run.
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
        Ok(Self {
            stream: Arc::new(stream),
            back: 0,
            sent: VecDeque::new(),
            alive: true,
        })
    }

    /// Writes so many lines in one call. They are few enough for the kernel to take them
    /// all.
    fn send(&mut self, lines: usize) -> io::Result<()> {
        self.sent.extend(std::iter::repeat_n(Instant::now(), lines));
        (&*self.stream).write_all(&LINES.as_flattened()[..lines * LINE])
    }

    /// Reads what has come back; how many lines that were.
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

/// Opens the connections, has each echo once, and then all at the same time for
/// [`Load::time`].
///
/// # Errors
/// When a connection cannot be opened or is dropped before the measuring begins, and what
/// the kernel says.
pub fn run(load: &Load) -> io::Result<Report> {
    let mut poller = best_poller()?;
    let mut clients = Vec::with_capacity(load.connections);
    for index in 0..load.connections {
        let mut client = Client::connect(load.server)?;
        // An echo now and then: the server accepts in order, so it has accepted all
        // before, too.
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
        requests: 0,
        found: Vec::new(),
    };
    // Every client has been heard once before the clock starts: no buffer or stack is
    // touched for the first time then.
    run.send_all()?;
    run.answer_for(Duration::ZERO, Until::AllAnswered)?;
    let before = process::usage(load.pid).unwrap_or_default();
    (run.requests, run.latency) = (0, histogram()?);
    let begin = Instant::now();
    run.send_all()?;
    run.answer_for(load.time, Until::TimeIsOver)?;
    let time = begin.elapsed();
    let after = process::usage(load.pid).unwrap_or_default();
    Ok(Report {
        requests: run.requests,
        alive: run.clients.iter().filter(|client| client.alive).count(),
        time,
        cpu: after.cpu.saturating_sub(before.cpu),
        memory: after.memory,
        latency: run.latency,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    AllAnswered,
    TimeIsOver,
}

struct Run {
    in_flight: usize,
    poller: Box<dyn Poller>,
    clients: Vec<Client>,
    latency: Histogram<u64>,
    requests: u64,
    found: Vec<Ready>,
}

impl Run {
    fn send_all(&mut self) -> io::Result<()> {
        let lines = self.in_flight;
        self.clients
            .iter_mut()
            .try_for_each(|client| client.send(lines))
    }

    fn answer_for(&mut self, time: Duration, until: Until) -> io::Result<()> {
        let patience = Duration::from_secs(30);
        let begin = Instant::now();
        let deadline = begin + time;
        loop {
            let now = Instant::now();
            let done = match until {
                Until::AllAnswered => {
                    self.requests == (self.clients.len() * self.in_flight) as u64
                }
                Until::TimeIsOver => now >= deadline,
            };
            if done {
                return Ok(());
            }
            if now > begin + time.max(patience) {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the server does not answer all clients",
                ));
            }
            let mut found = std::mem::take(&mut self.found);
            let wait = if until == Until::TimeIsOver {
                deadline - now
            } else {
                patience
            };
            self.poller.wait(&mut found, Some(wait))?;
            for ready in &found {
                self.answered(*ready, until)?;
            }
            self.found = found;
        }
    }

    fn answered(&mut self, ready: Ready, until: Until) -> io::Result<()> {
        let index = usize::try_from(ready.token.0).map_err(io::Error::other)?;
        let client = &mut self.clients[index];
        let result = client.read().and_then(|lines| {
            let now = Instant::now();
            for sent in client.sent.drain(..lines.min(client.sent.len())) {
                let micros = u64::try_from((now - sent).as_micros()).unwrap_or(u64::MAX);
                self.latency.saturating_record(micros);
            }
            self.requests += lines as u64;
            if until == Until::TimeIsOver && lines > 0 {
                client.send(lines)?;
            }
            Ok(())
        });
        if let Err(error) = result {
            client.alive = false;
            self.poller.remove(ready.token)?;
            if until == Until::AllAnswered {
                return Err(error);
            }
        }
        Ok(())
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

/// From a microsecond to a minute, with three digits.
fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)
}
