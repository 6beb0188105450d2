//! # Who is online, when servers can die
//!
//! Every server tells the others which users join and leave it, and sends heartbeats. A
//! server that dies sends nothing. Write the table in which one server keeps what it
//! knows of the others. Times are passed in, as a `Duration` since the table was created.
//!
//! - A server is alive until `ttl` has passed since it was last heard. At exactly that
//!   moment it is dead. A server is heard when it sends a heartbeat, a join or a leave.
//! - A user can have several tabs, at one server or at several. A join adds one tab at
//!   one server, and a leave removes one there. The user is online while any tab is left.
//!   A leave without a join changes nothing, except that the server was heard.
//! - `users` returns the users at servers that are alive, sorted, each once.
//! - `expire` removes the dead servers. It returns the users who are offline because of
//!   that, sorted, each once: those with no tab left at a server that is alive.
//! - A server that is heard again after its death starts without users, whether or not
//!   `expire` was called in between.
//! - `deadline` returns the time at which the next server dies, or `None` if the table
//!   has no servers.
//!
//! Try it: `cargo test --test ex12_presence`

use std::time::Duration;

/// The users at each server.
#[derive(Debug)]
pub struct Presence {
    ttl: Duration,
    // Yours.
}

impl Presence {
    /// Returns an empty table, in which a server lives for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl }
    }

    /// A server has sent a heartbeat.
    pub fn heartbeat(&mut self, now: Duration, server: &str) {
        todo!(
            "exercise ex12_presence: {server} at {now:?}, for {:?}",
            self.ttl
        )
    }

    /// A user joins at a server.
    pub fn join(&mut self, now: Duration, server: &str, user: &str) {
        todo!("exercise ex12_presence: {user} joins {server} at {now:?}")
    }

    /// A user leaves a server.
    pub fn leave(&mut self, now: Duration, server: &str, user: &str) {
        todo!("exercise ex12_presence: {user} leaves {server} at {now:?}")
    }

    /// Returns the users who are online.
    pub fn users(&self, now: Duration) -> Vec<String> {
        todo!("exercise ex12_presence: who is online at {now:?}?")
    }

    /// Removes the dead servers, and returns the users who are offline because of that.
    pub fn expire(&mut self, now: Duration) -> Vec<String> {
        todo!("exercise ex12_presence: who is dead at {now:?}?")
    }

    /// Returns when [`Presence::expire`] has to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        todo!("exercise ex12_presence: who dies next?")
    }
}
