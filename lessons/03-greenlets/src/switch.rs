//! Explicit switching: a greenlet says who goes on next (slide 7, "we specify when the
//! code runs").
//!
//! The crate `generator` gives a function a stack of its own, and a way to leave it in
//! the middle: back to whoever resumed it, and nowhere else. That is an *asymmetric*
//! switch. A greenlet's is *symmetric*: it names the one that goes on. The step from one
//! to the other is a loop: each greenlet hands the name of the next one back to [`run`].

use generator::{Gn, LocalGenerator};

/// A greenlet's number: its place in the list that [`run`] was given.
pub type Id = usize;

/// What a greenlet does. It is given a [`Switch`], by which it goes elsewhere.
pub type Body<'a> = Box<dyn FnOnce(Switch<'_>) + 'a>;

/// The way out of a greenlet.
pub struct Switch<'s>(&'s mut dyn FnMut(Id));

impl Switch<'_> {
    /// Stops here, and lets another greenlet go on where *it* stopped. Returns when
    /// somebody switches back.
    pub fn to(&mut self, other: Id) {
        (self.0)(other);
    }
}

// ANCHOR: run
/// Runs the greenlets, beginning with the first, until one of them ends. Whoever has
/// stopped somewhere by then stays there for ever.
///
/// # Panics
/// When a greenlet switches to a number that no greenlet has.
pub fn run(bodies: Vec<Body<'_>>) {
    let mut greenlets: Vec<LocalGenerator<'_, (), Id>> = bodies
        .into_iter()
        .map(|body| {
            Gn::new_scoped_local(move |mut scope| {
                body(Switch(&mut |other| scope.yield_with(other)));
                generator::done!()
            })
        })
        .collect();
    let mut current = 0;
    // `resume` goes on in a greenlet until it stops: then it gives what that has yielded,
    // or `None` at its end.
    while let Some(next) = greenlets[current].resume() {
        current = next;
    }
}
// ANCHOR_END: run
