//! # A queue that can be closed
//!
//! A queue between coroutines with a bound and an end.
//!
//! - `put` waits while the queue is full, `take` while it is empty. What is put in first
//!   comes out first.
//! - `close` ends it: from then on `put` gives the thing back. `take` still gives what is
//!   in the queue, and then `None`.
//! - Whoever waits when it is closed goes on at once.
//!
//! Only coroutines may be put to sleep, never the thread under them: use what `may::sync`
//! has.
//!
//! Try it: `cargo test --test ex03_bounded`

/// A queue for a few things at a time.
pub struct Bounded<T> {
    places: usize,
    // Yours.
    things: std::marker::PhantomData<T>,
}

impl<T> Bounded<T> {
    /// A queue for `places` things, 1 at least.
    pub fn new(places: usize) -> Self {
        Self {
            places,
            things: std::marker::PhantomData,
        }
    }

    /// Puts something in. Waits while the queue is full.
    ///
    /// # Errors
    /// The thing itself, when the queue is closed.
    pub fn put(&self, thing: T) -> Result<(), T> {
        let _ = thing;
        todo!("exercise ex03_bounded: a queue with {} places", self.places)
    }

    /// Takes what is first. Waits while the queue is empty; `None` when it is closed,
    /// too.
    pub fn take(&self) -> Option<T> {
        todo!("exercise ex03_bounded: what is first?")
    }

    /// Ends it.
    pub fn close(&self) {
        todo!("exercise ex03_bounded: who waits?")
    }
}
