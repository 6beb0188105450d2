//! Explicit switching: a greenlet names the one that runs next (slide 7, "we specify when
//! the code runs").
//!
//! The crate `generator` gives a function its own stack and a way to leave it in the
//! middle: back to the function that resumed it, and nowhere else. That is an
//! *asymmetric* switch. A greenlet's switch is *symmetric*: it goes to any greenlet. The
//! step from one to the other is a loop: each greenlet yields the name of the next one to
//! [`run`].

use generator::{Gn, LocalGenerator};

/// A greenlet's number: its index in the list that [`run`] was given.
pub type Id = usize;

/// The body of a greenlet. Its [`Switch`] lets it switch to others.
pub type Body<'a> = Box<dyn FnOnce(Switch<'_>) + 'a>;

/// A greenlet's way to switch to another one.
pub struct Switch<'s>(&'s mut dyn FnMut(Id));

impl Switch<'_> {
    /// Stops here and resumes another greenlet where *it* stopped. Returns when one of
    /// them switches back.
    pub fn to(&mut self, other: Id) {
        (self.0)(other);
    }
}

/// Runs the greenlets, starting with the first, until one of them ends. The others stay
/// where they have stopped, and are dropped.
///
/// # Panics
/// When a greenlet switches to a number that no greenlet has.
pub fn run(bodies: Vec<Body<'_>>) {
    let mut greenlets: Vec<LocalGenerator<'_, (), Id>> =
        bodies.into_iter().map(greenlet).collect();
    // ANCHOR: run
    let mut current = 0;
    while let Some(next) = greenlets[current].resume() {
        current = next;
    }
    // ANCHOR_END: run
}

/// Makes a generator of a body: `Switch::to` yields the number of the next greenlet.
fn greenlet(body: Body<'_>) -> LocalGenerator<'_, (), Id> {
    Gn::new_scoped_local(move |mut scope| {
        body(Switch(&mut |other| scope.yield_with(other)));
        generator::done!()
    })
}
