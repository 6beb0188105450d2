//! Caught by: a_server_that_is_added_twice_is_there_once
//!
//! Removes as often as it has added.

use std::collections::BTreeSet;

/// A ring of servers.
#[derive(Debug)]
pub struct Ring {
    points: usize,
    hash: fn(&str) -> u64,
    places: BTreeSet<(u64, String)>,
    added: Vec<String>,
}

impl Ring {
    /// Returns a ring without servers.
    pub fn new(points: usize, hash: fn(&str) -> u64) -> Self {
        Self {
            points,
            hash,
            places: BTreeSet::new(),
            added: Vec::new(),
        }
    }

    /// Adds a server.
    pub fn add(&mut self, server: &str) {
        self.added.push(server.to_owned());
        for number in 0..self.points {
            let place = (self.hash)(&format!("{server}#{number}"));
            self.places.insert((place, server.to_owned()));
        }
    }

    /// Removes a server.
    pub fn remove(&mut self, server: &str) {
        if let Some(at) = self.added.iter().position(|name| name == server) {
            self.added.remove(at);
        }
        let added = &self.added;
        self.places.retain(|(_, name)| added.contains(name));
    }

    /// Returns the server that a key belongs to.
    pub fn owner(&self, key: &str) -> Option<&str> {
        let start = ((self.hash)(key), String::new());
        let mut places = self.places.range(start..);
        let (_, server) = places.next().or_else(|| self.places.first())?;
        Some(server)
    }
}
