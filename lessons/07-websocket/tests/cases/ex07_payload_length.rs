//! What `payload_length` has to do. Sections are those of chapter 7.

use super::subject::{WrongLength, payload_length};

#[test]
fn a_short_length_is_in_the_byte_itself() {
    for len in [0, 1, 125] {
        let read = payload_length(&[len, 0xff, 0xff]);
        assert_eq!(
            read,
            Ok(Some((u64::from(len), 1))),
            "(left: yours, right: wanted) up to 125, the seven bits are the length. \
             See \"The payload length\"."
        );
    }
}

#[test]
fn the_mask_bit_is_not_part_of_the_length() {
    let read = payload_length(&[0x85, 1, 2, 3, 4]);
    assert_eq!(
        read,
        Ok(Some((5, 1))),
        "(left: yours, right: wanted) 0x85 is the mask bit and a length of 5. \
         See \"Bits, bytes and hex\"."
    );
    let read = payload_length(&[0xfe, 1, 0, 1, 2, 3, 4]);
    assert_eq!(
        read,
        Ok(Some((256, 3))),
        "(left: yours, right: wanted) 0xfe is the mask bit and 126: the length is in the \
         next two bytes. See \"Bits, bytes and hex\"."
    );
}

#[test]
fn a_length_in_two_bytes() {
    for len in [126_u16, 300, 65_535] {
        let [high, low] = len.to_be_bytes();
        let read = payload_length(&[126, high, low, 9]);
        assert_eq!(
            read,
            Ok(Some((u64::from(len), 3))),
            "(left: yours, right: wanted) 126 says that two bytes follow, the most \
             significant first: {high:02x} {low:02x}. See \"The payload length\"."
        );
    }
}

#[test]
fn a_length_in_eight_bytes() {
    for len in [65_536_u64, 5_000_000_000, i64::MAX as u64] {
        let bytes = [&[127][..], &len.to_be_bytes(), &[9]].concat();
        let read = payload_length(&bytes);
        assert_eq!(
            read,
            Ok(Some((len, 9))),
            "(left: yours, right: wanted) 127 says that eight bytes follow. \
             See \"The payload length\"."
        );
    }
}

#[test]
fn an_incomplete_length_is_not_an_error() {
    for whole in [&[5][..], &[126, 1, 0], &[127, 0, 0, 0, 0, 0, 1, 0, 0]] {
        for cut in 0..whole.len() {
            let read = payload_length(&whole[..cut]);
            assert_eq!(
                read,
                Ok(None),
                "(left: yours, right: wanted) {:?} is only a part of the length: the \
                 rest arrives with the next read. See \"The payload length\".",
                &whole[..cut]
            );
        }
    }
}

#[test]
fn a_length_has_its_shortest_form() {
    for bytes in [
        &[126, 0, 125][..],
        &[126, 0, 0],
        &[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
    ] {
        let read = payload_length(bytes);
        assert_eq!(
            read,
            Err(WrongLength::NotShortest),
            "(left: yours, right: wanted) the length in {bytes:?} fits into a shorter \
             form. See \"The payload length\"."
        );
    }
}

#[test]
fn the_top_bit_stays_clear() {
    let read = payload_length(&[127, 0x80, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        read,
        Err(WrongLength::TopBit),
        "(left: yours, right: wanted) the highest of the 64 bits is set. \
         See \"The payload length\"."
    );
}
