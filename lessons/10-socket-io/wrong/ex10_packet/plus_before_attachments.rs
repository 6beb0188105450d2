//! Caught by: a_binary_packet_needs_a_number_of_attachments
//!
//! Leaves the check of the digits to `parse`, which accepts `+1`.

/// The parts of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// 0 connect, 1 disconnect, 2 event, 3 acknowledgement, 4 connect error, 5 binary
    /// event, 6 binary acknowledgement.
    pub kind: u8,
    /// How many attachments follow.
    pub attachments: usize,
    /// `/` if the text has none.
    pub namespace: &'a str,
    /// The number of the question that this is, or that this answers.
    pub id: Option<u64>,
    /// The rest of the text.
    pub data: &'a str,
}

/// The text does not have the form of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Returns the parts of a packet.
///
/// # Errors
/// The text does not have the form of a packet.
pub fn parse(text: &str) -> Result<Packet<'_>, BadPacket> {
    let kind = match text.bytes().next() {
        Some(byte @ b'0'..=b'6') => byte - b'0',
        _ => return Err(BadPacket),
    };
    let mut rest = &text[1..];
    let mut attachments = 0;
    if kind >= 5 {
        let (digits, behind) = rest.split_once('-').ok_or(BadPacket)?;
        attachments = digits.parse().map_err(|_| BadPacket)?;
        if attachments == 0 {
            return Err(BadPacket);
        }
        rest = behind;
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        match rest.split_once(',') {
            Some((name, behind)) => (namespace, rest) = (name, behind),
            None => (namespace, rest) = (rest, ""),
        }
    }
    let (digits, data) = digits(rest);
    let id = if digits.is_empty() {
        None
    } else {
        Some(digits.parse().map_err(|_| BadPacket)?)
    };
    Ok(Packet {
        kind,
        attachments,
        namespace,
        id,
        data,
    })
}

/// The digits at the beginning, and what is behind them.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}
