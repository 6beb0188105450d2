//! The log: what a bus forgets, a log keeps. Entries are added at the end, each with an
//! id, and a reader that was away goes on from the last id that it has read.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};

use super::{Bus, BusError};

/// A bus with a log beside its channels, and with values that expire.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use cluster::bus::{Entry, Followed, Log, MemoryBus};
///
/// let bus = MemoryBus::new();
/// let (ann, bob) = (bus.connect("ann"), bus.connect("bob"));
/// let mut follower = bob.follow();
/// let Some(Followed::At(start)) = follower.next().await else { panic!() };
///
/// bob.cut();
/// ann.append(Entry::new([("say", "the tea is ready")]))?;
/// assert_eq!(follower.next().await, Some(Followed::Away));
/// bob.mend();
/// assert_eq!(follower.next().await, Some(Followed::Back));
/// // Bob was away, and has missed nothing.
/// let Some(Followed::Entry(id, entry)) = follower.next().await else { panic!() };
/// assert!(id > start);
/// assert_eq!(entry.text("say"), Some("the tea is ready"));
/// # Ok::<(), cluster::bus::BusError>(())
/// # }).unwrap();
/// ```
// ANCHOR: log
pub trait Log: Bus {
    /// Queues an entry for the end of the log. It never waits. While the connection is
    /// lost, the entry stays in the queue.
    ///
    /// # Errors
    /// The queue is full.
    fn append(&self, entry: Entry) -> Result<(), BusError>;

    /// Follows the log from its present end. A follower receives its own server's entries,
    /// too.
    fn follow(&self) -> Follower;

    /// Returns at most `most` entries from this id on, in order. The first has this very
    /// id, unless the log no longer has it.
    fn read(
        &self,
        from: EntryId,
        most: usize,
    ) -> BoxFuture<'_, Result<Entries, BusError>>;

    /// Queues a value to be kept under a key for this long.
    ///
    /// # Errors
    /// The queue is full.
    fn keep(&self, key: &str, value: Bytes, period: Duration) -> Result<(), BusError>;

    /// Takes a value out. Of two servers that ask at once, only one gets it.
    fn take(&self, key: &str) -> BoxFuture<'_, Result<Option<Bytes>, BusError>>;

    /// Waits until everything that is queued now has been written: before a process ends.
    fn flush(&self) -> BoxFuture<'_, ()>;
}
// ANCHOR_END: log

/// So that an application can keep a handle to the log that its adapters use.
impl<L: Log> Log for Arc<L> {
    fn append(&self, entry: Entry) -> Result<(), BusError> {
        (**self).append(entry)
    }

    fn follow(&self) -> Follower {
        (**self).follow()
    }

    fn read(
        &self,
        from: EntryId,
        most: usize,
    ) -> BoxFuture<'_, Result<Entries, BusError>> {
        (**self).read(from, most)
    }

    fn keep(&self, key: &str, value: Bytes, period: Duration) -> Result<(), BusError> {
        (**self).keep(key, value, period)
    }

    fn take(&self, key: &str) -> BoxFuture<'_, Result<Option<Bytes>, BusError>> {
        (**self).take(key)
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        (**self).flush()
    }
}

/// The place of an entry in a log. A later entry has a larger id. Written `12-0`, as Redis
/// does: a time in milliseconds, and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    /// The time.
    pub millis: u64,
    /// The number.
    pub number: u64,
}

impl EntryId {
    /// Returns the smallest id after this one.
    #[must_use]
    pub fn next(self) -> Self {
        let Self { millis, number } = self;
        match number.checked_add(1) {
            Some(number) => Self { millis, number },
            None => Self {
                millis: millis.saturating_add(1),
                number: 0,
            },
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// A text is not an [`EntryId`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an entry")]
pub struct InvalidEntryId;

impl From<ParseIntError> for InvalidEntryId {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

impl FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (millis, number) = text.split_once('-').ok_or(InvalidEntryId)?;
        // `parse` would accept a sign.
        if !digits(millis) || !digits(number) {
            return Err(InvalidEntryId);
        }
        Ok(Self {
            millis: millis.parse()?,
            number: number.parse()?,
        })
    }
}

/// Entries of a log, with their ids.
pub type Entries = Vec<(EntryId, Arc<Entry>)>;

/// An entry of a log: named fields, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The fields.
    pub fields: Vec<(String, Bytes)>,
}

impl Entry {
    /// Returns an entry with these fields.
    pub fn new<K: Into<String>, V: Into<Bytes>>(
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let fields = fields.into_iter();
        Self {
            fields: fields
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        }
    }

    /// Returns the first field of this name, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(key, _)| key == name)?;
        str::from_utf8(value).ok()
    }

    /// Returns how many bytes the fields have.
    pub fn size(&self) -> usize {
        let sizes = self
            .fields
            .iter()
            .map(|(key, value)| key.len() + value.len());
        sizes.sum()
    }
}

/// Something that a [`Follower`] receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// From here on the log is followed: comes first, and again if the log that is there
    /// after a loss of the connection is not the one of before.
    At(EntryId),
    /// The next entry.
    Entry(EntryId, Arc<Entry>),
    /// The connection is gone.
    Away,
    /// The connection is back. The entries in between follow.
    Back,
}

/// A reader of a log. Dropping it ends the reading.
pub struct Follower(BoxStream<'static, Followed>);

impl Follower {
    /// Returns a follower that receives these items: for your own kind of log.
    pub fn new(items: impl Stream<Item = Followed> + Send + 'static) -> Self {
        Self(items.boxed())
    }

    /// Waits for the next item. Returns `None` after the end of the log.
    ///
    /// Cancel-safe if the stream that it was made of is.
    pub async fn next(&mut self) -> Option<Followed> {
        self.0.next().await
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_by_number_not_by_text() {
        let id = |text: &str| text.parse::<EntryId>().unwrap();
        assert!(id("9-0") < id("10-0") && id("10-9") < id("10-10"));
        assert_eq!(id("7-8").next(), id("7-9"));
        assert_eq!(id("7-18446744073709551615").next(), id("8-0"));
        assert_eq!(id("7-8").to_string(), "7-8");
        for text in [
            "",
            "7",
            "-",
            "7-",
            "-7",
            "+7-0",
            "7-0-0",
            "7-x",
            "99999999999999999999-0",
        ] {
            assert_eq!(text.parse::<EntryId>(), Err(InvalidEntryId), "{text}");
        }
    }
}
