//! Reading a packet costs no more memory than what came justifies, and what is done
//! leaves nothing behind.

use allocation_counter::measure;
use proptest::prelude::*;
use socket_io::packet::Packet;
use socket_io::{Binary, Config, Io, Recovery, Socket};

use crate::support::{Client, calm, serve};

proptest! {
    #[test]
    fn a_packet_is_taken_apart_where_it_lies(
        text in "[0-6][0-9]{0,25}-?(/[a-z]{0,9},?)?[0-9]{0,22}[\\[{]?.*"
    ) {
        let info = measure(|| drop(Packet::parse(&text)));
        prop_assert_eq!(info.count_total, 0);
    }
}

#[test]
fn announced_attachments_and_depth_cost_nothing() {
    for text in [
        format!(
            r#"518446744073709551615-["x"{}]"#,
            ",{\"_placeholder\":true,\"num\":0}".repeat(1000)
        ),
        format!("2{}", "[".repeat(1_000_000)),
        format!("2[\"{}", "\\".repeat(1_000_000)),
    ] {
        let info = measure(|| drop(Packet::parse(&text)));
        assert_eq!(info.bytes_max, 0, "{}", &text[..40]);
    }
}

#[test]
fn a_connection_that_has_done_a_lot_is_no_bigger_than_before() {
    /// More than the server needs while it works, and less than it takes to remember 3000
    /// of anything.
    const SLACK: i64 = 30_000;

    // One thread for client and server, because memory is counted by thread.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on(
            "bytes",
            async |socket: Socket, room: String, bytes: Binary| {
                socket.join(room.clone()).unwrap();
                socket.namespace().to(room.as_str()).emit("heard", bytes);
                socket.leave(&room);
            },
        );
    });
    let mut client = runtime.block_on(async { Client::new(serve(&io).await).await });
    let mut talk = |rounds: usize| {
        runtime.block_on(async {
            for round in 0..rounds {
                let event = format!(
                    r#"51-7["bytes","room {round}",{{"_placeholder":true,"num":0}}]"#
                );
                client.send(&event).await;
                client.send_binary(b"some bytes").await;
                client.packet().await;
                client.binary().await;
                assert_eq!(client.packet().await, "37[]");
            }
        });
    };
    talk(100);
    let info = measure(|| talk(3000));
    assert!(
        info.bytes_current < SLACK,
        "{} bytes are left",
        info.bytes_current
    );
}

/// Not the encoding alone, but everything up to the clients' queues; the log, too.
#[test]
fn a_broadcast_costs_the_same_however_many_receive_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (recovery, at_most) in [(None, 5), (Some(Recovery::default()), 7)] {
        let io = Io::new(Config { recovery, ..calm() });
        let address = runtime.block_on(serve(&io));
        let mut clients = Vec::new();
        let mut costs = Vec::new();
        for count in [1, 20] {
            while clients.len() < count {
                clients.push(runtime.block_on(Client::new(address)));
            }
            let mut broadcast = || {
                let info = measure(|| io.emit("news", "tea is ready"));
                runtime.block_on(async {
                    for client in &mut clients {
                        client.packet().await;
                    }
                });
                info.count_total
            };
            // The first ones make room in the queues, and the list of members.
            let cost = (0..20).map(|_| broadcast()).min();
            costs.extend(cost);
        }
        let within = costs.iter().all(|cost| *cost <= at_most);
        assert!(within, "{costs:?}, recovery: {recovery:?}");
    }
}
