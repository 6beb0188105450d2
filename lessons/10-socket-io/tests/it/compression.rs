//! Compression of events over a real connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use engine_io::PerMessageDeflate;
use socket_io::{Binary, Config, Io, Recovery};
use websocket::{
    ClientHandshake, Decoder, Deflate, Event, Limits, Message, OpCode, Role,
    encode_masked_frame,
};

use crate::support::{PATIENCE, calm, serve, soon};

/// The first bytes of each frame tell how it was sent; so frames are read by hand.
struct Client {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let handshake =
            ClientHandshake::with_nonce([7; 16]).with_deflate(Deflate::default());
        let path = "/socket.io/?EIO=4&transport=websocket";
        let request = handshake.request(&address.to_string(), path, None);
        stream.write_all(&request).unwrap();
        let mut input = Vec::new();
        let (len, agreed) = loop {
            read(&mut stream, &mut input);
            if let Some(response) = handshake.verify_with(&input).unwrap() {
                break response;
            }
        };
        assert!(agreed.is_some(), "the server does not agree");
        input.drain(..len);
        let mut client = Self { stream, input };
        assert!(client.text().1.starts_with("0{"));
        let connect = encode_masked_frame(OpCode::Text, [0; 4], b"40");
        client.stream.write_all(&connect).unwrap();
        assert!(client.text().1.starts_with("40{"));
        client
    }

    /// The next message, and whether it came compressed.
    fn next(&mut self) -> (bool, Message) {
        loop {
            // Each time from the start of the frame: no message needs those before it.
            let mut copy = self.input.clone();
            let mut rest = copy.as_mut_slice();
            let mut decoder = Decoder::new(Role::Client, Limits::default())
                .with_deflate(Deflate::NO_CONTEXT);
            let message = match decoder.decode(&mut rest).unwrap() {
                Some(Event::Text(text)) => Message::Text(text.into_owned()),
                Some(Event::Binary(bytes)) => Message::Binary(bytes.into_owned()),
                other => {
                    assert_eq!(other, None);
                    read(&mut self.stream, &mut self.input);
                    continue;
                }
            };
            let compressed = self.input[0] & 0x40 != 0;
            let left = rest.len();
            self.input.drain(..self.input.len() - left);
            return (compressed, message);
        }
    }

    fn text(&mut self) -> (bool, String) {
        match self.next() {
            (compressed, Message::Text(text)) => (compressed, text),
            other => panic!("expected text, got {other:?}"),
        }
    }
}

fn read(stream: &mut TcpStream, input: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).unwrap();
    assert!(count > 0, "the server is gone");
    input.extend_from_slice(&buffer[..count]);
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    soon("a blocking client", tokio::task::spawn_blocking(work))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_event_is_compressed_unless_it_is_not_to_be() {
    for recovery in [None, Some(Recovery::default())] {
        let config = calm();
        let io = Io::new(Config {
            engine: engine_io::Config {
                per_message_deflate: Some(PerMessageDeflate::default()),
                ..config.engine
            },
            recovery,
            ..config
        });
        let address = serve(&io).await;
        let long = "tea or cake? ".repeat(200);
        let (said, picture) = (long.clone(), vec![7; 5000]);
        io.of("/", move |socket| {
            let all = socket.namespace().all();
            all.emit("said", &said);
            all.clone().compress(false).emit("said", &said);
            all.emit("said", "short");
            all.emit("picture", Binary(picture.clone().into()));
            socket.emit("said", &said);
            socket.compress(false).emit("said", &said);
        });
        blocking(move || {
            let mut client = Client::connect(address);
            for (expected, text) in [(true, &*long), (false, &long), (false, "short")] {
                let (compressed, packet) = client.text();
                assert_eq!(compressed, expected, "{packet}");
                assert!(packet.starts_with(&format!("42[\"said\",\"{text}\"")));
            }
            let (compressed, header) = client.text();
            assert!(!compressed && header.starts_with("451-[\"picture\""));
            let picture = Message::Binary(vec![7; 5000]);
            assert_eq!(client.next(), (true, picture));
            assert!(client.text().0);
            assert!(!client.text().0);
        })
        .await;
    }
}
