//! An actor: a coroutine with an inbox, and nobody else touches what it owns.

use may::coroutine::JoinHandle;
use may::go;
use may::sync::mpsc::{Sender, channel};

/// A move in a game of ping-pong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// To the second player.
    Ping(u32),
    /// And back.
    Pong(u32),
}

// ANCHOR: actor
/// Starts a player. It answers what comes into its inbox, until a ball is `last` or all
/// who know its inbox are gone; and tells the strokes that it saw.
fn player(
    answer: Sender<Stroke>,
    inbox: may::sync::mpsc::Receiver<Stroke>,
    last: u32,
) -> JoinHandle<Vec<Stroke>> {
    go!(move || {
        let mut seen = Vec::new();
        for stroke in &inbox {
            seen.push(stroke);
            let (number, next) = match stroke {
                Stroke::Ping(number) => (number, Stroke::Pong(number + 1)),
                Stroke::Pong(number) => (number, Stroke::Ping(number + 1)),
            };
            if number >= last || answer.send(next).is_err() || number + 1 >= last {
                break;
            }
        }
        seen
    })
}

/// Two players, `strokes` strokes: what each of them saw.
pub fn ping_pong(strokes: u32) -> Option<(Vec<Stroke>, Vec<Stroke>)> {
    let (to_ann, ann) = channel();
    let (to_bob, bob) = channel();
    let ann = player(to_bob.clone(), ann, strokes);
    let bob = player(to_ann, bob, strokes);
    to_bob.send(Stroke::Ping(1)).ok()?;
    drop(to_bob);
    Some((ann.join().ok()?, bob.join().ok()?))
}
// ANCHOR_END: actor
