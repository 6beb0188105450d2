//! Caught by: a_leave_belongs_to_its_server
//!
//! Lets a leave count at every server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Which users are at which server.
#[derive(Debug)]
pub struct Presence {
    ttl: Duration,
    servers: BTreeMap<String, Server>,
}

#[derive(Debug, Default)]
struct Server {
    dies: Duration,
    /// How often each user is there, at least once.
    users: BTreeMap<String, usize>,
}

impl Presence {
    /// Returns an empty table, in which a server lives for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            servers: BTreeMap::new(),
        }
    }

    /// A server is alive.
    pub fn heartbeat(&mut self, now: Duration, server: &str) {
        self.alive(now, server);
    }

    /// A user joins at a server.
    pub fn join(&mut self, now: Duration, server: &str, user: &str) {
        let users = &mut self.alive(now, server).users;
        *users.entry(user.to_owned()).or_default() += 1;
    }

    /// A user leaves a server.
    pub fn leave(&mut self, now: Duration, server: &str, user: &str) {
        let users = &mut self.alive(now, server).users;
        users.entry(user.to_owned()).or_insert(1);
        for server in self.servers.values_mut() {
            if let Some(times) = server.users.get_mut(user) {
                *times -= 1;
                if *times == 0 {
                    server.users.remove(user);
                }
            }
        }
    }

    /// Returns the users that are there.
    pub fn users(&self, now: Duration) -> Vec<String> {
        let alive = self.servers.values().filter(|server| now < server.dies);
        let users: BTreeSet<_> = alive.flat_map(|server| server.users.keys()).collect();
        users.into_iter().cloned().collect()
    }

    /// Removes the servers that are dead, and returns the users that are gone with them.
    pub fn expire(&mut self, now: Duration) -> Vec<String> {
        let mut gone = BTreeSet::new();
        self.servers.retain(|_, server| {
            let is_alive = now < server.dies;
            if !is_alive {
                gone.extend(std::mem::take(&mut server.users).into_keys());
            }
            is_alive
        });
        for user in self.users(now) {
            gone.remove(&user);
        }
        gone.into_iter().collect()
    }

    /// Returns when [`Presence::expire`] has to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        self.servers.values().map(|server| server.dies).min()
    }

    /// The server, heard now.
    fn alive(&mut self, now: Duration, name: &str) -> &mut Server {
        let server = self.servers.entry(name.to_owned()).or_default();
        if server.dies <= now {
            server.users.clear();
        }
        server.dies = now + self.ttl;
        server
    }
}
