//! # The wait table
//!
//! Write the table behind the hub: for each descriptor, the coroutines that wait for it
//! and how long each will wait. `W` is whatever identifies a coroutine. An *entry* is one
//! coroutine waiting for one descriptor. Entries have an order: the order in which they
//! were made.
//!
//! - `join` makes an entry. A coroutine can wait for several descriptors (as in `poll`),
//!   and then has several entries, but it has at most one per descriptor: joining the
//!   same descriptor again *replaces* the entry's interest and deadline and keeps its
//!   place in the order.
//! - `interest` returns what to ask the kernel for: everything that any coroutine waits
//!   for at this descriptor.
//! - `ready` removes the entries at this descriptor that wait for anything that has
//!   arrived, and returns their coroutines in order. An entry that waits for reading and
//!   writing is removed by either. All other entries stay, in order, also those of the
//!   same coroutine at other descriptors.
//! - `leave` removes one entry.
//! - `close` removes all entries at this descriptor and returns their coroutines in
//!   order. The kernel will soon reuse its number for another connection.
//! - `next_deadline` returns the earliest deadline in the table: the hub sets its timer
//!   to it.
//! - `expire` removes the entries whose deadline is `now` or earlier and returns their
//!   coroutines, earliest deadline first; entries with the same deadline in order. An
//!   entry without a deadline never expires.
//! - `len` returns the number of entries.
//!
//! Try it: `cargo test --test ex06_wait_table`

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
    // Replace this field with what you need.
    _entries: Vec<W>,
}

impl<W: Copy + Eq> Default for WaitTable<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Copy + Eq> WaitTable<W> {
    /// Creates an empty table.
    pub fn new() -> Self {
        todo!("exercise ex06_wait_table")
    }

    /// Makes an entry: `who` waits for `interest` at this descriptor, until `deadline`
    /// (in milliseconds) or, if that is `None`, forever.
    pub fn join(&mut self, fd: i32, interest: Interest, deadline: Option<u64>, who: W) {
        // Lines like this one only silence the compiler: delete them.
        let _ = (fd, interest, deadline, who);
        todo!("exercise ex06_wait_table")
    }

    /// Returns everything that any coroutine waits for at this descriptor.
    pub fn interest(&self, fd: i32) -> Interest {
        let _ = fd;
        todo!("exercise ex06_wait_table")
    }

    /// Removes the entries that wait for anything of `arrived` at this descriptor.
    pub fn ready(&mut self, fd: i32, arrived: Interest) -> Vec<W> {
        let _ = (fd, arrived);
        todo!("exercise ex06_wait_table")
    }

    /// Removes the entry of `who` at this descriptor, if there is one.
    pub fn leave(&mut self, fd: i32, who: W) {
        let _ = (fd, who);
        todo!("exercise ex06_wait_table")
    }

    /// Removes all entries at this descriptor.
    pub fn close(&mut self, fd: i32) -> Vec<W> {
        let _ = fd;
        todo!("exercise ex06_wait_table")
    }

    /// Returns the earliest deadline, if any entry has one.
    pub fn next_deadline(&self) -> Option<u64> {
        todo!("exercise ex06_wait_table")
    }

    /// Removes the entries whose deadline is `now` or earlier.
    pub fn expire(&mut self, now: u64) -> Vec<W> {
        let _ = now;
        todo!("exercise ex06_wait_table")
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        todo!("exercise ex06_wait_table")
    }

    /// Returns whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
