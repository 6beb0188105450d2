//! Caught by: at_the_same_place_the_name_that_sorts_first_counts
//!
//! Takes the name that sorts last.

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
        let (place, server) = places.next().or_else(|| self.places.first())?;
        let same = self.places.iter().rfind(|(other, _)| other == place);
        let server = same.map_or(server, |(_, server)| server);
        Some(server)
    }
}
