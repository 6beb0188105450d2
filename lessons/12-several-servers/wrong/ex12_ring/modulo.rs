//! Caught by: only_the_sessions_of_a_server_that_goes_move
//!
//! Divides the hash by the number of servers.

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
        let servers: BTreeSet<_> = self.places.iter().map(|(_, name)| name).collect();
        let count = u64::try_from(servers.len())
            .ok()
            .filter(|count| *count > 0)?;
        let place = usize::try_from((self.hash)(key) % count).ok()?;
        servers.into_iter().nth(place).map(String::as_str)
    }
}
