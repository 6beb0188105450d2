//! WebSocket: lesson 07's [`Connection`] over the connection that hyper hands over.

use std::io;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use warp::reply::Response;
use websocket::{CloseCode, Connection, Event, Limits, accept_key};

use crate::long_polling::reply;
use crate::{Hub, Reader};

/// How long a client has to answer a close frame.
const LINGER: Duration = Duration::from_secs(5);

/// Returns the response to a handshake: 101, or an error that says what is wrong.
pub(crate) fn response(
    hub: &Hub,
    reader: Reader,
    headers: &HeaderMap,
    on_upgrade: Option<OnUpgrade>,
) -> Response {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if text(header::SEC_WEBSOCKET_VERSION) != Some("13") {
        let mut response = reply(
            StatusCode::UPGRADE_REQUIRED,
            "text/plain",
            "WebSocket version 13\n".to_owned(),
        );
        response.headers_mut().insert(
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        );
        return response;
    }
    let accept = text(header::SEC_WEBSOCKET_KEY)
        .and_then(|key| HeaderValue::try_from(accept_key(key)).ok());
    let (Some(accept), Some(on_upgrade)) = (accept, on_upgrade) else {
        return reply(
            StatusCode::BAD_REQUEST,
            "text/plain",
            "not a WebSocket handshake\n".to_owned(),
        );
    };
    let hub = hub.clone();
    tokio::spawn(async move {
        if let Ok(upgraded) = on_upgrade.await {
            let _ = carry(TokioIo::new(upgraded), reader, &hub).await;
        }
    });
    let mut response =
        reply(StatusCode::SWITCHING_PROTOCOLS, "text/plain", String::new());
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Sends events to the client and publishes its messages until the connection ends.
async fn carry(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    mut reader: Reader,
    hub: &Hub,
) -> io::Result<()> {
    let limits = Limits {
        max_message: hub.limits().upstream,
        ..Limits::default()
    };
    let mut connection = Connection::server(limits);
    let mut buffer = [0; 4096];
    let mut told = false;
    // ANCHOR: carry
    loop {
        io.write_all(&connection.take_output()).await?;
        if connection.is_closed() {
            return io.shutdown().await;
        }
        tokio::select! {
            events = reader.next(), if !told => match events {
                Ok(events) => events.iter().for_each(|event| {
                    let _ = connection.text(&event.json());
                }),
                Err(missed) => {
                    connection.close(CloseCode::NORMAL, &missed.to_string());
                    told = true;
                }
            },
            read = timeout(
                if told { LINGER } else { Duration::MAX },
                io.read(&mut buffer),
            ) => {
                let len = read??;
                if len == 0 {
                    return Ok(());
                }
                let mut input = &mut buffer[..len];
                while let Ok(Some(event)) = connection.receive(&mut input) {
                    if let Event::Text(text) = event {
                        hub.publish(&text);
                    }
                }
            }
        }
    }
    // ANCHOR_END: carry
}
