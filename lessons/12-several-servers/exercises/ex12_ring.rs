//! # Which server has the session?
//!
//! A proxy has to send all requests of a session to the same server. Write a ring for
//! consistent hashing: when a server is added or removed, only the sessions that have to
//! move do so.
//!
//! - The ring is the range of `u64`, bent into a circle. `hash` returns a text's place on
//!   it.
//! - Each server has `points` points on the ring, at the places of the texts `NAME#0`,
//!   `NAME#1` and so on.
//! - A key belongs to the server with the first point at the key's own place or after it.
//!   After the last point, the ring starts again from 0.
//! - Two servers can have a point at the same place. The key then belongs to the server
//!   whose name sorts first, no matter which was added first. If that server is removed,
//!   the other one owns the place.
//! - Adding a server twice is the same as adding it once. Removing a server that is not
//!   in the ring changes nothing.
//! - In a ring without servers, no key has an owner.
//!
//! Try it: `cargo test --test ex12_ring`

/// A ring of servers.
#[derive(Debug)]
pub struct Ring {
    points: usize,
    hash: fn(&str) -> u64,
    // Yours.
}

impl Ring {
    /// Returns a ring without servers.
    pub fn new(points: usize, hash: fn(&str) -> u64) -> Self {
        Self { points, hash }
    }

    /// Adds a server.
    pub fn add(&mut self, server: &str) {
        todo!(
            "exercise ex12_ring: {server} at {} places like {}",
            self.points,
            (self.hash)(server)
        )
    }

    /// Removes a server.
    pub fn remove(&mut self, server: &str) {
        todo!("exercise ex12_ring: {server} goes")
    }

    /// Returns the server that a key belongs to.
    pub fn owner(&self, key: &str) -> Option<&str> {
        todo!("exercise ex12_ring: whose is {key}?")
    }
}
