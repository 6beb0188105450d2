//! Reading a packet costs no more memory than what came justifies, whatever it is.

use allocation_counter::measure;
use proptest::prelude::*;
use socket_io::packet::Packet;

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
        format!(r#"518446744073709551615-["x"{}]"#, ",{\"_placeholder\":true,\"num\":0}".repeat(1000)),
        format!("2{}", "[".repeat(1_000_000)),
        format!("2[\"{}", "\\".repeat(1_000_000)),
    ] {
        let info = measure(|| drop(Packet::parse(&text)));
        assert_eq!(info.bytes_max, 0, "{}", &text[..40]);
    }
}
