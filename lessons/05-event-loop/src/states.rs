//! An `async fn`, and the state machine that the compiler makes of it, written by hand.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

// ANCHOR: async_fn
/// A future whose type is not known here: it is behind a pointer.
pub type Answer = Pin<Box<dyn Future<Output = String>>>;

/// Waits for Ann's answer, and then for Bob's.
pub async fn ask_both(ann: Answer, bob: Answer) -> String {
    let first = ann.await;
    let second = bob.await;
    format!("{first}, and {second}")
}
// ANCHOR_END: async_fn

// ANCHOR: machine
/// [`ask_both`] as the compiler sees it: one variant for each place where it can stop.
pub enum AskBoth {
    /// Not started, or stopped at the first `await`: Ann's future, and Bob's for later.
    Ann(Answer, Answer),
    /// Stopped at the second `await`: the local variable `first`, and Bob's future.
    Bob(String, Answer),
    /// It has returned.
    Done,
}

impl Future for AskBoth {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        loop {
            match mem::replace(&mut *self, AskBoth::Done) {
                AskBoth::Ann(mut ann, bob) => match ann.as_mut().poll(context) {
                    Poll::Ready(first) => *self = AskBoth::Bob(first, bob),
                    Poll::Pending => {
                        *self = AskBoth::Ann(ann, bob);
                        return Poll::Pending;
                    }
                },
                AskBoth::Bob(first, mut bob) => match bob.as_mut().poll(context) {
                    Poll::Ready(second) => {
                        return Poll::Ready(format!("{first}, and {second}"));
                    }
                    Poll::Pending => {
                        *self = AskBoth::Bob(first, bob);
                        return Poll::Pending;
                    }
                },
                AskBoth::Done => panic!("polled again after it was ready"),
            }
        }
    }
}
// ANCHOR_END: machine
