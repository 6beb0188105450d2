//! A whole server in one thread, with virtual time: clients that speak, lose their
//! connection, come back, and a server that starts again. The machines, the gates and the
//! log are the real ones. Only sessions are queues here.
//!
//! `PROPTEST_CASES=100000` tries more of them; a failure prints the shortest list of actions
//! that shows it.
//!
//! A broadcast is two steps, as on many threads: the log gives it a number, and it is
//! queued for one member after another while other broadcasts are, in any order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::data::Data;
use crate::gate::{Departure, Gate};
use crate::limits::Limits;
use crate::machine::{Decision, Event, Key, Machine, Output, Rules};
use crate::recovery::{Log, Recovery, Saved};
use crate::room::{Selection, SocketId};
use crate::sent::Sent;
use crate::wire::outgoing::EncodedPacket;
use crate::wire::packet::PacketType;
use crate::wire::parser::Parser;

const CLIENTS: usize = 3;
/// The bytes that may be queued for a client that comes back.
const BUDGET: usize = 600;

#[derive(Clone, Copy, Debug)]
enum Action {
    /// The client says something and wants it acknowledged.
    Say(usize),
    /// The server reads one message of the client.
    Read(usize),
    /// The server handles one event of the client.
    Handle(usize),
    /// One broadcast that is under way is queued for one more member.
    Queue(usize),
    /// Something outdated soon, for all.
    Volatile,
    /// The client reads one packet.
    Hear(usize),
    /// The client's connection breaks; the server does not know yet.
    Cut(usize),
    /// The server finds out.
    Notice(usize),
    Connect(usize),
    Wait(u64),
    Restart,
}

fn action() -> impl Strategy<Value = Action> {
    let who = 0..CLIENTS;
    prop_oneof![
        6 => who.clone().prop_map(Action::Say),
        8 => who.clone().prop_map(Action::Read),
        8 => who.clone().prop_map(Action::Handle),
        12 => (0_usize..8).prop_map(Action::Queue),
        1 => Just(Action::Volatile),
        12 => who.clone().prop_map(Action::Hear),
        2 => who.clone().prop_map(Action::Cut),
        2 => who.clone().prop_map(Action::Notice),
        6 => who.prop_map(Action::Connect),
        1 => (0_u64..60).prop_map(Action::Wait),
        1 => (0_u8..20).prop_map(|it| if it == 0 { Action::Restart } else { Action::Volatile }),
    ]
}

/// A client's side.
#[derive(Debug, Default)]
struct Client {
    pid: Option<String>,
    offset: Option<String>,
    connected: bool,
    next: u32,
    /// Said, and neither acknowledged nor reported lost.
    unsure: Vec<u32>,
    /// By sender: the last number heard since it started from scratch.
    heard: BTreeMap<usize, u32>,
    /// On the way to the server.
    to_server: VecDeque<String>,
}

/// A connection, the server's side.
struct Socket {
    id: SocketId,
    pid: Arc<str>,
    since: u64,
    machine: Machine<(), ()>,
    key: Key,
    gate: Gate<EncodedPacket>,
    inbox: VecDeque<Event>,
    /// To the client, on the way.
    wire: std::sync::Mutex<VecDeque<EncodedPacket>>,
}

struct Broadcast {
    packet: EncodedPacket,
    volatile: bool,
    /// Those that are still to be sent it. `None`: the members have not been asked for.
    members: Option<Vec<SocketId>>,
}

struct World {
    now: Instant,
    log: Log,
    clients: Vec<Client>,
    sockets: Vec<Option<Socket>>,
    broadcasts: VecDeque<Broadcast>,
    /// By sender: what the server has handled.
    said: Vec<Vec<u32>>,
}

fn new_log() -> Log {
    Log::new(Recovery {
        max_disconnection: Duration::from_secs(100),
        max_bytes: 20_000,
        max_room_bytes: 15_000,
        max_sessions: 2,
        ..Recovery::default()
    })
}

fn rules() -> Arc<Rules> {
    Arc::new(Rules {
        limits: Limits {
            max_inbox: 3000,
            max_backlog: 10_000,
            ..Limits::default()
        },
        connect_timeout: Duration::from_secs(45),
        parser: Parser::default(),
    })
}

impl World {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            log: new_log(),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
            sockets: (0..CLIENTS).map(|_| None).collect(),
            broadcasts: VecDeque::new(),
            said: vec![Vec::new(); CLIENTS],
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Say(who) => self.say(who),
            Action::Read(who) => self.read(who),
            Action::Handle(who) => self.handle(who),
            Action::Queue(which) => self.queue(which),
            Action::Volatile => self.broadcast("typing", 0, 0, true),
            Action::Hear(who) => self.hear(who),
            Action::Cut(who) => self.cut(who),
            Action::Notice(who) => {
                if !self.clients[who].connected {
                    self.leave(who);
                }
            }
            Action::Connect(who) => self.connect(who),
            Action::Wait(seconds) => self.now += Duration::from_secs(seconds),
            Action::Restart => {
                for who in 0..CLIENTS {
                    self.cut(who);
                    self.sockets[who] = None;
                }
                self.broadcasts.clear();
                self.log = new_log();
            }
        }
    }

    fn say(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.connected {
            let number = client.next;
            client.next += 1;
            client.unsure.push(number);
            client.to_server.push_back(format!(r#"2{number}["say"]"#));
        }
    }

    fn read(&mut self, who: usize) {
        let Some(socket) = &mut self.sockets[who] else {
            return;
        };
        // Until the server notices that the connection is cut, nothing comes.
        let Some(text) = self.clients[who].to_server.pop_front() else {
            return;
        };
        match socket.machine.handle_text(self.now.into_std(), &text) {
            Some(Output::Event { event, .. }) => socket.inbox.push_back(event),
            other => assert!(other.is_none(), "{other:?}"),
        }
        while let Some(decision) = socket.machine.poll() {
            assert!(!matches!(decision, Decision::Close(_)), "{decision:?}");
        }
        assert!(socket.machine.kept() <= 10_000);
    }

    fn handle(&mut self, who: usize) {
        let Some(socket) = &mut self.sockets[who] else {
            return;
        };
        let Some(event) = socket.inbox.pop_front() else {
            return;
        };
        socket.machine.work_done(event.cost);
        let number = event.id.expect("each wants an acknowledgement");
        self.said[who].push(u32::try_from(number).unwrap());
        self.broadcast("said", who, number, false);
        let ack = EncodedPacket::plain(PacketType::Ack, "/", &format!("[{number}]"));
        if let Some(socket) = &self.sockets[who] {
            socket.deliver(&ack, false);
        }
    }

    fn broadcast(&mut self, name: &str, who: usize, number: u64, volatile: bool) {
        let encode = |log_number, offset: &str| {
            let data = format!(r#"["{name}",{who},{number},"{offset}"]"#);
            EncodedPacket::plain(PacketType::Event, "/", &data).numbered(log_number)
        };
        let packet = if volatile {
            self.log.skip(encode)
        } else {
            let packet = self.log.append(self.now, Selection::default(), encode);
            self.log.begin();
            packet
        };
        self.broadcasts.push_back(Broadcast {
            packet,
            volatile,
            members: None,
        });
    }

    fn queue(&mut self, which: usize) {
        let count = self.broadcasts.len();
        if count == 0 {
            return;
        }
        let index = which % count;
        // Handlers of one socket do not overlap, so neither do its broadcasts: the first
        // of each sender first.
        let sender = |broadcast: &Broadcast| parse(&broadcast.packet).1;
        let first = (0..=index)
            .find(|at| sender(&self.broadcasts[*at]) == sender(&self.broadcasts[index]))
            .unwrap_or(index);
        let present = || self.sockets.iter().flatten().map(|it| it.id.clone());
        let broadcast = &mut self.broadcasts[first];
        let members = broadcast.members.get_or_insert_with(|| present().collect());
        let member = members.pop();
        let socket = self.sockets.iter().flatten();
        let mut socket = socket.filter(|socket| Some(&socket.id) == member.as_ref());
        if let Some(socket) = socket.next() {
            socket.deliver(&broadcast.packet, broadcast.volatile);
        }
        if broadcast.members.as_ref().is_none_or(Vec::is_empty) {
            self.log.end(broadcast.packet.number().unwrap().number);
            self.broadcasts.remove(first);
        }
    }

    fn hear(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let Some(socket) = self.sockets[who].as_ref().filter(|_| client.connected) else {
            return;
        };
        let Some(packet) = socket.wire.lock().unwrap().pop_front() else {
            return;
        };
        let text = packet.messages()[0].as_text().unwrap().to_owned();
        if let Some(acknowledged) = text.strip_prefix('3') {
            let number: u32 = acknowledged.trim_matches(['[', ']']).parse().unwrap();
            let place = client.unsure.iter().position(|it| *it == number);
            client.unsure.remove(place.expect("acknowledged once"));
        } else if text.starts_with('2') {
            let (name, sender, number, offset) = parse(&packet);
            client.offset = Some(offset);
            if name == "said" {
                let before = client.heard.insert(sender, number);
                let said = &self.said[sender];
                let place = |number| said.iter().position(|it| *it == number);
                let expected = before.map(|before| said[place(before).unwrap() + 1]);
                assert!(
                    expected.is_none_or(|expected| expected == number),
                    "{who} heard {number} of {sender} after {before:?}"
                );
            }
        }
    }

    fn cut(&mut self, who: usize) {
        let client = &mut self.clients[who];
        client.connected = false;
        client.to_server.clear();
        // Not acknowledged: reported lost.
        client.unsure.clear();
        if let Some(socket) = &self.sockets[who] {
            socket.wire.lock().unwrap().clear();
        }
    }

    /// The server finds a connection gone.
    fn leave(&mut self, who: usize) {
        let Some(mut socket) = self.sockets[who].take() else {
            return;
        };
        socket.machine.close();
        assert!(socket.machine.has_ended() && socket.machine.poll_timeout().is_none());
        let complete = self.log.complete();
        let Some(Departure { sent, .. }) = socket.gate.leave(false) else {
            return;
        };
        let mut sent = sent.expect("it is recorded");
        sent.settle(complete);
        let saved = Saved {
            id: socket.id.clone(),
            since: socket.since,
            rooms: Vec::new(),
            sent,
            data: Arc::<Data>::default(),
        };
        self.log.save(self.now, &socket.pid, saved);
    }

    fn connect(&mut self, who: usize) {
        if self.clients[who].connected {
            return;
        }
        self.leave(who);
        let client = &mut self.clients[who];
        let restored = client.pid.as_ref().and_then(|pid| {
            self.log
                .restore(self.now, pid, client.offset.as_deref(), BUDGET)
        });
        let mut machine = Machine::new(self.now.into_std(), rules());
        let Some(Output::Ask { key, .. }) = machine.handle_text(self.now.into_std(), "0")
        else {
            panic!("not asked");
        };
        assert!(machine.admit(key, ()));
        machine.accepted(key);
        let (id, pid, since, gate) = if let Some(restored) = restored {
            let Saved {
                id, since, sent, ..
            } = restored.saved;
            let pid: Arc<str> = client.pid.as_deref().expect("it has one").into();
            (id, pid, since, Gate::new(restored.missed, Some(sent)))
        } else {
            // It is told so, and does not wonder what it missed.
            client.heard.clear();
            client.offset = None;
            let (id, since) = (SocketId::random(), self.log.next());
            let pid = Arc::from(id.as_str());
            (
                id,
                pid,
                since,
                Gate::new(Vec::new(), Some(Sent::new(since))),
            )
        };
        client.pid = Some(pid.to_string());
        client.connected = true;
        let socket = Socket {
            id,
            pid,
            since,
            machine,
            key,
            gate,
            inbox: VecDeque::new(),
            wire: std::sync::Mutex::default(),
        };
        let connect = EncodedPacket::plain(PacketType::Connect, "/", "{}");
        socket.gate.open(connect, |packet| {
            socket.wire.lock().unwrap().push_back(packet.clone());
        });
        self.sockets[who] = Some(socket);
    }

    /// Every client comes back and receives everything. Returns what each has heard last of
    /// each sender.
    fn settle(&mut self) {
        for who in 0..CLIENTS {
            self.connect(who);
        }
        for _ in 0..100_000 {
            let idle = self.broadcasts.is_empty()
                && self
                    .clients
                    .iter()
                    .all(|client| client.to_server.is_empty())
                && self.sockets.iter().flatten().all(|socket| {
                    socket.inbox.is_empty() && socket.wire.lock().unwrap().is_empty()
                });
            if idle {
                return;
            }
            self.queue(0);
            for who in 0..CLIENTS {
                self.read(who);
                self.handle(who);
                self.hear(who);
            }
        }
        panic!("it does not end");
    }
}

impl Socket {
    fn deliver(&self, packet: &EncodedPacket, volatile: bool) {
        let keep = |_: &_| true;
        self.gate
            .pass(packet, packet.number(), volatile, keep, |packet| {
                self.wire.lock().unwrap().push_back(packet.clone());
                true
            });
    }
}

fn parse(packet: &EncodedPacket) -> (String, usize, u32, String) {
    let text = packet.messages()[0].as_text().unwrap();
    serde_json::from_str(text.trim_start_matches('2')).unwrap()
}

proptest! {
    #[test]
    fn each_message_comes_once_and_in_order_or_its_loss_is_known(
        actions in prop::collection::vec(action(), 0..250)
    ) {
        let mut world = World::new();
        for action in actions {
            world.perform(action);
        }
        world.settle();
        // From here on everybody hears everything.
        let before: Vec<_> = world.clients.iter().map(|it| it.heard.clone()).collect();
        for who in 0..CLIENTS {
            world.perform(Action::Say(who));
        }
        world.settle();
        for (who, client) in world.clients.iter().enumerate() {
            prop_assert!(client.unsure.is_empty(), "acknowledged");
            for sender in 0..CLIENTS {
                let said = world.clients[sender].next - 1;
                prop_assert_eq!(client.heard.get(&sender), Some(&said), "{} {:?}", who, before);
            }
        }
        for who in 0..CLIENTS {
            let socket = world.sockets[who].as_mut().unwrap();
            prop_assert_eq!(socket.machine.kept(), 0);
            socket.machine.left(world.now.into_std(), socket.key);
            prop_assert!(socket.machine.poll_timeout().is_some(), "it ends one day");
        }
    }
}
