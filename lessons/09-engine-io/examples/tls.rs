//! The echo server with TLS, by rustls. The certificate is made when the program starts,
//! so browsers warn of it; a real one comes from two files.
//!
//! ```text
//! cargo run -p lesson-09-engine-io --features example-tls --example tls
//! curl --insecure 'https://localhost:3443/engine.io/?EIO=4&transport=polling'
//! ```

use std::sync::Arc;

use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

struct Echo;
struct EchoSession(Session);

impl Application for Echo {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        Arc::new(EchoSession(session))
    }
}

impl Receiver for EchoSession {
    fn message(&self, message: Message<'_>) {
        if let Message::Text(text) = message {
            let _ = self.0.send(&EncodedMessage::text(text));
        }
    }

    fn close(&self, _: CloseReason) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let acceptor = TlsAcceptor::from(Arc::new(tls));

    let listener = TcpListener::bind("127.0.0.1:3443").await?;
    println!("Listening on https://{}", listener.local_addr()?);
    let listener = engine_io::with_handshake(listener, move |tcp| acceptor.accept(tcp));
    let filter = engine_io::filter(&Server::new(Config::default(), Echo));
    let limits = ServeLimits::default();
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    engine_io::run(listener, filter, limits, ctrl_c).await?;
    Ok(())
}
