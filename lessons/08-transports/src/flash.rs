//! What is left of the Flash transport: its policy server.
//!
//! Flash films had TCP sockets years before pages had WebSocket, so Socket.IO put an
//! invisible film into the page and spoke WebSocket through it. Before it connected
//! anywhere, Flash asked that host, on port 843 or one that the film named, whether films
//! from elsewhere may: that question is all that it sent there, and an XML file was the
//! answer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// The port of the talk: 843 is below 1024 and so for root alone; gevent-socketio put
/// 10,000 on top.
pub const POLICY_PORT: u16 = 10843;
/// What a Flash player sends, with the zero byte that ends it.
pub const POLICY_REQUEST: &[u8] = b"<policy-file-request/>\0";

/// How long a player may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file: films from `domain` may connect to `port` here. Ends with a zero byte, as
/// the request does.
pub fn policy(domain: &str, port: u16) -> Vec<u8> {
    let domain = domain
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    let xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE cross-domain-policy SYSTEM \
         \"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd\"><cross-domain-policy>\
         <allow-access-from domain=\"{domain}\" to-ports=\"{port}\"/></cross-domain-policy>\0"
    );
    xml.into_bytes()
}

// ANCHOR: serve_policy
/// Answers players on `listener` until it is dropped. Whoever asks for something else is
/// hung up on.
pub async fn serve_policy(listener: TcpListener, domain: &str, port: u16) {
    let answer: &'static [u8] = policy(domain, port).leak();
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        tokio::spawn(timeout(PATIENCE, async move {
            let mut request = [0; POLICY_REQUEST.len()];
            stream.read_exact(&mut request).await?;
            if request == POLICY_REQUEST {
                stream.write_all(answer).await?;
            }
            stream.shutdown().await?;
            io::Result::Ok(())
        }));
    }
}
// ANCHOR_END: serve_policy
