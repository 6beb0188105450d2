//! Caught by: who_joins_again_keeps_one_place
//!
//! The misconception: to join again is to wait twice.

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
    waiting: Vec<(i32, Interest, W)>,
}

impl<W: Copy + Eq> Default for WaitTable<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Copy + Eq> WaitTable<W> {
    /// A table in which nobody waits.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }

    /// `who` waits for `interest` at this descriptor.
    pub fn join(&mut self, fd: i32, interest: Interest, who: W) {
        match self
            .waiting
            .iter_mut()
            .find(|(at, _, waiter)| *at == fd && *waiter == who)
        {
            Some(_) => self.waiting.push((fd, interest, who)),
            None => self.waiting.push((fd, interest, who)),
        }
    }

    /// Everything that somebody waits for at this descriptor.
    pub fn interest(&self, fd: i32) -> Interest {
        let mut all = Interest::default();
        for (_, interest, _) in self.waiting.iter().filter(|(at, ..)| *at == fd) {
            all.read |= interest.read;
            all.write |= interest.write;
        }
        all
    }

    /// Takes out those who wait for something of `come` at this descriptor.
    pub fn ready(&mut self, fd: i32, come: Interest) -> Vec<W> {
        self.take(|at, interest| {
            at == fd && (interest.read && come.read || interest.write && come.write)
        })
    }

    /// `who` does not wait at this descriptor any more.
    pub fn leave(&mut self, fd: i32, who: W) {
        self.waiting
            .retain(|(at, _, waiter)| *at != fd || *waiter != who);
    }

    /// The descriptor is gone: takes out all who wait at it.
    pub fn close(&mut self, fd: i32) -> Vec<W> {
        self.take(|at, _| at == fd)
    }

    /// How many places are taken, at all descriptors.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take(&mut self, leaves: impl Fn(i32, Interest) -> bool) -> Vec<W> {
        let gone = self
            .waiting
            .extract_if(.., |(at, interest, _)| leaves(*at, *interest));
        gone.map(|(_, _, who)| who).collect()
    }
}
