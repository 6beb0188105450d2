//! A small interpreter, so that the lock has something to guard.
//!
//! A program is a list of instructions for a machine with one stack of numbers. It runs
//! with a [`Gil`] or without one. With it, the interpreter hands the lock over between two
//! instructions when another thread has requested it, and releases it around instructions
//! that wait or that run native code.

use std::thread;
use std::time::Duration;

use crate::gil::Gil;

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Pushes a number onto the stack.
    Push(i64),
    /// Replaces the two numbers on top with their sum.
    Add,
    /// Removes the number on top.
    Drop,
    /// Subtracts 1 from the number on top. At 0 it removes the number; otherwise it jumps
    /// to the instruction with this index.
    Loop(usize),
    /// Waits without the lock, as for a network.
    Wait(Duration),
    /// Computes for that many rounds outside the interpreter, without the lock, like a C
    /// extension that releases it ("nogil").
    Native(u64),
}

/// Why a program cannot continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It pops from an empty stack.
    StackEmpty,
    /// It jumps past its end.
    NoSuchInstruction,
}

/// Returns a CPU-bound program: it counts down from `rounds`, with one addition per round.
pub fn busy(rounds: i64) -> Vec<Op> {
    vec![
        Op::Push(rounds),
        Op::Push(1),
        Op::Push(1),
        Op::Add,
        Op::Drop,
        Op::Loop(1),
    ]
}

/// Returns a program that calls native code `pieces` times, for `rounds` each.
pub fn native(pieces: i64, rounds: u64) -> Vec<Op> {
    vec![Op::Push(pieces), Op::Native(rounds), Op::Loop(1)]
}

/// Returns an I/O-bound program: it waits `times` times.
pub fn waiting(times: i64, each: Duration) -> Vec<Op> {
    vec![Op::Push(times), Op::Wait(each), Op::Loop(1)]
}

/// Returns a program that does both, `times` times: counts down from `rounds`, then waits.
pub fn mixed(times: i64, rounds: i64, each: Duration) -> Vec<Op> {
    let count_down = [
        Op::Push(rounds),
        Op::Push(1),
        Op::Push(1),
        Op::Add,
        Op::Drop,
        Op::Loop(2),
    ];
    [
        &[Op::Push(times)][..],
        &count_down,
        &[Op::Wait(each), Op::Loop(1)],
    ]
    .concat()
}

/// Runs a program and returns how many instructions it executed.
///
/// # Errors
/// Returns an error if the program pops from an empty stack or jumps past its end.
// ANCHOR: start
pub fn run(program: &[Op], gil: Option<&Gil>) -> Result<u64, Fault> {
    let mut held = gil.map(Gil::acquire);
    let (mut stack, mut at, mut steps) = (Vec::new(), 0, 0);
    while let Some(op) = program.get(at) {
        if let Some(held) = &mut held {
            held.yield_if_requested();
        }
        at += 1;
        steps += 1;
        // ANCHOR: run
        match *op {
            Op::Push(number) => stack.push(number),
            // ANCHOR_END: start
            Op::Add => {
                let (a, b) = (pop(&mut stack)?, pop(&mut stack)?);
                stack.push(a.wrapping_add(b));
            }
            Op::Drop => drop(pop(&mut stack)?),
            Op::Loop(to) => {
                let left = pop(&mut stack)? - 1;
                if left > 0 {
                    stack.push(left);
                    at = to;
                    if to >= program.len() {
                        return Err(Fault::NoSuchInstruction);
                    }
                }
            }
            Op::Wait(time) => match &mut held {
                Some(held) => held.without(|| thread::sleep(time)),
                None => thread::sleep(time),
            },
            Op::Native(rounds) => drop(std::hint::black_box(match &mut held {
                Some(held) => held.without(|| compute(rounds)),
                None => compute(rounds),
            })),
        }
        // ANCHOR_END: run
    }
    Ok(steps)
}

fn pop(stack: &mut Vec<i64>) -> Result<i64, Fault> {
    stack.pop().ok_or(Fault::StackEmpty)
}

/// Keeps a core busy with work that the compiler cannot compute in advance.
pub fn compute(rounds: u64) -> u64 {
    let mut number = std::hint::black_box(rounds | 1);
    for _ in 0..rounds {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    std::hint::black_box(number)
}
