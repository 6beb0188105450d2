//! Caught by: an_event_has_four_fields
//!
//! Takes the slash off the endpoint.

/// A packet of Socket.IO 0.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The type, from 0 to 8.
    pub kind: u8,
    /// The number of an event that is to be acknowledged.
    pub id: Option<u64>,
    /// A `+` follows the number.
    pub wants_value: bool,
    /// The endpoint, or nothing.
    pub endpoint: String,
    /// The data, or nothing.
    pub data: String,
}

/// The text is not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Takes a packet apart.
///
/// # Errors
/// The text is not a packet.
pub fn parse(text: &str) -> Result<Packet, BadPacket> {
    // Not more than four parts: the colons of the data are its own.
    let mut fields = text.splitn(4, ':');
    let mut field = || fields.next().ok_or(BadPacket);
    let (kind, id, endpoint) = (field()?, field()?, field()?);
    let data = field().unwrap_or_default();
    let kind = match kind.as_bytes() {
        [digit @ b'0'..=b'8'] => digit - b'0',
        _ => return Err(BadPacket),
    };
    let (number, wants_value) = match id.strip_suffix('+') {
        Some(number) => (number, true),
        None => (id, false),
    };
    let id = if id.is_empty() {
        None
    } else if number.bytes().all(|byte| byte.is_ascii_digit()) {
        // `parse` itself would accept a sign in front.
        Some(number.parse().map_err(|_| BadPacket)?)
    } else {
        return Err(BadPacket);
    };
    if !endpoint.is_empty() && !endpoint.starts_with('/') {
        return Err(BadPacket);
    }
    Ok(Packet {
        kind,
        id,
        wants_value,
        endpoint: endpoint.trim_start_matches('/').to_owned(),
        data: data.to_owned(),
    })
}

/// Puts a packet together.
pub fn encode(packet: &Packet) -> String {
    let plus = if packet.wants_value { "+" } else { "" };
    let id = packet
        .id
        .map(|id| format!("{id}{plus}"))
        .unwrap_or_default();
    let mut text = format!("{}:{id}:{}", packet.kind, packet.endpoint);
    if !packet.data.is_empty() {
        text.push(':');
        text.push_str(&packet.data);
    }
    text
}
