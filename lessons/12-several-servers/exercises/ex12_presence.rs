//! # Who is there, when servers can die
//!
//! Every server tells the others which users join and leave it, and sends a heartbeat. A
//! server that dies says nothing. Write the table that each server keeps of the others.
//! Time is passed in as a `Duration` since the table was made.
//!
//! - A server is alive for `ttl` after it was last heard, and dead from that moment on. A
//!   heartbeat, a join and a leave are all heard.
//! - A user can be at a server several times, with several tabs, and at several servers. A
//!   leave ends one of these; the user is there while one is left. A leave without a join
//!   changes nothing, except that it is heard.
//! - `users` returns the users at servers that are alive, sorted, each once.
//! - `expire` removes the servers that are dead. It returns the users who are no longer at
//!   any server because of it, sorted, each once.
//! - A server that is heard again after its death starts without users, whether or not
//!   `expire` was called in between.
//! - `deadline` returns when the next server dies, or `None` without servers.
//!
//! Try it: `cargo test --test ex12_presence`

use std::time::Duration;

/// Which users are at which server.
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

    /// A server is alive.
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

    /// Returns the users that are there.
    pub fn users(&self, now: Duration) -> Vec<String> {
        todo!("exercise ex12_presence: who is there at {now:?}?")
    }

    /// Removes the servers that are dead, and returns the users that are gone with them.
    pub fn expire(&mut self, now: Duration) -> Vec<String> {
        todo!("exercise ex12_presence: who is dead at {now:?}?")
    }

    /// Returns when [`Presence::expire`] has to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        todo!("exercise ex12_presence: who dies next?")
    }
}
