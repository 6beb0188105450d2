//! A Socket.IO client for tests, by hand, so that a test sees each packet: one namespace
//! over one WebSocket.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::interval;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::soon;

/// A client that is connected to one namespace: `/chat`, unless another is named.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    /// The secret id of the Engine.IO session.
    pub(crate) session: String,
    /// The server's answer to CONNECT: `sid`, and `pid` for recovery.
    pub(crate) connected: Value,
    /// The offset of the latest event.
    offset: Value,
    calls: u64,
    events: VecDeque<Vec<Value>>,
    answers: VecDeque<(u64, Vec<Value>)>,
    namespace: &'static str,
}

impl Client {
    /// Connects, with this auth payload.
    pub(crate) async fn connect(port: u16, auth: Value) -> Self {
        let client = Self::connect_to(port, "/chat", auth).await;
        client.unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// Connects to a namespace. Returns what it answers if it refuses.
    pub(crate) async fn connect_to(
        port: u16,
        namespace: &'static str,
        auth: Value,
    ) -> Result<Self, Value> {
        soon("a connection", async {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let address =
                format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
            let (socket, _) = client_async(address, stream).await.unwrap();
            let mut client = Self {
                socket,
                session: String::new(),
                connected: Value::Null,
                offset: Value::Null,
                calls: 0,
                events: VecDeque::new(),
                answers: VecDeque::new(),
                namespace,
            };
            let opened: Value = client.reply("0").await;
            client.session = opened["sid"].as_str().unwrap().to_owned();
            client.send(&format!("40{namespace},{auth}")).await;
            let answer = client.packet().await.unwrap();
            if let Some(refused) = answer.strip_prefix(&format!("44{namespace},")) {
                return Err(serde_json::from_str(refused).unwrap());
            }
            let connected = answer.strip_prefix(&format!("40{namespace},"));
            client.connected = serde_json::from_str(connected.unwrap()).unwrap();
            Ok(client)
        })
        .await
    }

    /// Connects, joins the room and takes the nickname.
    pub(crate) async fn seated(port: u16, room: &str, nickname: &str) -> Self {
        let mut client = Self::connect(port, json!({})).await;
        assert_eq!(client.call("join", json!([room])).await, [json!(true)]);
        assert_eq!(
            client.call("nickname", json!([nickname])).await,
            [json!(true), json!(nickname)]
        );
        client
    }

    /// The auth payload with which this client would be recovered.
    pub(crate) fn ticket(&self) -> Value {
        json!({ "pid": self.connected["pid"], "offset": self.offset })
    }

    /// Emits an event and waits for its acknowledgement.
    pub(crate) async fn call(&mut self, event: &str, arguments: Value) -> Vec<Value> {
        let id = self.start_call(event, arguments).await;
        soon("an acknowledgement", async {
            loop {
                if let Some(at) = self
                    .answers
                    .iter()
                    .position(|(answered, _)| *answered == id)
                {
                    return self.answers.remove(at).unwrap().1;
                }
                assert!(self.receive().await, "closed before the acknowledgement");
            }
        })
        .await
    }

    /// Emits an event and does not wait. Gives the id of the acknowledgement to come.
    pub(crate) async fn start_call(&mut self, event: &str, arguments: Value) -> u64 {
        let id = self.calls;
        self.calls += 1;
        let Value::Array(mut packet) = arguments else {
            panic!("arguments are an array")
        };
        packet.insert(0, event.into());
        let namespace = self.namespace;
        self.send(&format!("42{namespace},{id}{}", Value::Array(packet)))
            .await;
        id
    }

    /// Sends `rate` events a second, each with one argument, until the connection ends,
    /// and reads all that arrives.
    pub(crate) async fn flood(
        self,
        rate: u32,
        event: impl Fn(u64) -> (&'static str, String),
    ) {
        let (mut sending, receiving) = self.socket.split();
        let send = async {
            let mut tick = interval(Duration::from_secs(1) / rate);
            for number in self.calls.. {
                tick.tick().await;
                let packet = json!(event(number));
                let packet = format!("42{},{number}{packet}", self.namespace);
                if sending.send(Message::text(packet)).await.is_err() {
                    return;
                }
            }
        };
        let receive = receiving.for_each(|_| std::future::ready(()));
        tokio::select! {
            () = send => {}
            () = receive => {}
        }
    }

    /// The next acknowledgement with its id, or `None` when the connection has ended.
    pub(crate) async fn answer(&mut self) -> Option<(u64, Vec<Value>)> {
        while self.answers.is_empty() && self.receive().await {}
        self.answers.pop_front()
    }

    /// The arguments of the next event of that name. Other events stay for later.
    pub(crate) async fn event(&mut self, name: &str) -> Vec<Value> {
        soon(name, async {
            loop {
                if let Some(at) = self.events.iter().position(|event| event[0] == name) {
                    return self.events.remove(at).unwrap().split_off(1);
                }
                assert!(self.receive().await, "closed before {name}");
            }
        })
        .await
    }

    /// Waits until the room hears that exactly these people are there.
    pub(crate) async fn sees(&mut self, nicknames: &[&str]) {
        while self.event("nicknames").await[0] != json!(nicknames) {}
    }

    /// Whether an event of that name has arrived and was not asked for yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.count(name) > 0
    }

    /// How many events of that name have arrived and were not asked for yet.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.events.iter().filter(|event| event[0] == name).count()
    }

    /// Leaves on purpose, as `socket.disconnect()` does.
    pub(crate) async fn disconnect(mut self) {
        self.send(&format!("41{},", self.namespace)).await;
        // The server has seen it when it has closed in turn.
        let _ = self.socket.close(None).await;
        self.ended().await;
    }

    /// Waits for the server to end the connection, and ends it in turn.
    pub(crate) async fn ended(mut self) {
        soon("the end of a connection", async {
            while self.receive().await {}
        })
        .await;
    }

    /// The next packet, which starts like this, and its JSON.
    async fn reply(&mut self, start: &str) -> Value {
        let packet = self.packet().await.unwrap();
        serde_json::from_str(packet.strip_prefix(start).unwrap()).unwrap()
    }

    /// The next raw packet, pings answered; `None` when the connection has ended.
    async fn packet(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if text == "2" => self.send("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Err(_)) | None => return None,
                // A close frame among them: reading on answers it.
                Some(Ok(_)) => {}
            }
        }
    }

    /// Receives one packet and files it. False when the connection has ended.
    async fn receive(&mut self) -> bool {
        let Some(packet) = self.packet().await else {
            return false;
        };
        let parsed = |json: &str| serde_json::from_str::<Vec<Value>>(json).unwrap();
        if let Some(event) = packet.strip_prefix(&format!("42{},", self.namespace)) {
            let mut event = parsed(event);
            // Connection state recovery adds an argument, the offset; not to what is sent
            // while connecting.
            if event.len() > 2 {
                self.offset = event.pop().unwrap();
            }
            self.events.push_back(event);
        } else if let Some(answer) =
            packet.strip_prefix(&format!("43{},", self.namespace))
        {
            let (id, arguments) = answer.split_at(answer.find('[').unwrap());
            self.answers
                .push_back((id.parse().unwrap(), parsed(arguments)));
        } else {
            assert!(
                packet.starts_with("41/") || packet == "1" || packet == "6",
                "not expected: {packet}"
            );
        }
        true
    }

    async fn send(&mut self, packet: &str) {
        // When the other end is gone, what is waited for next says so.
        let _ = self.socket.send(Message::text(packet)).await;
    }
}
