//! # Each in its turn
//!
//! A scheduler in a few lines: several generators, each of which yields numbers. Resume
//! them in turn, the first, the second, and so on, then the first again, and collect what
//! they yield. One that has ended (`resume` gives `None`) is left out from then on and
//! never resumed again. Go on until all have ended.
//!
//! Try it: `cargo test --test ex03_turns`

use generator::LocalGenerator;

/// What the generators yield, taken in turns.
pub fn in_turns(tasks: Vec<LocalGenerator<'_, (), u32>>) -> Vec<u32> {
    todo!("exercise ex03_turns: {} generators in turn", tasks.len())
}
