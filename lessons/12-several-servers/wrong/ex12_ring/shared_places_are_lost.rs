//! Caught by: a_shared_place_is_the_others_when_one_goes
//!
//! Removes a place even if another server has a point there.

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
        for number in 0..self.points {
            let place = (self.hash)(&format!("{server}#{number}"));
            self.places.retain(|(other, _)| *other != place);
        }
    }

    /// Returns the server that a key belongs to.
    pub fn owner(&self, key: &str) -> Option<&str> {
        let start = ((self.hash)(key), String::new());
        let mut places = self.places.range(start..);
        let (_, server) = places.next().or_else(|| self.places.first())?;
        Some(server)
    }
}
