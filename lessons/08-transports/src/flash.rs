//! What is left of the Flash transport: its policy server.
//!
//! Flash movies had TCP sockets years before pages had WebSocket, so Socket.IO put an
//! invisible movie into the page, and the movie spoke WebSocket for it. Before a movie
//! could connect anywhere, the Flash player asked that host for permission, on port 843
//! or on a port that the movie named. The answer is an XML file.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

/// The port of the talk. Only root can listen on 843, because it is below 1024, so
/// gevent-socketio added 10,000.
pub const POLICY_PORT: u16 = 10843;
/// The request of a Flash player, with the zero byte that ends it.
pub const POLICY_REQUEST: &[u8] = b"<policy-file-request/>\0";

/// How long the server waits for the request.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the policy file: movies from `domain` are allowed to connect to `port` here.
/// It ends with a zero byte, as the request does.
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
/// Answers players on `listener` until this future is dropped. Any other request is
/// answered by closing the connection.
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
