//! Acknowledgements that the server asks for: an answer from one client, or from all of a
//! room.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::error::AckError;
use crate::socket::Socket;
use crate::wire::args::{Args, FromArgs};

/// How long a client may take to answer if nothing else was said.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Who waits for an acknowledgement: gets the client's arguments, or is dropped when the
/// client leaves.
pub(crate) type Waiting = mpsc::UnboundedSender<Args>;

/// An event has been sent, and its answer is due: await it.
#[must_use = "await it to get the answer"]
#[derive(Debug)]
pub struct EmitWithAck<T> {
    pub(crate) socket: Socket,
    pub(crate) id: u64,
    pub(crate) answers: mpsc::UnboundedReceiver<Args>,
    pub(crate) timeout: Duration,
    pub(crate) _answer: PhantomData<fn() -> T>,
}

impl<T> EmitWithAck<T> {
    /// How long the client may take. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Forgets the question when nobody waits for the answer any more.
struct Forget<'a>(&'a Socket, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.forget_ack(self.1);
    }
}

impl<T> Drop for EmitWithAck<T> {
    fn drop(&mut self) {
        self.socket.forget_ack(self.id);
    }
}

impl<T: FromArgs + 'static> IntoFuture for EmitWithAck<T> {
    type Output = Result<T, AckError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let deadline = Instant::now() + self.timeout;
            let answer = timeout_at(deadline, self.answers.recv())
                .await
                .map_err(|_| AckError::Timeout)?;
            let args = answer.ok_or(AckError::Disconnected)?;
            args.decode()
                .map_err(|error| AckError::Decode(error.to_string()))
        })
    }
}

/// What a room answered.
#[derive(Debug)]
pub struct Answers<T> {
    /// The answers that came in time, in the order they came.
    pub received: Vec<T>,
    /// How many clients did not answer in time, left, or answered something else.
    pub missing: usize,
}

/// Collects the answers of `sockets`, all asked with acknowledgement `id`.
pub(crate) async fn collect<T: FromArgs>(
    sockets: Vec<Socket>,
    id: u64,
    mut answers: mpsc::UnboundedReceiver<Args>,
    timeout: Duration,
) -> Answers<T> {
    let deadline = Instant::now() + timeout;
    let _forget: Vec<_> = sockets.iter().map(|socket| Forget(socket, id)).collect();
    let mut received = Vec::with_capacity(sockets.len());
    let mut heard = 0;
    // The channel ends when every client has answered or left.
    while heard < sockets.len() {
        let Ok(Some(args)) = timeout_at(deadline, answers.recv()).await else {
            break;
        };
        heard += 1;
        received.extend(args.decode().ok());
    }
    let missing = sockets.len() - received.len();
    Answers { received, missing }
}
