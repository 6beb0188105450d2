//! An actor: a coroutine with an inbox, whose state no other coroutine can reach.

use may::coroutine::JoinHandle;
use may::go;
use may::sync::mpsc::{Receiver, Sender, channel};

/// A stroke in a game of ping-pong, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// To the second player.
    Ping(u32),
    /// And back.
    Pong(u32),
}

impl Stroke {
    fn number(self) -> u32 {
        match self {
            Self::Ping(number) | Self::Pong(number) => number,
        }
    }

    /// The stroke that answers this one.
    fn answer(self) -> Self {
        match self {
            Self::Ping(number) => Self::Pong(number + 1),
            Self::Pong(number) => Self::Ping(number + 1),
        }
    }
}

// ANCHOR: actor
/// Starts a player. It answers each stroke in its inbox up to number `last`, and returns
/// the strokes that it has received.
fn player(
    to: Sender<Stroke>,
    inbox: Receiver<Stroke>,
    last: u32,
) -> JoinHandle<Vec<Stroke>> {
    go!(move || {
        let mut received = Vec::new();
        for stroke in &inbox {
            received.push(stroke);
            if stroke.number() < last && to.send(stroke.answer()).is_err() {
                break;
            }
            if stroke.number() + 1 >= last {
                break;
            }
        }
        received
    })
}
// ANCHOR_END: actor

/// Lets two players exchange `strokes` strokes. Returns what each of them received.
pub fn ping_pong(strokes: u32) -> Option<(Vec<Stroke>, Vec<Stroke>)> {
    let (to_ann, ann) = channel();
    let (to_bob, bob) = channel();
    let ann = player(to_bob.clone(), ann, strokes);
    let bob = player(to_ann, bob, strokes);
    to_bob.send(Stroke::Ping(1)).ok()?;
    drop(to_bob);
    Some((ann.join().ok()?, bob.join().ok()?))
}
