//! # Which server has the session?
//!
//! A proxy has to send all requests of a session to the same server. Write a ring for
//! consistent hashing: when a server comes or goes, only the sessions move that have to.
//!
//! - The ring is the range of `u64`, closed to a circle. `hash` gives a text its place.
//! - Each server has `points` places on it: those of the texts `NAME#0`, `NAME#1` and so
//!   on.
//! - A key belongs to the server of the first point at the key's own place or after it.
//!   After the last point, the ring starts again from 0.
//! - Two servers can have a point at the same place. There the one whose name sorts first
//!   counts, whichever was added first. When that one goes, the place is the other's.
//! - A server that is added twice is there once. To remove a server that is not there
//!   changes nothing.
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
