//! Caught by: the_kernel_is_asked_for_every_interest
//!
//! The misconception: the kernel is asked for what the last coroutine wants.

/// The readiness that a coroutine waits for, or that has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// There is something to read, or a connection to accept.
    pub read: bool,
    /// There is room to write, or a connection is established.
    pub write: bool,
}

/// The coroutines that wait, and what each of them waits for.
#[derive(Debug)]
pub struct WaitTable<W> {
    entries: Vec<Entry<W>>,
}

#[derive(Debug)]
struct Entry<W> {
    fd: i32,
    interest: Interest,
    deadline: Option<u64>,
    who: W,
}

impl<W: Copy + Eq> Default for WaitTable<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Copy + Eq> WaitTable<W> {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Makes an entry: `who` waits for `interest` at this descriptor, until `deadline`
    /// (in milliseconds) or, if that is `None`, forever.
    pub fn join(
        &mut self,
        fd: i32,
        interest: Interest,
        deadline: Option<u64>,
        who: W,
    ) {
        let new = Entry {
            fd,
            interest,
            deadline,
            who,
        };
        let mut entries = self.entries.iter_mut();
        match entries.find(|entry| entry.fd == fd && entry.who == who) {
            Some(old) => *old = new,
            None => self.entries.push(new),
        }
    }

    /// Returns everything that any coroutine waits for at this descriptor.
    pub fn interest(&self, fd: i32) -> Interest {
        let mut all = Interest::default();
        for entry in self.entries.iter().filter(|entry| entry.fd == fd) {
            all = entry.interest;
        }
        all
    }

    /// Removes the entries that wait for anything of `arrived` at this descriptor.
    pub fn ready(&mut self, fd: i32, arrived: Interest) -> Vec<W> {
        let removed = self.remove(|entry| {
            let wanted = entry.interest;
            entry.fd == fd
                && (wanted.read && arrived.read || wanted.write && arrived.write)
        });
        names(&removed)
    }

    /// Removes the entry of `who` at this descriptor, if there is one.
    pub fn leave(&mut self, fd: i32, who: W) {
        self.entries
            .retain(|entry| entry.fd != fd || entry.who != who);
    }

    /// Removes all entries at this descriptor.
    pub fn close(&mut self, fd: i32) -> Vec<W> {
        names(&self.remove(|entry| entry.fd == fd))
    }

    /// Returns the earliest deadline, if any entry has one.
    pub fn next_deadline(&self) -> Option<u64> {
        self.entries.iter().filter_map(|entry| entry.deadline).min()
    }

    /// Removes the entries whose deadline is `now` or earlier.
    pub fn expire(&mut self, now: u64) -> Vec<W> {
        let mut removed =
            self.remove(|entry| entry.deadline.is_some_and(|deadline| deadline <= now));
        removed.sort_by_key(|entry| entry.deadline);
        names(&removed)
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the entries for which `goes` returns `true`; both parts stay in order.
    fn remove(&mut self, goes: impl Fn(&Entry<W>) -> bool) -> Vec<Entry<W>> {
        self.entries
            .extract_if(.., |entry| goes(entry))
            .collect()
    }
}

fn names<W: Copy>(entries: &[Entry<W>]) -> Vec<W> {
    entries.iter().map(|entry| entry.who).collect()
}
