//! One session, as the requests of its client find it: the machine, the carrier to the
//! server's session, and whose turn it is to write.
//!
//! A client of old times has up to two requests at once: one that brings packets and one
//! that waits for them. Those that bring go one after another. Of those that wait, the
//! latest has the turn; the one before it ends, as it did in the reference server.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine_io::front::Carrier;
use engine_io::{CloseReason, Packet};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::machine::{End, Machine, Output, Piece};
use crate::memo::Memo;

/// The cost of a packet that waits, besides its bytes.
const COST: usize = 64;

pub(crate) struct Seat {
    carrier: Carrier,
    memo: Arc<Memo>,
    state: Mutex<State>,
    /// Held by the request whose packets go to the server now.
    bringing: tokio::sync::Mutex<()>,
    /// Held by the request that waits for packets.
    waiting: tokio::sync::Mutex<()>,
    /// The number of the latest one.
    turn: AtomicU64,
    /// There is something of our own for the client, or another has the turn.
    news: Notify,
    max_waiting: usize,
    probing: AtomicBool,
    moved: AtomicBool,
}

struct State {
    machine: Box<dyn Machine>,
    /// For the client.
    own: VecDeque<Piece>,
    own_bytes: usize,
    /// For the server.
    inbox: VecDeque<Piece>,
    opened: bool,
}

/// Why [`Turn::next`] returns without packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// The deadline has passed.
    Late,
    /// Another request has come in its place.
    Replaced,
}

impl Seat {
    pub(crate) fn new(
        carrier: Carrier,
        machine: impl Machine + 'static,
        memo: Arc<Memo>,
        max_waiting: usize,
    ) -> Self {
        Self {
            carrier,
            memo,
            state: Mutex::new(State {
                machine: Box::new(machine),
                own: VecDeque::new(),
                own_bytes: 0,
                inbox: VecDeque::new(),
                opened: false,
            }),
            bringing: tokio::sync::Mutex::default(),
            waiting: tokio::sync::Mutex::default(),
            turn: AtomicU64::new(0),
            news: Notify::new(),
            max_waiting,
            probing: AtomicBool::new(false),
            moved: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> &str {
        self.carrier.session().id()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.carrier.is_gone()
    }

    /// Ends the session at once.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.carrier.abort(reason);
        self.news.notify_one();
    }

    // --- Protocol 3: a session that moves from polling to a WebSocket ---

    /// A WebSocket wants to take over. Returns `false` if another one does, or has.
    pub(crate) fn begin_probe(&self) -> bool {
        !self.has_moved() && !self.probing.swap(true, Ordering::AcqRel)
    }

    /// The WebSocket has not taken over.
    pub(crate) fn end_probe(&self) {
        self.probing.store(false, Ordering::Release);
    }

    /// The session is on a WebSocket from now on.
    pub(crate) fn set_moved(&self) {
        self.moved.store(true, Ordering::Release);
    }

    /// Whether it is.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire)
    }

    /// Ends the request that waits for packets.
    pub(crate) fn let_go(&self) {
        self.new_turn();
    }

    /// The first transport is there.
    pub(crate) async fn open(&self) {
        let first = !std::mem::replace(&mut self.lock().opened, true);
        if first {
            self.feed(self.max_waiting, |machine| machine.open());
            self.sweep().await;
        }
    }

    /// Packets have come, in this order. Returns `false` if the client has broken a rule,
    /// or the session is over.
    pub(crate) async fn receive(&self, pieces: &[Piece]) -> bool {
        let mut fine = true;
        {
            // Of two requests at the same time, the second waits for the whole first one.
            let _bringing = self.bringing.lock().await;
            for piece in pieces {
                let max = self.max_waiting;
                let end = self.feed(max, |machine| machine.handle_client(piece));
                fine = self.deliver().await && end != Some(End::Broken);
                if !fine || end.is_some() {
                    break;
                }
                // A body may hold very many.
                tokio::task::consume_budget().await;
            }
        }
        self.sweep().await;
        fine
    }

    /// Asks the machine about a packet, and queues what it makes of it. Under one lock:
    /// the order in which the machine has seen packets is the order in which they go on.
    fn feed(
        &self,
        max_waiting: usize,
        ask: impl FnOnce(&mut dyn Machine) -> Output,
    ) -> Option<End> {
        let (end, full, news) = {
            let mut state = self.lock();
            let output = ask(&mut *state.machine);
            let news = !output.to_client.is_empty();
            let size = |piece: &Piece| piece.len() + COST;
            state.own_bytes += output.to_client.iter().map(size).sum::<usize>();
            state.own.extend(output.to_client);
            state.inbox.extend(output.to_server);
            (output.end, state.own_bytes > max_waiting, news)
        };
        match end {
            // A client that sends and does not read makes no more wait than the server's
            // own queue may have.
            _ if full => self.close(CloseReason::SlowReader),
            Some(End::Client) => self.close(CloseReason::TransportClose),
            Some(End::Broken) => self.close(CloseReason::ParseError),
            None if news => self.news.notify_one(),
            None => {}
        }
        end
    }

    /// Hands what is queued to the server. The caller holds `bringing`. Returns `false` if
    /// the session is over.
    async fn deliver(&self) -> bool {
        loop {
            let next = self.lock().inbox.pop_front();
            let taken = match next {
                None => return true,
                Some(Piece::Binary(bytes)) => self.carrier.receive_binary(bytes).await,
                Some(Piece::Text(text)) => match Packet::decode(&text) {
                    Ok(packet) => self.carrier.receive(packet).await,
                    Err(_) => Ok(()),
                },
            };
            if taken.is_err() {
                self.lock().inbox.clear();
                self.news.notify_one();
                return false;
            }
        }
    }

    /// Hands on what is queued, unless another task is doing that: it looks once more when
    /// it is done.
    async fn sweep(&self) {
        while !self.lock().inbox.is_empty() {
            let Ok(_bringing) = self.bringing.try_lock() else {
                return;
            };
            self.deliver().await;
        }
    }

    /// Takes the turn to write from the request that has it.
    pub(crate) async fn take_turn(&self) -> Turn<'_> {
        self.turn_of(self.new_turn()).await
    }

    /// A request has come that waits for packets. Returns its number.
    pub(crate) fn new_turn(&self) -> u64 {
        let number = self.turn.fetch_add(1, Ordering::AcqRel) + 1;
        self.news.notify_one();
        number
    }

    /// Waits until no other request writes. If a later one has come by then, the turn of
    /// this one is over.
    pub(crate) async fn turn_of(&self, number: u64) -> Turn<'_> {
        let held = self.waiting.lock().await;
        Turn {
            seat: self,
            number,
            _held: held,
        }
    }

    /// The last packet: why the session ended.
    pub(crate) fn last(&self) -> Piece {
        // The client that says goodbye is answered with the same.
        let ended = self.carrier.ended();
        let forced = matches!(
            ended,
            Some(CloseReason::Forced | CloseReason::TransportClose)
        );
        self.lock().machine.last(forced)
    }

    fn take_own(&self) -> Vec<Piece> {
        let mut state = self.lock();
        state.own_bytes = 0;
        std::mem::take(&mut state.own).into()
    }
}

/// The right to write to the client.
pub(crate) struct Turn<'a> {
    seat: &'a Seat,
    number: u64,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    fn is_over(&self) -> bool {
        self.seat.turn.load(Ordering::Acquire) != self.number
    }

    /// Waits for packets to write. `Ok(None)` is the end of the session, with nothing
    /// more to write.
    pub(crate) async fn next(
        &self,
        deadline: Option<Instant>,
    ) -> Result<Option<Vec<Piece>>, Nothing> {
        let seat = self.seat;
        loop {
            if self.is_over() {
                // The one that has come instead may have found the notice gone.
                seat.news.notify_one();
                return Err(Nothing::Replaced);
            }
            let own = seat.take_own();
            if !own.is_empty() {
                return Ok(Some(own));
            }
            let late = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => pending().await,
                }
            };
            let packets = tokio::select! {
                biased;
                packets = seat.carrier.next() => packets,
                () = seat.news.notified() => continue,
                () = late => return Err(Nothing::Late),
            };
            let Some(packets) = packets else {
                let own = seat.take_own();
                return Ok((!own.is_empty()).then_some(own));
            };
            for packet in &packets {
                let memo = &seat.memo;
                seat.feed(usize::MAX, |machine| machine.handle_server(packet, memo));
            }
            // Packets that have waited for a confirmation.
            seat.sweep().await;
        }
    }
}
