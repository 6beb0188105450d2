//! Decoding costs no more memory than what came justifies, whatever it is.

use allocation_counter::measure;
use engine_io::{EncodedMessage, Packet, payload};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_packet_is_read_where_it_lies(text in "|[^b].*") {
        let info = measure(|| drop(Packet::decode(&text)));
        prop_assert_eq!(info.count_total, 0);
    }

    /// Base64 is three quarters of its text; what else is in a payload is read where it lies. The rest is what shared
    /// bytes cost, of one packet at a time.
    #[test]
    fn a_payload_costs_no_more_than_it_is_long(
        packets in proptest::collection::vec("b[A-Za-z0-9+/]{0,200}={0,2}|[0-9b]?.*", 0..20)
    ) {
        let body = packets.join("\u{1e}");
        let info = measure(|| payload::decode(&body).for_each(drop));
        prop_assert!(info.bytes_max <= body.len() as u64 + 64, "{} for {}", info.bytes_max, body.len());
    }
}

#[test]
fn a_million_separators_are_no_list() {
    let body = "\u{1e}".repeat(1_000_000);
    let info = measure(|| assert_eq!(payload::decode(&body).count(), 1_000_001));
    assert_eq!(info.bytes_max, 0);
}

#[test]
fn a_message_that_is_not_compressed_costs_nothing_for_it() {
    let text = "x".repeat(2000);
    // Its frame, and what counts who holds it.
    let info = measure(|| drop(EncodedMessage::text(&text)));
    assert_eq!(info.count_total, 2);
    let message = EncodedMessage::text(&text);
    let first = measure(|| drop(message.clone()));
    let second = measure(|| drop(message.clone()));
    assert_eq!((first.count_total, second.count_total), (0, 0));
    assert!(size_of::<EncodedMessage>() <= 48);
}
