//! Starting coroutines and joining them: `gevent.spawn`, `joinall`, and a greenlet that
//! is a class.

use std::any::Any;
use std::io;

use may::coroutine::{Builder, JoinHandle};
use may::go;

// ANCHOR: join_all
/// Waits for all coroutines and returns their results, in the order of the handles. The
/// result of one that panicked is the panic's message.
pub fn join_all<T>(handles: Vec<JoinHandle<T>>) -> Vec<Result<T, String>> {
    handles
        .into_iter()
        .map(|handle| handle.join().map_err(|panic| reason(&*panic)))
        .collect()
}
// ANCHOR_END: join_all

// ANCHOR: reason
/// Returns the message of a panic.
pub fn reason(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "something else".to_owned(),
    }
}
// ANCHOR_END: reason

/// A greenlet with its own state. In gevent it is a class that inherits from `Greenlet`
/// and has a method `_run`; here it is a value with a method that consumes it.
#[derive(Debug)]
pub struct Brewer {
    /// What it makes.
    pub kind: String,
    /// The number of cups.
    pub cups: u32,
}

impl Brewer {
    // ANCHOR: object
    /// Makes the cups one by one, and lets other coroutines run in between.
    pub fn run(self) -> Vec<String> {
        (1..=self.cups)
            .map(|cup| {
                may::coroutine::yield_now();
                format!("{} {cup}", self.kind)
            })
            .collect()
    }
    // ANCHOR_END: object

    // ANCHOR: start
    /// Starts the coroutine under its name.
    ///
    /// # Errors
    /// When there is no memory for its stack.
    pub fn start(self) -> io::Result<JoinHandle<Vec<String>>> {
        let name = self.kind.clone();
        go!(Builder::new().name(name), move || self.run())
    }
    // ANCHOR_END: start
}
