//! The rules above single messages: what is answered, and in which order a connection
//! ends.

use websocket::{
    CloseCode, CloseFrame, Closing, Connection, Event, Limits, ProtocolError,
};

fn server() -> Connection {
    Connection::server(Limits::default())
}

fn client() -> Connection {
    Connection::client(Limits::default(), || [0x37, 0xfa, 0x21, 0x3d])
}

/// What `to` reads of what `from` has written, and its error if there is one.
fn pass(
    from: &mut Connection,
    to: &mut Connection,
) -> (Vec<Event<'static>>, Option<ProtocolError>) {
    let mut bytes = from.take_output();
    let mut input = bytes.as_mut_slice();
    let mut events = Vec::new();
    loop {
        match to.receive(&mut input) {
            Ok(Some(event)) => events.push(owned(event)),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(text.into_owned().into()),
        Event::Binary(bytes) => Event::Binary(bytes.into_owned().into()),
        Event::Ping(bytes) => Event::Ping(bytes.into_owned().into()),
        Event::Pong(bytes) => Event::Pong(bytes.into_owned().into()),
        Event::Close(frame) => Event::Close(frame),
    }
}

fn goodbye(reason: &str) -> Event<'static> {
    Event::Close(Some(CloseFrame {
        code: CloseCode::NORMAL,
        reason: reason.into(),
    }))
}

#[test]
fn messages_go_both_ways() {
    let (mut client, mut server) = (client(), server());
    client.text("tea?").unwrap();
    client.binary(&[0, 255]).unwrap();
    let (events, error) = pass(&mut client, &mut server);
    assert_eq!(
        events,
        [
            Event::Text("tea?".into()),
            Event::Binary(vec![0, 255].into())
        ]
    );
    assert_eq!(error, None);
    server.text("yes").unwrap();
    assert_eq!(
        pass(&mut server, &mut client).0,
        [Event::Text("yes".into())]
    );
}

#[test]
fn a_ping_is_answered_with_what_it_carried() {
    let (mut client, mut server) = (client(), server());
    client.ping(b"there?").unwrap();
    pass(&mut client, &mut server);
    assert_eq!(
        pass(&mut server, &mut client).0,
        [Event::Pong(b"there?"[..].into())]
    );
    client.ping(&[7; 300]).unwrap();
    let (events, error) = pass(&mut client, &mut server);
    assert_eq!(
        (events.len(), error),
        (1, None),
        "a long payload is cut to what a ping can carry"
    );
}

#[test]
fn a_close_frame_is_answered_once_and_ends_both_sides() {
    let (mut client, mut server) = (client(), server());
    client.close(CloseCode::NORMAL, "tea is ready");
    assert!(!client.is_closed(), "the server has not answered");
    assert_eq!(pass(&mut client, &mut server).0, [goodbye("tea is ready")]);
    assert!(server.is_closed());
    assert_eq!(pass(&mut server, &mut client).0, [goodbye("tea is ready")]);
    assert!(client.is_closed());
    assert_eq!(client.take_output(), [], "an answer is not answered");
}

#[test]
fn both_may_begin_to_close_at_once() {
    let (mut client, mut server) = (client(), server());
    client.close(CloseCode::NORMAL, "");
    server.close(CloseCode::GOING_AWAY, "");
    pass(&mut client, &mut server);
    pass(&mut server, &mut client);
    assert!(client.is_closed() && server.is_closed());
    assert_eq!(
        (client.take_output(), server.take_output()),
        (vec![], vec![])
    );
}

#[test]
fn behind_our_close_frame_nothing_is_sent() {
    let mut server = server();
    server.close(CloseCode::GOING_AWAY, "");
    server.close(CloseCode::NORMAL, "again");
    assert_eq!(server.text("more"), Err(Closing));
    assert_eq!(server.ping(b""), Err(Closing));
    let mut client = client();
    client.ping(b"still there?").unwrap();
    pass(&mut client, &mut server);
    let output = server.take_output();
    assert_eq!(
        output, b"\x88\x02\x03\xe9",
        "one close frame, and neither a second nor a pong behind it"
    );
}

#[test]
fn messages_that_were_under_way_when_we_closed_still_come() {
    let (mut client, mut server) = (client(), server());
    server.close(CloseCode::GOING_AWAY, "");
    client.text("crossing").unwrap();
    assert_eq!(
        pass(&mut client, &mut server).0,
        [Event::Text("crossing".into())]
    );
}

#[test]
fn who_breaks_a_rule_is_told_which_and_heard_no_more() {
    let mut server = server();
    let mut bytes = b"\x81\x02Hi\x81\x80\0\0\0\0".to_vec();
    let mut input = bytes.as_mut_slice();
    assert_eq!(server.receive(&mut input), Err(ProtocolError::NotMasked));
    assert_eq!(
        server.receive(&mut input),
        Ok(None),
        "what stands behind is not looked at"
    );
    assert!(server.is_closed());
    let told = pass(&mut server, &mut client()).0;
    let Some(Event::Close(Some(frame))) = told.first() else {
        panic!("told {told:?}")
    };
    assert_eq!(
        (frame.code, frame.reason.as_str()),
        (CloseCode::PROTOCOL_ERROR, "a client's frame is not masked")
    );
    assert_eq!(server.text("more"), Err(Closing));
}

#[test]
fn each_frame_of_a_client_has_a_key_of_its_own() {
    let mut next = 0;
    let mut client = Connection::client(Limits::default(), move || {
        next += 1;
        [next; 4]
    });
    client.text("a").unwrap();
    client.text("a").unwrap();
    assert_eq!(
        client.take_output(),
        b"\x81\x81\x01\x01\x01\x01\x60\x81\x81\x02\x02\x02\x02\x63"
    );
}
