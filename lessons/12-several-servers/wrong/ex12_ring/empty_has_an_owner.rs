//! Caught by: an_empty_ring_owns_nothing
//!
//! Returns an empty name as the owner.

use std::collections::BTreeSet;

/// A ring of servers.
#[derive(Debug)]
pub struct Ring {
    points: usize,
    hash: fn(&str) -> u64,
    places: BTreeSet<(u64, String)>,
}

impl Ring {
    /// Returns a ring without servers.
    pub fn new(points: usize, hash: fn(&str) -> u64) -> Self {
        Self {
            points,
            hash,
            places: BTreeSet::new(),
        }
    }

    /// Adds a server.
    pub fn add(&mut self, server: &str) {
        for number in 0..self.points {
            let place = (self.hash)(&format!("{server}#{number}"));
            self.places.insert((place, server.to_owned()));
        }
    }

    /// Removes a server.
    pub fn remove(&mut self, server: &str) {
        self.places.retain(|(_, name)| name != server);
    }

    /// Returns the server that a key belongs to.
    pub fn owner(&self, key: &str) -> Option<&str> {
        let start = ((self.hash)(key), String::new());
        let mut places = self.places.range(start..);
        let (_, server) = places
            .next()
            .or_else(|| self.places.first())
            .map_or((0, ""), |(place, server)| (*place, server.as_str()));
        Some(server)
    }
}
