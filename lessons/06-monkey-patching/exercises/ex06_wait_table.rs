//! # The wait table
//!
//! Somebody has to know who waits for what. Write the table that the hub keeps: for each
//! descriptor the coroutines that wait for it, in the order in which they came. `W` is
//! whatever names a coroutine.
//!
//! - `join` adds one. The same coroutine may wait for several descriptors (as in `poll`),
//!   but not twice for one: a second `join` of the same descriptor replaces what it waits
//!   for, and it keeps its place in the row.
//! - `interest` says what the kernel has to be asked for: everything that somebody waits
//!   for at this descriptor.
//! - `ready` takes out those who wait for what has come, first come first, and gives
//!   them. The others stay.
//! - `leave` takes one out whose time is over.
//! - `close` takes out all: the descriptor is gone, its number will be somebody else's.
//! - `len` counts the places: nothing may be left behind when everybody has gone.
//!
//! Try it: `cargo test --test ex06_wait_table`

/// What one waits for, or what has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// To read, or to accept.
    pub read: bool,
    /// To write, or to be connected.
    pub write: bool,
}

/// Who waits for what.
#[derive(Debug)]
pub struct WaitTable<W> {
    // What do you need here?
    _waiting: Vec<W>,
}

impl<W: Copy + Eq> Default for WaitTable<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Copy + Eq> WaitTable<W> {
    /// A table in which nobody waits.
    pub fn new() -> Self {
        todo!("exercise ex06_wait_table")
    }

    /// `who` waits for `interest` at this descriptor.
    pub fn join(&mut self, fd: i32, interest: Interest, who: W) {
        let _ = (fd, interest, who);
        todo!("exercise ex06_wait_table")
    }

    /// Everything that somebody waits for at this descriptor.
    pub fn interest(&self, fd: i32) -> Interest {
        let _ = fd;
        todo!("exercise ex06_wait_table")
    }

    /// Takes out those who wait for something of `come` at this descriptor.
    pub fn ready(&mut self, fd: i32, come: Interest) -> Vec<W> {
        let _ = (fd, come);
        todo!("exercise ex06_wait_table")
    }

    /// `who` does not wait at this descriptor any more.
    pub fn leave(&mut self, fd: i32, who: W) {
        let _ = (fd, who);
        todo!("exercise ex06_wait_table")
    }

    /// The descriptor is gone: takes out all who wait at it.
    pub fn close(&mut self, fd: i32) -> Vec<W> {
        let _ = fd;
        todo!("exercise ex06_wait_table")
    }

    /// How many places are taken, at all descriptors.
    pub fn len(&self) -> usize {
        todo!("exercise ex06_wait_table")
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
