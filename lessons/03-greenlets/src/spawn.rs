//! Starting coroutines and waiting for them: `gevent.spawn`, `joinall`, and a greenlet as
//! a class.

use std::io;

use may::coroutine::{Builder, JoinHandle};
use may::go;

// ANCHOR: join_all
/// Waits for all, and gives what they returned, in their order; for one that panicked,
/// why.
pub fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<Result<T, String>> {
    handles
        .into_iter()
        .map(|handle| handle.join().map_err(|panic| reason(&*panic)))
        .collect()
}
// ANCHOR_END: join_all

/// What a panic was about.
pub fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "something else".to_owned(),
    }
}

// ANCHOR: object
/// A greenlet with a state of its own. In gevent it is a class that inherits from
/// `Greenlet` and has a method `_run`; here it is a value with a method that consumes it.
#[derive(Debug)]
pub struct Brewer {
    /// What it makes.
    pub kind: String,
    /// How many cups.
    pub cups: u32,
}

impl Brewer {
    /// Does the work, in turns with others.
    pub fn run(self) -> Vec<String> {
        (1..=self.cups)
            .map(|cup| {
                may::coroutine::yield_now();
                format!("{} {cup}", self.kind)
            })
            .collect()
    }

    /// Starts it under its name.
    ///
    /// # Errors
    /// When there is no memory for its stack.
    pub fn start(self) -> io::Result<JoinHandle<Vec<String>>> {
        let name = self.kind.clone();
        go!(Builder::new().name(name), move || self.run())
    }
}
// ANCHOR_END: object
