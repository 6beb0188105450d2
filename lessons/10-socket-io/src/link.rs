//! The calls from a socket to its connection. A trait, so that the socket does not know
//! the connection, which knows the sockets.

use crate::ack::AckSender;
use crate::limits::Limits;
use crate::machine::Key;
use crate::tasks::Tasks;

/// A socket's connection.
pub(crate) trait Link: Send + Sync {
    /// The limits on what the client may make the server keep.
    fn limits(&self) -> &Limits;
    /// Where the socket's tasks run.
    fn tasks(&self) -> &Tasks;
    /// The client is asked something. Returns `false` if it has left.
    fn ask(&self, key: Key, id: u64, question: AckSender) -> bool;
    /// The answer is no longer awaited.
    fn forget(&self, key: Key, id: u64);
    /// An event has been handled.
    fn work_done(&self, cost: usize);
    /// The socket has left its namespace, which has this name if it is dynamic.
    fn left(&self, key: Key, dynamic: Option<&str>);
    /// Puts the client out of all its namespaces, and closes the session.
    fn disconnect_all(&self);
}
