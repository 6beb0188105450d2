//! The cost of a broadcast: a packet made once and shared, or made again for each
//! receiver.

use std::hint::black_box;
use std::time::Instant;

use engine_io::EncodedMessage;

const TURNS: usize = 7;

/// Microseconds for a broadcast without the network, by the number of receivers, as CSV.
pub(crate) fn broadcast() {
    terminal::say!("receivers,encoded once,encoded for each");
    for receivers in [1_usize, 10, 100, 1_000, 10_000] {
        let (mut once, mut each) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            once.push(time(|| {
                let packet = encode();
                let queues: Vec<_> = (0..receivers).map(|_| packet.clone()).collect();
                drop(black_box(queues));
            }));
            each.push(time(|| {
                let queues: Vec<_> = (0..receivers).map(|_| encode()).collect();
                drop(black_box(queues));
            }));
        }
        terminal::say!("{receivers},{:.2},{:.2}", median(once), median(each));
    }
}

/// The packet of a chat message, with the header of its frame.
fn encode() -> EncodedMessage {
    let arguments = (
        "msg_to_room",
        black_box("Ann"),
        black_box("is it ready, and is there cake with it?"),
    );
    let json = serde_json::to_string(&arguments).unwrap_or_default();
    EncodedMessage::text(&format!("2/chat,{json}"))
}

/// Microseconds for one of many runs.
fn time(work: impl Fn()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while runs < 3 || start.elapsed().as_millis() < 20 {
        work();
        runs += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
