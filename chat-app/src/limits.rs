//! How much one person, and one address, may do.
//!
//! One loud client must not disturb the others, and in a chat everything that one person
//! does is sent to many. So each kind of action has a *token bucket* per person: it holds
//! what is allowed in a minute, each action takes a token, and tokens come back at the
//! same rate. But a program can make up as many secrets as it likes, and
//! with each of them it is another person. So there is a second bucket per address, larger because an office
//! or a school shares one.
//!
//! The buckets are the crate governor's. It keeps one number per key; keys are hashes, a
//! full bucket is forgotten ([`Limiter::tidy`]), and beyond [`MAX_KEYS`] all new keys
//! share one bucket.

use std::fmt::Display;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha1::{Digest, Sha1};

use crate::cluster::Bucket;
use crate::presence::Person;

/// The most buckets of one kind.
pub const MAX_KEYS: usize = 100_000;

/// The limits. Zero means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one person in a minute.
    pub messages: u32,
    /// Nicknames that one person takes in a minute.
    pub renames: u32,
    /// Times that one person comes into a room in a minute.
    pub joins: u32,
    /// New rooms of one person in a minute.
    pub new_rooms: u32,
    /// Pages of older history, and lists of people, that one person asks for in a minute.
    pub reads: u32,
    /// How many people may share an address: it may do this many times as much as one
    /// person.
    pub people_per_address: u32,
    /// Connections of one address.
    pub connections_per_address: u32,
    /// Rooms made by one address, as long as they exist.
    pub rooms_per_address: u32,
    /// People of one address who are away and whose nickname is kept.
    pub away_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: 60,
            renames: 20,
            joins: 60,
            new_rooms: 10,
            reads: 240,
            people_per_address: 30,
            connections_per_address: 1000,
            rooms_per_address: 50,
            away_per_address: 100,
        }
    }
}

impl Limits {
    /// Without limits, for tests and benchmarks.
    pub const NONE: Self = Self {
        messages: 0,
        renames: 0,
        joins: 0,
        new_rooms: 0,
        reads: 0,
        people_per_address: 0,
        connections_per_address: 0,
        rooms_per_address: 0,
        away_per_address: 0,
    };
}

/// A limit as a number of things, where zero means none.
pub(crate) fn at_most(limit: u32) -> usize {
    match limit {
        0 => usize::MAX,
        limit => limit as usize,
    }
}

/// Something that a person does, and of which there can be too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Says something.
    Message,
    /// Takes a nickname.
    Rename,
    /// Comes into a room.
    Join,
    /// Makes a room.
    NewRoom,
    /// Asks for older messages or for the list of people.
    Read,
}

/// Why an action has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Too many {what}. Try again in {seconds} second{}", if *seconds == 1 { "" } else { "s" })]
pub struct TooMuch {
    /// Of what.
    pub what: &'static str,
    /// When there is a token again.
    pub seconds: u64,
}

/// The person and the address behind an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Stands for the person; 0 for one of whom only the address is known.
    pub person: u64,
    /// Stands for the address.
    pub address: u64,
}

/// The buckets of all people and addresses.
pub struct Limiter {
    limits: Limits,
    /// Keyed at random, so that no client can choose two keys that collide. `None` where
    /// other servers have to come to the same keys.
    hash: Option<RandomState>,
    messages: Buckets,
    renames: Buckets,
    joins: Buckets,
    new_rooms: Buckets,
    reads: Buckets,
}

/// The buckets of one kind of action.
struct Buckets {
    what: &'static str,
    per_minute: u32,
    per_minute_of_all: u32,
    person: Option<DefaultKeyedRateLimiter<u64>>,
    address: Option<DefaultKeyedRateLimiter<u64>>,
}

impl Limiter {
    /// Buckets that are full.
    pub fn new(limits: Limits) -> Self {
        let buckets = |what, per_minute: u32| {
            let of_all = per_minute.saturating_mul(limits.people_per_address);
            Buckets {
                what,
                per_minute,
                per_minute_of_all: of_all,
                person: bucket(per_minute),
                address: bucket(of_all),
            }
        };
        Self {
            limits,
            hash: Some(RandomState::new()),
            messages: buckets("messages", limits.messages),
            renames: buckets("nicknames", limits.renames),
            joins: buckets("visits to rooms", limits.joins),
            new_rooms: buckets("new rooms", limits.new_rooms),
            reads: buckets("requests", limits.reads),
        }
    }

    /// Buckets of which several servers know the same keys.
    pub fn shared(limits: Limits) -> Self {
        Self {
            hash: None,
            ..Self::new(limits)
        }
    }

    /// The limits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The key of a person at an address.
    pub fn actor(&self, person: Option<&Person>, address: Option<IpAddr>) -> Actor {
        let address = address.map(network);
        let (address, person) = match &self.hash {
            Some(hash) => (
                hash.hash_one(address),
                person.map(|person| hash.hash_one(person)),
            ),
            None => (
                address.map_or(0, |address| everywhere("address", address)),
                person.map(|person| everywhere("person", person.digest())),
            ),
        };
        let person = person.map_or(0, |person| person.max(1));
        Actor { person, address }
    }

    /// Takes a token from the person's bucket and one from the address's.
    ///
    /// # Errors
    /// [`TooMuch`] if there is none.
    pub fn allow(&self, action: Action, actor: Actor) -> Result<(), TooMuch> {
        let buckets = self.of(action);
        let person = buckets.person.as_ref().filter(|_| actor.person != 0);
        for (bucket, key) in [
            (person, actor.person),
            (buckets.address.as_ref(), actor.address),
        ] {
            let Some(bucket) = bucket else { continue };
            let key = if bucket.len() < MAX_KEYS { key } else { 0 };
            if let Err(empty) = bucket.check_key(&key) {
                let wait = empty.wait_time_from(DefaultClock::default().now());
                return Err(self.too_much(action, wait));
            }
        }
        Ok(())
    }

    fn of(&self, action: Action) -> &Buckets {
        match action {
            Action::Message => &self.messages,
            Action::Rename => &self.renames,
            Action::Join => &self.joins,
            Action::NewRoom => &self.new_rooms,
            Action::Read => &self.reads,
        }
    }

    /// The buckets for [`Cluster::allow`](crate::cluster::Cluster::allow).
    pub(crate) fn buckets(&self, action: Action, actor: Actor) -> Vec<Bucket> {
        let of = self.of(action);
        let bucket = |kind, key: u64, per_minute| Bucket {
            key: format!("{}:{kind}:{key:016x}", of.what.replace(' ', "-")),
            per_minute,
        };
        let mut buckets = Vec::new();
        if actor.person != 0 {
            buckets.push(bucket("person", actor.person, of.per_minute));
        }
        buckets.push(bucket("address", actor.address, of.per_minute_of_all));
        buckets.retain(|bucket| bucket.per_minute > 0);
        buckets
    }

    /// What a refusal says after which there is a token again in this time.
    pub(crate) fn too_much(&self, action: Action, wait: Duration) -> TooMuch {
        let what = self.of(action).what;
        metrics::counter!("chat_limited_total", "what" => what).increment(1);
        TooMuch {
            what,
            seconds: wait.as_secs() + 1,
        }
    }

    /// Forgets the buckets that are full again.
    pub fn tidy(&self) {
        for buckets in [
            &self.messages,
            &self.renames,
            &self.joins,
            &self.new_rooms,
            &self.reads,
        ] {
            for bucket in [&buckets.person, &buckets.address].into_iter().flatten() {
                bucket.retain_recent();
                bucket.shrink_to_fit();
            }
        }
    }

    /// How often [`Limiter::tidy`] is due: a bucket is full again after a minute.
    pub const TIDY: Duration = Duration::from_secs(60);
}

fn bucket(per_minute: u32) -> Option<DefaultKeyedRateLimiter<u64>> {
    let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
    Some(RateLimiter::keyed(quota))
}

/// A number that each server of a chat finds for the same thing.
fn everywhere(kind: &str, of: impl Display) -> u64 {
    let hash = Sha1::digest(format!("{kind} {of}"));
    u64::from_be_bytes(hash[..8].try_into().expect("SHA-1 has 20 bytes"))
}

/// The part of an address that one customer of a network has: an IPv4 address, or an IPv6 network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Limits = Limits {
        messages: 3,
        people_per_address: 2,
        ..Limits::NONE
    };

    fn actor(limiter: &Limiter, person: &str, address: &str) -> Actor {
        let person = Person::Secret(person.into());
        limiter.actor(Some(&person), Some(address.parse().unwrap()))
    }

    fn said(limiter: &Limiter, actor: Actor) -> usize {
        let all = 0..20;
        all.take_while(|_| limiter.allow(Action::Message, actor).is_ok())
            .count()
    }

    #[test]
    fn a_person_has_a_bucket_and_so_has_an_address() {
        let limiter = Limiter::new(FEW);
        let [ann, bob, cy] =
            ["ann", "bob", "cy"].map(|it| actor(&limiter, it, "10.0.0.1"));
        assert_eq!(said(&limiter, ann), 3);
        let refused = limiter.allow(Action::Message, ann).unwrap_err();
        assert!((1..=21).contains(&refused.seconds), "{refused}");
        assert_eq!(
            said(&limiter, bob),
            3,
            "Ann's refusals cost the address nothing"
        );
        assert_eq!(said(&limiter, cy), 0, "two at this address have said all");
        let elsewhere = actor(&limiter, "dan", "10.0.0.2");
        assert_eq!(said(&limiter, elsewhere), 3);
    }

    #[test]
    fn zero_is_no_limit() {
        let limiter = Limiter::new(Limits::NONE);
        let ann = actor(&limiter, "ann", "10.0.0.1");
        assert_eq!(said(&limiter, ann), 20);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let limiter = Limiter::new(FEW);
        let one = actor(&limiter, "ann", "2001:db8::1");
        assert_eq!(one, actor(&limiter, "ann", "2001:db8::ffff:1"));
        assert_ne!(one, actor(&limiter, "ann", "2001:db8:0:1::1"));
        let mapped = actor(&limiter, "ann", "::ffff:10.0.0.1");
        assert_eq!(mapped, actor(&limiter, "ann", "10.0.0.1"));
    }

    #[test]
    fn buckets_are_bounded() {
        let limiter = Limiter::new(FEW);
        for person in 1..=MAX_KEYS as u64 + 50 {
            let actor = Actor {
                person,
                address: person,
            };
            let _ = limiter.allow(Action::Message, actor);
        }
        let kept = limiter.messages.person.as_ref().unwrap().len();
        assert!(kept <= MAX_KEYS + 1, "{kept}");
    }
}
